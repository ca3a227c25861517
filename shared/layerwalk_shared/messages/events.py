"""What has changed, numbered."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from layerwalk_shared.graph import Frozen, NonNegative, Positive
from layerwalk_shared.messages.edits import EditedNode
from layerwalk_shared.messages.jobs import Job
from layerwalk_shared.messages.networks import NetworkSummary
from layerwalk_shared.messages.snapshots import SnapshotManifest
from layerwalk_shared.training import MetricPoint, TrainingStep


class SnapshotTaken(Frozen):
    kind: Literal["snapshot-taken"] = "snapshot-taken"
    number: Positive
    manifest: SnapshotManifest


class SnapshotsDropped(Frozen):
    kind: Literal["snapshots-dropped"] = "snapshots-dropped"
    number: Positive
    snapshots: tuple[str, ...]


class JobChanged(Frozen):
    kind: Literal["job-changed"] = "job-changed"
    number: Positive
    job: Job


class NetworkAdded(Frozen):
    kind: Literal["network-added"] = "network-added"
    number: Positive
    network: NetworkSummary


class NetworkChanged(Frozen):
    """The graph of a network is another one (traced again, a view set): load it anew."""

    kind: Literal["network-changed"] = "network-changed"
    number: Positive
    network: NetworkSummary
    reason: str


class MetricsPublished(Frozen):
    """Points of a training's curves, in order of steps."""

    kind: Literal["metrics-published"] = "metrics-published"
    number: Positive
    network: str
    points: tuple[MetricPoint, ...]


class TrainingStepped(Frozen):
    """A step of a training was served; its snapshot was told of before."""

    kind: Literal["training-stepped"] = "training-stepped"
    number: Positive
    network: str
    step: TrainingStep


class TrainingEnded(Frozen):
    """The training loop closed its viewer."""

    kind: Literal["training-ended"] = "training-ended"
    number: Positive
    network: str


class WeightsChanged(Frozen):
    """The weights of a network's twin were changed or put back; `edited` are all that are changed
    now. What lies on the inputs comes again as new snapshots."""

    kind: Literal["weights-changed"] = "weights-changed"
    number: Positive
    network: str
    edited: tuple[EditedNode, ...]


Event = Annotated[
    SnapshotTaken
    | SnapshotsDropped
    | JobChanged
    | NetworkAdded
    | NetworkChanged
    | MetricsPublished
    | TrainingStepped
    | TrainingEnded
    | WeightsChanged,
    Field(discriminator="kind"),
]


class EventBatch(Frozen):
    """Events after the number asked for, in order.

    `reset` says that some between are no longer kept (or the number is from another session): load
    the session anew, then go on from `last`.
    """

    events: tuple[Event, ...]
    last: NonNegative
    reset: bool = False

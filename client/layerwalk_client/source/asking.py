"""What may be asked of a source, as frozen data: fetches, which only look, and wishes, which act.

A fetch has a `priority` (lower goes first) and a `slot`: a newer fetch of the same slot replaces
an older one that has not begun, so that nobody waits for what is no longer looked at.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

from layerwalk_client.source.files import NodeFile, ResultFile
from layerwalk_client.source.surveying import ItemPage, Sheet, Survey, Told
from layerwalk_client.source.wishes import Attribute, EditWeights, ResetWeights
from layerwalk_shared.messages import (
    ChannelInput,
    DatasetInput,
    ExampleInput,
    MaximiseRequest,
    NoiseInput,
    SnapshotInput,
    TextInput,
)
from layerwalk_shared.tiles import TileKey

SECOND = "/second"
"""Ends the name by which a client asks for what it compares with: those snapshots are its own too,
but are not followed as what is shown first."""
OVERVIEW_SIDE = 8
"""Every level whose longer side is at most this belongs to the overview."""


@dataclass(frozen=True, slots=True)
class Overview:
    """All coarse tiles of a snapshot, in one answer."""

    snapshot: str

    priority = 0

    @property
    def slot(self) -> Hashable:
        return (Overview, self.snapshot)


@dataclass(frozen=True, slots=True)
class Tiles:
    """Some tiles of a snapshot, in one answer; see `Source.want`."""

    snapshot: str
    keys: tuple[TileKey, ...]

    priority = 4

    @property
    def slot(self) -> Hashable:
        return (Tiles, self.snapshot, self.keys)


@dataclass(frozen=True, slots=True)
class Values:
    """Exact float32 values of a node: one row of the tensor's first axis, or (None) all of it.

    `purpose` keeps what different parts ask for apart: the pixel under the pointer, that of both that
    are compared, what the panel of inputs shows, the board over a sound, whether a unit fires, what
    the network answers, the cells under the magnifier, the panel of a channel, what of the input
    made the answer, and that input.
    """

    snapshot: str
    node: str
    row: int | None
    purpose: Literal[
        "spot", "first", "second", "input", "sound", "fires", "answer", "magnifier", "channel",
        "saliency", "explained",
    ] = "spot"  # fmt: skip

    priority = 1

    @property
    def slot(self) -> Hashable:
        return (Values, self.purpose, self.node if self.purpose == "sound" else "")


@dataclass(frozen=True, slots=True)
class Statistics:
    """Statistics and histogram of a node's values; `purpose` tells two of a panel apart."""

    snapshot: str
    node: str
    purpose: Literal["values", "inputs", "range"] = "values"

    priority = 2

    @property
    def slot(self) -> Hashable:
        return (Statistics, self.purpose)


@dataclass(frozen=True, slots=True)
class WeightStatistics:
    """Statistics and histogram of the weights behind a node."""

    network: str
    node: str

    priority = 2

    @property
    def slot(self) -> Hashable:
        return WeightStatistics


@dataclass(frozen=True, slots=True)
class Weights:
    """Filters `first` up to (not including) `end` of the weights behind a node."""

    network: str
    node: str
    first: int
    end: int

    priority = 3

    @property
    def slot(self) -> Hashable:
        return Weights


@dataclass(frozen=True, slots=True)
class ItemPicture:
    """One item of a data set in full size."""

    dataset: str
    item: int

    priority = 1

    @property
    def slot(self) -> Hashable:
        return ItemPicture


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything about one snapshot but its values."""

    snapshot: str

    priority = 0

    @property
    def slot(self) -> Hashable:
        return Manifest


@dataclass(frozen=True, slots=True)
class Network:
    """One network whole, anew."""

    network: str

    priority = 0

    @property
    def slot(self) -> Hashable:
        return self


@dataclass(frozen=True, slots=True)
class Training:
    """A network's training so far."""

    network: str

    priority = 2

    @property
    def slot(self) -> Hashable:
        return self


@dataclass(frozen=True, slots=True)
class Gradients:
    """Histograms of the gradients of all nodes at one step."""

    network: str
    step: int

    priority = 2

    @property
    def slot(self) -> Hashable:
        return Gradients


@dataclass(frozen=True, slots=True)
class Climb:
    """Whether a node can be maximised; makes the server ready for it. `slope`: of ProxyGrad."""

    network: str
    node: str
    slope: float = 0.0

    priority = 2

    @property
    def slot(self) -> Hashable:
        return Climb


@dataclass(frozen=True, slots=True)
class Recipes:
    """The recipes of maximisation that the server knows."""

    priority = 2

    @property
    def slot(self) -> Hashable:
        return Recipes


@dataclass(frozen=True, slots=True)
class ChannelPicture:
    """One picture of a node in a snapshot; of a result of a maximisation, that of a unit.

    `size`: pixels of its longer side; None: as it is. `purpose` says who asks.
    """

    snapshot: str
    node: str
    channel: int
    size: int | None = None
    purpose: str = ""

    priority = 2

    @property
    def slot(self) -> Hashable:
        return self


@dataclass(frozen=True, slots=True)
class Jobs:
    """All jobs that the server remembers."""

    priority = 2

    @property
    def slot(self) -> Hashable:
        return Jobs


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The manifests of all snapshots of a network."""

    network: str

    priority = 2

    @property
    def slot(self) -> Hashable:
        return self


@dataclass(frozen=True, slots=True)
class Compare:
    """The comparison of two snapshots: both stay on the server, their difference is made there.

    What this client compared before is let go of.
    """

    first: str
    second: str

    priority = 1

    @property
    def slot(self) -> Hashable:
        return Compare


@dataclass(frozen=True, slots=True)
class EndComparison:
    """Let go of a comparison."""

    comparison: str

    priority = 3

    @property
    def slot(self) -> Hashable:
        return self


@dataclass(frozen=True, slots=True)
class ChannelShares:
    """What each channel and edge gave to a unit: of the snapshot of a signal."""

    snapshot: str

    priority = 1

    @property
    def slot(self) -> Hashable:
        return ChannelShares


Record = (
    Manifest
    | Network
    | Training
    | Gradients
    | Climb
    | Recipes
    | Jobs
    | Snapshots
    | Compare
    | EndComparison
)
"""Fetches that one JSON document answers."""
Fetch = (
    Overview
    | Tiles
    | Values
    | Statistics
    | WeightStatistics
    | Weights
    | ItemPage
    | Sheet
    | ItemPicture
    | ChannelPicture
    | ResultFile
    | NodeFile
    | ChannelShares
    | Record
    | Told
)


Puttable = (
    DatasetInput | NoiseInput | ChannelInput | SnapshotInput | TextInput | ExampleInput | bytes
)
"""What may be put on an input: a thing the server knows, words, or a file's bytes."""


@dataclass(frozen=True, slots=True)
class PutInput:
    """Put something on the input of a network: a thing the server knows, words, or a file's bytes
    (a picture, an array, a sound).

    `title` names it for people ("cat.jpg"); `argument` is which of several inputs is meant, the
    shown one where it is None. `is_second`: it is for what is compared with, and changes nothing
    of what is shown first.
    """

    network: str
    image: Puttable
    title: str = ""
    argument: str | None = None
    is_second: bool = False


@dataclass(frozen=True, slots=True)
class Maximise:
    """Make images that excite units of a node of a network."""

    network: str
    request: MaximiseRequest


@dataclass(frozen=True, slots=True)
class CancelJob:
    """Stop a job."""

    job: str


Wish = PutInput | Maximise | Attribute | EditWeights | ResetWeights | CancelJob | Survey

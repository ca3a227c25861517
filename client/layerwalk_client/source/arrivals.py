"""What comes back from a source, as frozen data; the main thread reads them in order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.source.asking import (
    ChannelPicture,
    ChannelShares,
    Climb,
    Compare,
    EndComparison,
    Fetch,
    Gradients,
    ItemPicture,
    Jobs,
    Manifest,
    Network,
    Recipes,
    Snapshots,
    Statistics,
    Training,
    Values,
    Weights,
    WeightStatistics,
    Wish,
)
from layerwalk_client.source.files import NodeFile, ResultFile
from layerwalk_client.source.surveying import ItemPage, Sheet, Told
from layerwalk_shared.contributions import Contributions
from layerwalk_shared.errors import LayerwalkError
from layerwalk_shared.messages import (
    ChannelExcitations,
    ChannelWeights,
    ComparisonDescription,
    DatasetPage,
    Event,
    Job,
    NetworkDescription,
    ScoreSummary,
    SessionDescription,
    SnapshotManifest,
    ValueStatistics,
)
from layerwalk_shared.messages import Climb as ClimbMessage
from layerwalk_shared.recipes import Recipe
from layerwalk_shared.tiles import Tile
from layerwalk_shared.training import GradientHistograms, TrainingHistory


@dataclass(frozen=True, slots=True)
class Connected:
    """The session and the network shown; comes again after each lost connection.

    `epoch` counts connections from 1: ids of an earlier epoch may be another server's.
    """

    session: SessionDescription
    network: NetworkDescription
    epoch: int


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """No server; the next try is in `retry_s` seconds. Comes once for each failed try."""

    error: LayerwalkError
    retry_s: float
    tries: int


@dataclass(frozen=True, slots=True)
class EventArrived:
    event: Event


@dataclass(frozen=True, slots=True, eq=False)
class TilesArrived:
    """Tiles of one snapshot, as views of one body; `is_overview`: all coarse ones are there."""

    snapshot: str
    tiles: tuple[Tile, ...]
    is_overview: bool


@dataclass(frozen=True, slots=True, eq=False)
class ValuesArrived:
    """Exact values, float32: the tensor, or `[1, ...]` where one row of it was asked for."""

    fetch: Values
    values: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class StatisticsArrived:
    fetch: Statistics | WeightStatistics
    statistics: ValueStatistics


@dataclass(frozen=True, slots=True, eq=False)
class WeightsArrived:
    """Exact weights, float32 `[end - first, ...]`."""

    fetch: Weights
    values: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class PictureArrived:
    """A picture `[H, W, 3]` uint8: a sheet of thumbnails, one item, or a channel."""

    fetch: Sheet | ItemPicture | ChannelPicture
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PageArrived:
    fetch: ItemPage
    page: DatasetPage


@dataclass(frozen=True, slots=True)
class TidingsArrived:
    """What is known of a data set's scores, of what excites a channel, or of its weights."""

    fetch: Told
    found: ScoreSummary | ChannelExcitations | ChannelWeights


@dataclass(frozen=True, slots=True)
class ManifestArrived:
    fetch: Manifest
    manifest: SnapshotManifest


@dataclass(frozen=True, slots=True)
class NetworkArrived:
    fetch: Network
    network: NetworkDescription


@dataclass(frozen=True, slots=True)
class TrainingArrived:
    fetch: Training
    history: TrainingHistory


@dataclass(frozen=True, slots=True)
class GradientsArrived:
    fetch: Gradients
    histograms: GradientHistograms


@dataclass(frozen=True, slots=True)
class ClimbArrived:
    fetch: Climb
    climb: ClimbMessage


@dataclass(frozen=True, slots=True)
class RecipesArrived:
    fetch: Recipes
    recipes: tuple[Recipe, ...]


@dataclass(frozen=True, slots=True)
class JobsArrived:
    """Oldest first."""

    fetch: Jobs
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class SnapshotsArrived:
    """Oldest first."""

    fetch: Snapshots
    manifests: tuple[SnapshotManifest, ...]


@dataclass(frozen=True, slots=True)
class ComparisonArrived:
    """A comparison that was begun, or ended."""

    fetch: Compare | EndComparison
    comparison: ComparisonDescription


@dataclass(frozen=True, slots=True, eq=False)
class FileArrived:
    """The bytes of a file, to be written as they are."""

    fetch: ResultFile | NodeFile
    content: bytes


@dataclass(frozen=True, slots=True, eq=False)
class SharesArrived:
    fetch: ChannelShares
    contributions: Contributions


@dataclass(frozen=True, slots=True)
class WishTaken:
    """The server has accepted a wish, as a job where it is long work."""

    wish: Wish
    job: Job


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """One fetch or wish failed; everything else goes on."""

    request: Fetch | Wish
    error: LayerwalkError


Arrival = (
    Connected
    | ConnectionLost
    | EventArrived
    | TilesArrived
    | ValuesArrived
    | StatisticsArrived
    | WeightsArrived
    | PictureArrived
    | PageArrived
    | TidingsArrived
    | ManifestArrived
    | NetworkArrived
    | TrainingArrived
    | GradientsArrived
    | ClimbArrived
    | RecipesArrived
    | JobsArrived
    | SnapshotsArrived
    | ComparisonArrived
    | FileArrived
    | SharesArrived
    | WishTaken
    | RequestFailed
)

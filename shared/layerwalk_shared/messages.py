"""What travels as JSON: one frozen pydantic model for each message, checked on both sides."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, FiniteFloat

from layerwalk_shared.graph import Frozen, Graph, NonNegative, Positive, View
from layerwalk_shared.recipes import ConstantStart, NoiseStart, Objective, Recipe
from layerwalk_shared.training import MetricPoint, TrainingStep

PROTOCOL_VERSION = 1
CLIENT_HEADER = "Layerwalk-Client"
"""Request header by which a client names itself, so that it knows its own snapshots again."""
MAX_TILES_PER_REQUEST = 4096

TileDType = Literal["float16", "int8"]
RangeMode = Literal["channel", "node", "shared", "percentile", "manual"]


InputKind = Literal["image", "vector", "text", "sound", "series", "volume", "tensor"]


class InputSpec(Frozen):
    """What a network takes: shape without batch axis, and how a person's file becomes that tensor.

    Attributes:
        kind: `image`: `[C, H, W]`, C 1 or 3; a picture with values in 0..1 is scaled and
            centre-cropped to H x W, then `(x - mean) / std`. `text`: token ids `[T]`. `sound`:
            samples `[T]` or `[C, T]` in -1..1. `series`: `[T, D]` or `[D, T]` (`time_axis`).
            `volume`: `[C, D, H, W]`. `vector`: `[N]`. `tensor`: anything else.
        shape: without batch axis.
        mean, std: per channel, of images, volumes and series; empty for none.
        vocabulary: number of tokens; of texts.
        has_tokenizer: words can be put on the input, else only ids; of texts.
        sample_rate: samples in a second; of sounds and series, where known.
        time_axis: which axis of `shape` is time; of sounds and series.
        names: of the columns of a series or the elements of a vector, or none.
    """

    kind: InputKind
    shape: tuple[Positive, ...]
    mean: tuple[FiniteFloat, ...] = ()
    std: tuple[FiniteFloat, ...] = ()
    vocabulary: Positive | None = None
    has_tokenizer: bool = False
    sample_rate: Annotated[FiniteFloat, Field(gt=0)] | None = None
    time_axis: NonNegative = 0
    names: tuple[str, ...] = ()


class NamedInput(Frozen):
    """One argument that something can be put on.

    Attributes:
        name: what requests call it.
        node: id of its input node; None where the graph has none for it.
        spec: what it takes.
    """

    name: str
    node: str | None = None
    spec: InputSpec


class InputReference(Frozen):
    """What a snapshot was taken of."""

    kind: Literal[
        "example", "image", "array", "dataset", "noise", "channel", "text", "sound", "maximised"
    ]
    title: str
    dataset: str | None = None
    item: NonNegative | None = None
    label: str | None = None
    seed: int | None = None
    tokens: tuple[str, ...] = ()
    """Of texts: what each position reads, for labels; empty where nobody knows."""


class ClassScore(Frozen):
    """One line of the answer."""

    index: NonNegative
    name: str
    probability: FiniteFloat
    logit: FiniteFloat


QUANTILES = (50.0, 75.0, 90.0, 95.0, 98.0, 99.0, 99.5, 99.9)
"""Percentiles of the absolute values of a node that a manifest tells."""


class NodeStatistics(Frozen):
    """Numbers of one node in one snapshot, over its finite values.

    `quantiles` are the absolute values at the percentiles `QUANTILES`, of an even sample of the
    values where there are many; empty where they were not taken.
    `same_as` is the index of an earlier node with the very same values (a flatten, a dropout in
    eval mode): its tiles serve both. `shape` is the tensor's, without batch axis; `pictures` is
    (channels, height, width) as drawn. A node without a value has `has_values` False.
    """

    shape: tuple[NonNegative, ...]
    pictures: tuple[Positive, Positive, Positive]
    has_values: bool = True
    minimum: FiniteFloat = 0.0
    maximum: FiniteFloat = 0.0
    mean: FiniteFloat = 0.0
    std: FiniteFloat = 0.0
    zeros: FiniteFloat = 0.0
    not_finite: NonNegative = 0
    same_as: NonNegative | None = None
    quantiles: tuple[FiniteFloat, ...] = ()

    @property
    def scale(self) -> float:
        """Largest absolute value."""
        return max(abs(self.minimum), abs(self.maximum))

    def percentile(self, percent: float) -> float:
        """Return the absolute value that `percent` % of the values do not exceed.

        Straight lines join the percentiles that were taken, 0 and the largest value.
        """
        if len(self.quantiles) != len(QUANTILES):
            return self.scale
        found = np.interp(percent, (0.0, *QUANTILES, 100.0), (0.0, *self.quantiles, self.scale))
        return float(found)


class Rival(Frozen):
    """Another unit of the node, and what an image makes of it."""

    channel: NonNegative
    activation: FiniteFloat


class MaximisedImage(Frozen):
    """One picture of a maximisation.

    Attributes:
        channel: unit that it is of; None of a whole node or a direction.
        activation: what the objective reached, without its penalty and further terms; at the end
            measured by the unchanged network in float32.
        rival: the strongest other unit of the node on this image, measured as the activation.
        answers: strongest outputs of the network for the image; told at the end.
        attempts: how often it was begun; more than 1 where gradients were not finite or the unit
            stayed silent.
        is_cached: it was made earlier and came from the cache.
        note: what went otherwise, for people.
    """

    channel: NonNegative | None
    activation: FiniteFloat = 0.0
    rival: Rival | None = None
    answers: tuple[ClassScore, ...] = ()
    attempts: Positive = 1
    is_cached: bool = False
    note: str | None = None


class Maximised(Frozen):
    """What a snapshot shows that is the result of a maximisation, or a step on the way to it.

    Such a snapshot has values for one node alone: picture p, an input of the network, is that of
    `images[p]`. Where the network takes images they are `[P, C, H, W]` and drawn in colour, tiles
    RGB8; else they are drawn as values. Steps on the way may be smaller.

    Attributes:
        job: that makes it.
        node: whose units.
        images: what each picture is of.
        recipe, objective, seed: of the run; `start` names where it began.
        step, steps: of all that the run does: steps of every batch after another.
        is_final: the end; else a preview.
    """

    job: str
    node: str
    images: tuple[MaximisedImage, ...]
    recipe: Recipe
    objective: Objective
    start: str
    seed: NonNegative
    step: NonNegative
    steps: Positive
    is_final: bool = False


class SnapshotManifest(Frozen):
    """Everything about a snapshot but its values. `nodes` is indexed as the graph's nodes.

    `input` is what was put on last; `inputs` tells what lies on each argument, in the order of
    `NetworkDescription.inputs`.
    """

    id: str
    network: str
    generation: Positive
    input: InputReference
    inputs: tuple[InputReference, ...] = ()
    step: int | None = None
    client: str | None = None
    nodes: tuple[NodeStatistics, ...]
    top: tuple[ClassScore, ...] = ()
    error: str | None = None
    maximised: Maximised | None = None


class SnapshotList(Frozen):
    """Manifests of one network's snapshots, oldest first."""

    snapshots: tuple[SnapshotManifest, ...]


class DatasetSummary(Frozen):
    """A data set to pick inputs from."""

    id: str
    name: str
    count: NonNegative
    classes: tuple[str, ...] = ()


class DatasetList(Frozen):
    datasets: tuple[DatasetSummary, ...]


class DatasetItem(Frozen):
    """One picture of a data set."""

    index: NonNegative
    name: str
    label: str | None = None


class DatasetPage(Frozen):
    dataset: str
    offset: NonNegative
    total: NonNegative
    items: tuple[DatasetItem, ...]


class NetworkSummary(Frozen):
    id: str
    name: str
    nodes: NonNegative
    classes: NonNegative
    parameters: NonNegative


class NetworkDescription(Frozen):
    """One network whole: graph, input, classes, and its newest snapshot nobody owns alone.

    `input` is the argument that is shown first and taken by default; `inputs` are all of them,
    that one first.
    """

    id: str
    name: str
    graph: Graph
    input: InputSpec
    inputs: tuple[NamedInput, ...] = ()
    classes: tuple[str, ...] = ()
    detail: Literal["trackers", "modules", "operations"] = "modules"
    parameters: NonNegative = 0
    snapshot: SnapshotManifest | None = None
    error: str | None = None


class SessionDescription(Frozen):
    """One consistent cut: what there is at event number `last_event`."""

    protocol: int = PROTOCOL_VERSION
    version: str
    networks: tuple[NetworkSummary, ...]
    datasets: tuple[DatasetSummary, ...]
    last_event: NonNegative


class DatasetInput(Frozen):
    """Put an item of a data set on the input."""

    kind: Literal["dataset"] = "dataset"
    dataset: str
    item: NonNegative


class NoiseInput(Frozen):
    """Put noise on the input; the same seed gives the same values.

    Of images and volumes, in picture space: `gaussian` is 0.5 + amplitude * N(0, 1), clipped to
    0..1; `uniform` 0.5 + amplitude * U(-1, 1), clipped; `constant` grey of value `amplitude`. Of
    sounds the same around 0, clipped to -1..1; of vectors, series and other tensors around 0, not
    clipped. Of token ids: drawn evenly from the vocabulary, or all of them `floor(amplitude)`.
    """

    kind: Literal["noise"] = "noise"
    noise: Literal["gaussian", "uniform", "constant"] = "gaussian"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    amplitude: Annotated[FiniteFloat, Field(ge=0, le=10)] = 0.25


class ChannelInput(Frozen):
    """Put a channel of a snapshot on the input: an image, or a feature map in grey (its range
    scaled to 0..1)."""

    kind: Literal["channel"] = "channel"
    snapshot: str
    node: str
    channel: NonNegative = 0


class TextInput(Frozen):
    """Put words (with the server's tokenizer) on an input of kind `text`; cut or padded to T."""

    kind: Literal["text"] = "text"
    text: Annotated[str, Field(max_length=100_000)]


class ExampleInput(Frozen):
    """Put on the input what lay there when the network was added."""

    kind: Literal["example"] = "example"


InputRequest = Annotated[
    DatasetInput | NoiseInput | ChannelInput | TextInput | ExampleInput,
    Field(discriminator="kind"),
]


class InputStart(Frozen):
    """Begin with what could be put on the input: an item of a data set, a former result..."""

    kind: Literal["input"] = "input"
    input: InputRequest


Start = Annotated[NoiseStart | ConstantStart | InputStart, Field(discriminator="kind")]


class MaximiseRequest(Frozen):
    """Make images that excite units of a node; the job ends with a snapshot.

    Attributes:
        node: which.
        channels: its units, see `layerwalk_shared.recipes.unit_axis`; None: all of them. Not told
            for objectives of a whole node.
        recipe: one by name, or whole.
        objective: what is to be large.
        start: where to begin; None: as the recipe says.
        seed: of every random number.
        priority: among the jobs that wait, higher first.
        uses_cache: take finished images from the cache.
    """

    node: str
    channels: Annotated[tuple[NonNegative, ...], Field(min_length=1)] | None = None
    recipe: Recipe | str = "walk"
    objective: Objective = Objective()
    start: Start | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    uses_cache: bool = True


class RecipeList(Frozen):
    """The recipes that come with it, the default first."""

    recipes: tuple[Recipe, ...]


class ViewRequest(Frozen):
    """Show a node another way, for everyone."""

    view: View


class TileRequest(Frozen):
    """Many tiles at once: (node index, block, level), answered in that order."""

    tiles: Annotated[
        tuple[tuple[NonNegative, NonNegative, NonNegative], ...],
        Field(max_length=MAX_TILES_PER_REQUEST),
    ]
    dtype: TileDType | None = None


class Histogram(Frozen):
    """`counts[i]` values lie in `edges[i] <= v < edges[i + 1]` (the last bin includes its end)."""

    edges: tuple[FiniteFloat, ...]
    counts: tuple[NonNegative, ...]


class ChannelStatistics(Frozen):
    minimum: tuple[FiniteFloat, ...]
    maximum: tuple[FiniteFloat, ...]
    mean: tuple[FiniteFloat, ...]
    std: tuple[FiniteFloat, ...]
    zeros: tuple[FiniteFloat, ...]


class ValueStatistics(Frozen):
    """Statistics of a node's values or weights: whole, histogram, per channel."""

    node: str
    shape: tuple[NonNegative, ...]
    minimum: FiniteFloat
    maximum: FiniteFloat
    mean: FiniteFloat
    std: FiniteFloat
    zeros: FiniteFloat
    not_finite: NonNegative
    histogram: Histogram
    channels: ChannelStatistics
    dead_channels: tuple[NonNegative, ...] = ()


class Job(Frozen):
    """Work on the model thread.

    Attributes:
        kind: `forward` is urgent and goes first; the others are long, run one at a time, and let
            urgent work in between two of their steps.
        progress: share that is done.
        client: who asked.
        snapshot: its result.
        partial: what it showed on the way.
        problem: why it failed or was cancelled (RFC 9457).
        node: that it is about, of maximisations and attributions.
        position: place among the long jobs that wait, 0 is the next one; of those alone. Changes
            beyond the eighth place are not told by events, only when asked for.
        step, steps: done, and to do in all, where that is known.
        seconds_left: time to go, measured from the steps done.
        notes: what went otherwise, for people.
    """

    id: str
    kind: Literal["forward", "maximise", "attribute"]
    network: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: Annotated[FiniteFloat, Field(ge=0, le=1)] = 0.0
    client: str | None = None
    snapshot: str | None = None
    partial: tuple[str, ...] = ()
    problem: dict[str, Any] | None = None
    node: str | None = None
    position: NonNegative | None = None
    step: NonNegative | None = None
    steps: NonNegative | None = None
    seconds_left: Annotated[FiniteFloat, Field(ge=0)] | None = None
    notes: tuple[str, ...] = ()


class JobList(Frozen):
    jobs: tuple[Job, ...]


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


Event = Annotated[
    SnapshotTaken
    | SnapshotsDropped
    | JobChanged
    | NetworkAdded
    | NetworkChanged
    | MetricsPublished
    | TrainingStepped
    | TrainingEnded,
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

"""What a network takes, what lies on its inputs, and what may be put there."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from layerwalk_shared.graph import Frozen, NonNegative, Positive

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


class SnapshotInput(Frozen):
    """Put on the input what lay on that of a snapshot, of this network or of another one: value by
    value where both take the same, else as the picture it is."""

    kind: Literal["snapshot"] = "snapshot"
    snapshot: str


InputRequest = Annotated[
    DatasetInput | NoiseInput | ChannelInput | TextInput | ExampleInput | SnapshotInput,
    Field(discriminator="kind"),
]

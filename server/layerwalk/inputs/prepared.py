"""Inputs that are ready to run: values of the right shape, and what they were made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from layerwalk.inputs.arrays import MAGIC as NPY_MAGIC
from layerwalk.inputs.arrays import array_input, read_npy
from layerwalk.inputs.datasets import Dataset, checked_item, content_of, label_of
from layerwalk.inputs.noise import noise_input
from layerwalk.inputs.pictures import decode_image, picture_input, picture_shape_of
from layerwalk.inputs.series import read_csv, rows_needed, series_input
from layerwalk.inputs.sounds import read_wav, sound_input, sound_shape
from layerwalk.inputs.texts import Tokenizer, check_ids, text_input, token_names
from layerwalk.pyramid import make_pictures
from layerwalk.snapshots import Snapshot
from layerwalk_shared.errors import InputError, NotFoundError
from layerwalk_shared.messages import InputReference, InputSpec, NoiseInput

Slot = tuple[int | str, ...]
"""Path to a tensor among the arguments of forward: position or name, then places inside of it."""
TITLE_CHARACTERS = 60
MOST_CHARACTERS = 100_000
"""Of a text file; as many as a `TextInput` may have."""


@dataclass(frozen=True, slots=True, eq=False)
class Argument:
    """One tensor among the arguments of a network, which an input can be put on.

    Attributes:
        spec: what it takes.
        is_integer: whole numbers, such as ids.
        tokenizer: words to ids, of texts.
        slot: where it is; None: the input that is shown.
    """

    spec: InputSpec
    is_integer: bool = False
    tokenizer: Tokenizer | None = None
    slot: Slot | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PreparedInput:
    """Values without batch axis, in the shape of an argument, and their origin.

    `slot` is where the argument is; None: the input that is shown.
    """

    values: NDArray[np.generic]
    reference: InputReference
    slot: Slot | None = None


def prepared(
    values: NDArray[np.generic], argument: Argument, reference: InputReference
) -> PreparedInput:
    """Return values that are ready; of a text the reference tells what each position reads."""
    if argument.spec.kind == "text":
        tokens = token_names(values, argument.tokenizer)
        reference = reference.model_copy(update={"tokens": tokens})
    return PreparedInput(values, reference, argument.slot)


def from_image(
    data: bytes, argument: Argument, *, largest_side: int, title: str = "image"
) -> PreparedInput:
    """Prepare an image file: scaled to cover the input, cropped centrally, normalised.

    Raises:
        InputError: it is no image, or the network takes none.
        TooLargeError: it has more pixels than are taken.
    """
    _, height, width = picture_shape_of(argument.spec)
    picture = decode_image(data, largest_side=largest_side, needed_hw=(height, width))
    reference = InputReference(kind="image", title=title)
    return prepared(picture_input(picture, argument.spec), argument, reference)


def from_npy(data: bytes, argument: Argument, *, title: str = "array") -> PreparedInput:
    """Prepare an NPY file; its values are taken as they are, nothing is normalised.

    Raises:
        InputError: it is no NPY file, or does not fit the network.
    """
    values = array_input(read_npy(data), argument.spec.shape, is_integer=argument.is_integer)
    check_ids(values, argument.spec)
    return prepared(values, argument, InputReference(kind="array", title=title))


def from_wav(data: bytes, argument: Argument, *, title: str = "sound") -> PreparedInput:
    """Prepare a WAV file: its rate changed, cut or padded; see `sound_input`.

    Raises:
        InputError: it is no such file, or the network takes no sound.
    """
    sound_shape(argument.spec)
    values = sound_input(read_wav(data), argument.spec)
    return prepared(values, argument, InputReference(kind="sound", title=title))


def from_csv(data: bytes, argument: Argument, *, title: str = "table") -> PreparedInput:
    """Prepare a CSV file: columns chosen, cut, normalised; see `series_input`.

    Raises:
        InputError: it is no such file, or does not fit the network.
    """
    if argument.spec.kind not in ("series", "vector"):
        raise InputError(
            f"this network takes {argument.spec.kind} inputs of shape "
            f"{list(argument.spec.shape)}, no table of numbers"
        )
    needed = rows_needed(argument.spec)
    table = read_csv(data, most_rows=needed)
    values = series_input(table, argument.spec)
    if table.is_cut:
        title = f"{title} (first {needed} rows)"
    return prepared(values, argument, InputReference(kind="array", title=title))


def from_text(text: str, argument: Argument, *, title: str | None = None) -> PreparedInput:
    """Prepare words: ids by the tokenizer, cut or padded.

    Raises:
        InputError: the network takes no text or has no tokenizer, or that one cannot read it.
    """
    values = text_input(text, argument.spec, argument.tokenizer)
    short = " ".join(text[: 4 * TITLE_CHARACTERS].split())[:TITLE_CHARACTERS]
    reference = InputReference(kind="text", title=title or short or "text")
    return prepared(values, argument, reference)


def from_plain(data: bytes, argument: Argument, *, title: str | None = None) -> PreparedInput:
    """Prepare a text file in UTF-8; what is beyond `MOST_CHARACTERS` is not read.

    Raises:
        InputError: it is no UTF-8; see `from_text`.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"text file: byte {error.start} is no UTF-8") from error
    return from_text(text[:MOST_CHARACTERS], argument, title=title)


FILES: Mapping[str, Callable[..., PreparedInput]] = {
    **dict.fromkeys(("image/png", "image/jpeg", "image/webp"), from_image),
    "application/x-npy": from_npy,
    **dict.fromkeys(("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"), from_wav),
    "text/csv": from_csv,
    "text/plain": from_plain,
}
UNNAMED = "application/octet-stream"


def from_file(
    data: bytes, argument: Argument, *, media_type: str, largest_side: int, title: str | None
) -> PreparedInput:
    """Prepare a file.

    Args:
        data: of the file.
        argument: what it is put on.
        media_type: a key of the table above, or `application/octet-stream`: told apart by its
            first bytes.
        largest_side: pixels of a side of an image at most.
        title: for people.

    Raises:
        InputError, TooLargeError: as the function of that kind says.
    """
    if media_type == UNNAMED:
        media_type = _type_by_bytes(data)
    make = FILES[media_type]
    options: dict[str, object] = {} if title is None else {"title": title}
    if make is from_image:
        options["largest_side"] = largest_side
    return make(data, argument, **options)


def _type_by_bytes(data: bytes) -> str:
    if data.startswith(NPY_MAGIC):
        return "application/x-npy"
    is_wav = data[:4] == b"RIFF" and data[8:12] == b"WAVE"
    return "audio/wav" if is_wav else "image/png"


def from_noise(request: NoiseInput, argument: Argument) -> PreparedInput:
    """Prepare noise; see `NoiseInput`.

    Raises:
        InputError: the network takes whole numbers, and how many there are is not known.
    """
    values = noise_input(request, argument.spec, is_integer=argument.is_integer)
    title = f"{request.noise} noise, seed {request.seed}"
    if request.noise == "constant":
        title = f"constant {request.amplitude:g}"
    elif argument.is_integer:
        title = f"random tokens, seed {request.seed}"
    reference = InputReference(kind="noise", title=title, seed=request.seed)
    return prepared(values, argument, reference)


def from_item(
    dataset_id: str, dataset: Dataset, index: int, argument: Argument, *, largest_side: int
) -> PreparedInput:
    """Prepare an item of a data set: a picture, or a file of another kind.

    Raises:
        NotFoundError: there is no such item.
        InputError: the network takes no such thing.
        DatasetError: the item cannot be read.
    """
    if getattr(dataset, "media_type", None) is None:
        picture_shape_of(argument.spec)
    item = checked_item(dataset, index)
    reference = InputReference(
        kind="dataset",
        title=item.name,
        dataset=dataset_id,
        item=index,
        label=label_of(dataset, item),
    )
    content = content_of(item)
    if content is None:
        return prepared(picture_input(item.image, argument.spec), argument, reference)
    made = from_file(
        content.data,
        argument,
        media_type=content.media_type,
        largest_side=largest_side,
        title=item.name,
    )
    return replace(made, reference=reference.model_copy(update={"tokens": made.reference.tokens}))


def from_channel(snapshot: Snapshot, node: int, channel: int, argument: Argument) -> PreparedInput:
    """Prepare a channel of a snapshot: an image as it is, a feature map in grey, its range 0..1.

    What a maximisation made is an input already: it is put on as it is, value by value, where the
    argument takes inputs of that kind.

    Raises:
        NotFoundError: there is no such channel.
        InputError: the network takes no pictures.
    """
    part = snapshot.channel_of(node, channel)
    title = f"{snapshot.graph.nodes[node].id} channel {channel}"
    if snapshot.manifest.maximised is not None:
        title = f"{title}, {snapshot.manifest.maximised.recipe.name}"
        exact = snapshot.node_values(node)[part.start]
        if argument.spec.kind != "image":
            exact = exact.reshape(-1)[: math.prod(argument.spec.shape)]
        if _takes(argument.spec, snapshot.input, exact.shape):
            values = exact.reshape(argument.spec.shape)
            return prepared(values, argument, InputReference(kind="channel", title=title))
    picture_shape_of(argument.spec)
    pictures = make_pictures(
        snapshot.node_values(node),
        view=snapshot.views[node],
        input_spec=snapshot.input,
        channels=part,
    )
    values = pictures.values.numpy()
    if pictures.is_image:
        pixels = np.rint(values.transpose(1, 2, 0) * 255).astype(np.uint8)
    else:
        low, high = float(values.min()), float(values.max())
        grey = (values[0] - low) / (high - low) if high > low else np.zeros_like(values[0])
        pixels = np.rint(grey * 255).astype(np.uint8)
    reference = InputReference(kind="channel", title=title)
    return prepared(picture_input(pixels, argument.spec), argument, reference)


def from_snapshot(snapshot: Snapshot, argument: Argument) -> PreparedInput:
    """Prepare what lay on the input of a snapshot: its values where both networks take the same,
    else the picture that it is, scaled and normalised anew.

    Raises:
        NotFoundError: the snapshot has no values of its input.
        InputError: the network takes something else.
    """
    manifest = snapshot.manifest
    graph = snapshot.graph
    node = next((at for at, one in enumerate(graph.nodes) if one.kind == "input"), None)
    if node is None:
        raise NotFoundError(f"snapshot {snapshot.id!r} has no input")
    values = snapshot.node_values(node)
    reference = manifest.inputs[0] if manifest.inputs else manifest.input
    if _takes(argument.spec, snapshot.input, values.shape):
        return prepared(values.reshape(argument.spec.shape), argument, reference)
    if snapshot.input.kind == argument.spec.kind == "image":
        return replace(from_channel(snapshot, node, 0, argument), reference=reference)
    raise InputError(
        f"{reference.title!r} is {snapshot.input.kind} of shape {list(values.shape)}, this network "
        f"takes {argument.spec.kind} of shape {list(argument.spec.shape)}"
    )


def _takes(spec: InputSpec, made_for: InputSpec, shape: tuple[int, ...]) -> bool:
    """Return whether an input made for one network is one of another, value by value."""
    if spec.kind != made_for.kind or math.prod(shape) != math.prod(spec.shape):
        return False
    is_same_picture = shape == spec.shape and (spec.mean, spec.std) == (made_for.mean, made_for.std)
    return is_same_picture if spec.kind == "image" else spec.shape == made_for.shape

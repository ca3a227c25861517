"""Inputs that are ready to run: values of the right shape, and what they were made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk.inputs.arrays import array_input, read_npy
from layerwalk.inputs.datasets import Dataset, checked_item, label_of
from layerwalk.inputs.noise import noise
from layerwalk.inputs.pictures import decode_image, normalise, picture_input, picture_shape_of
from layerwalk.pyramid import make_pictures
from layerwalk.snapshots import Snapshot
from layerwalk_shared.errors import InputError
from layerwalk_shared.messages import InputReference, InputSpec, NoiseInput


@dataclass(frozen=True, slots=True, eq=False)
class PreparedInput:
    """Values without batch axis, in the shape of the network's input, and their origin."""

    values: NDArray[np.generic]
    reference: InputReference


def from_image(
    data: bytes, spec: InputSpec, *, largest_side: int, title: str = "image"
) -> PreparedInput:
    """Prepare an image file: scaled to cover the input, cropped centrally, normalised.

    Raises:
        InputError: it is no image, or the network takes none.
        TooLargeError: it has more pixels than are taken.
    """
    _, height, width = picture_shape_of(spec)
    picture = decode_image(data, largest_side=largest_side, needed_hw=(height, width))
    return PreparedInput(picture_input(picture, spec), InputReference(kind="image", title=title))


def from_npy(
    data: bytes, spec: InputSpec, *, is_integer: bool, title: str = "array"
) -> PreparedInput:
    """Prepare an NPY file; its values are taken as they are, nothing is normalised.

    Raises:
        InputError: it is no NPY file, or does not fit the network.
    """
    values = array_input(read_npy(data), spec.shape, is_integer=is_integer)
    return PreparedInput(values, InputReference(kind="array", title=title))


def from_noise(request: NoiseInput, spec: InputSpec, *, is_integer: bool) -> PreparedInput:
    """Prepare noise.

    Raises:
        InputError: the network takes whole numbers.
    """
    if is_integer:
        raise InputError("this network takes whole numbers; noise is none")
    values = normalise(noise(request, spec.shape), spec)
    title = f"{request.noise} noise, seed {request.seed}"
    if request.noise == "constant":
        title = f"constant {request.amplitude:g}"
    return PreparedInput(values, InputReference(kind="noise", title=title, seed=request.seed))


def from_item(dataset_id: str, dataset: Dataset, index: int, spec: InputSpec) -> PreparedInput:
    """Prepare an item of a data set.

    Raises:
        NotFoundError: there is no such item.
        InputError: the network takes no pictures.
        DatasetError: the item cannot be read.
    """
    picture_shape_of(spec)
    item = checked_item(dataset, index)
    reference = InputReference(
        kind="dataset",
        title=item.name,
        dataset=dataset_id,
        item=index,
        label=label_of(dataset, item),
    )
    return PreparedInput(picture_input(item.image, spec), reference)


def from_channel(snapshot: Snapshot, node: int, channel: int, spec: InputSpec) -> PreparedInput:
    """Prepare a channel of a snapshot: an image as it is, a feature map in grey, its range 0..1.

    Raises:
        NotFoundError: there is no such channel.
        InputError: the network takes no pictures.
    """
    picture_shape_of(spec)
    pictures = make_pictures(
        snapshot.node_values(node),
        view=snapshot.views[node],
        input_spec=snapshot.input,
        channels=snapshot.channel_of(node, channel),
    )
    values = pictures.values.numpy()
    if pictures.is_image:
        pixels = np.rint(values.transpose(1, 2, 0) * 255).astype(np.uint8)
    else:
        low, high = float(values.min()), float(values.max())
        grey = (values[0] - low) / (high - low) if high > low else np.zeros_like(values[0])
        pixels = np.rint(grey * 255).astype(np.uint8)
    title = f"{snapshot.graph.nodes[node].id} channel {channel}"
    return PreparedInput(picture_input(pixels, spec), InputReference(kind="channel", title=title))

"""The tool in the hand: an image is picked up, carried, magnified, and put on an input."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from layerwalk_client.app.maximising.captions import reached
from layerwalk_client.app.maximising.results import image_at, maximised_of, unit_at
from layerwalk_client.source.asking import PutInput
from layerwalk_client.world.inputs import argument_at
from layerwalk_shared.colours import TABLES, paint
from layerwalk_shared.errors import InputError
from layerwalk_shared.messages import (
    ChannelInput,
    DatasetInput,
    InputSpec,
    NetworkDescription,
    NoiseInput,
    SnapshotManifest,
)
from layerwalk_shared.tiles import Tile, TileType

PREVIEW_SIDE = 224
MAX_FILE_BYTES = 32 * 2**20
"""The server takes no larger body, so a larger file is refused before it is read."""


@dataclass(frozen=True, slots=True, eq=False)
class Holding:
    """An image in the hand.

    Attributes:
        image: what is sent when it is put down.
        title: for people.
        note: more for people: the class, the seed, the range.
        pixels: `[H, W, 3]` uint8 to look at; None while on their way.
        values: `[H, W]` float32 that the pixels stand for, as precise as their tile; None where
            the pixels are colours.
    """

    image: DatasetInput | NoiseInput | ChannelInput | bytes
    title: str
    note: str = ""
    pixels: NDArray[np.uint8] | None = field(default=None, repr=False)
    values: NDArray[np.float32] | None = field(default=None, repr=False)


class Hand:
    """Mutable, owned by the main thread: what is held, and whether it is held to the eye."""

    def __init__(self) -> None:
        self.holding: Holding | None = None
        self.is_magnifying = False
        self.revision = 0
        """Grows whenever what is held, or its pixels, become others."""

    def pick_up(self, holding: Holding) -> None:
        """Take an image in the hand; what was there is gone."""
        self.holding = holding
        self.revision += 1

    def put_away(self) -> bool:
        """Empty the hand; return whether there was something in it."""
        had = self.holding is not None
        self.holding = None
        self.is_magnifying = False
        self.revision += had
        return had

    def show(self, image: DatasetInput, pixels: NDArray[np.uint8]) -> bool:
        """Show pixels that have arrived for `image`, if that is still held."""
        if self.holding is None or self.holding.image != image:
            return False
        self.holding = replace(self.holding, pixels=pixels)
        self.revision += 1
        return True

    def put_on(self, network: NetworkDescription, node: str | None = None) -> PutInput | None:
        """Return the wish that what is held be on an input's node of `network` (None: the shown
        one); None when empty-handed."""
        if self.holding is None:
            return None
        argument = argument_of(network, node)
        return PutInput(network.id, self.holding.image, title=self.holding.title, argument=argument)


def argument_of(network: NetworkDescription, node: str | None) -> str | None:
    """Return the name of the argument at an input's node, None where there is no choice."""
    found = argument_at(network, node)
    return None if found is None or len(network.inputs) < 2 else found.name


def picture_of_noise(noise: NoiseInput, spec: InputSpec) -> NDArray[np.uint8]:
    """Return the noise that the server will make of `noise`, to look at: `[H, W, 3]` uint8."""
    is_picture = len(spec.shape) == 3 and spec.shape[0] in (1, 3)
    shape = spec.shape if is_picture else (3, PREVIEW_SIDE, PREVIEW_SIDE)
    generator = np.random.Generator(np.random.PCG64(noise.seed))
    if noise.noise == "constant":
        values = np.full(shape, noise.amplitude)
    elif noise.noise == "gaussian":
        values = 0.5 + noise.amplitude * generator.standard_normal(shape)
    else:
        values = 0.5 + noise.amplitude * generator.uniform(-1.0, 1.0, shape)
    planes = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    if planes.shape[0] == 1:
        planes = np.repeat(planes, 3, axis=0)
    return np.ascontiguousarray(planes.transpose(1, 2, 0))


def hold_noise(noise: NoiseInput, spec: InputSpec) -> Holding:
    """Return a noise image as a thing to carry."""
    note = f"{noise.noise}, seed {noise.seed}, {noise.amplitude:.2f}"
    return Holding(noise, "noise", note, picture_of_noise(noise, spec))


def hold_channel(
    manifest: SnapshotManifest,
    *,
    node: str,
    channel: int,
    tile: Tile | None,
    table: str,
) -> Holding:
    """Return one channel of a snapshot as a thing to carry, in the colours it has on its wall.

    Args:
        manifest: of the snapshot.
        node: id of the node.
        channel: number of the picture on its wall.
        tile: the finest tile there is of the block that holds the channel.
        table: colour table to show it in.
    """
    pixels = values = None
    note = ""
    if tile is not None and tile.first_channel <= channel < tile.first_channel + tile.count:
        place = channel - tile.first_channel
        if tile.dtype is TileType.RGB8:
            pixels = np.ascontiguousarray(tile.values[place]).astype(np.uint8)
        else:
            values = tile.floats()[place]
            limit = float(tile.scales[place]) or 1.0
            pixels = paint(values / limit, table)
            low = -limit if TABLES[table].is_diverging else 0.0
            note = f"{low:.3g} to {limit:.3g}"
    image = ChannelInput(snapshot=manifest.id, node=node, channel=channel)
    title = node if tile is not None and tile.dtype is TileType.RGB8 else f"{node}  {channel}"
    return Holding(image, title, note, pixels, values)


def hold_result(
    manifest: SnapshotManifest, place: int, *, tile: Tile | None, table: str
) -> Holding:
    """Return a picture of a result as a thing to carry.

    Args:
        manifest: of the result.
        place: number of the picture on its wall.
        tile: the finest tile there is of the block that holds it.
        table: colour table for pictures that are values.
    """
    told = maximised_of(manifest)
    held = hold_channel(manifest, node=told.node, channel=place, tile=tile, table=table)
    unit, image = unit_at(manifest, place), image_at(manifest, place)
    name = told.node if image is None or image.channel is None else f"{told.node}  {unit}"
    return replace(
        held,
        image=ChannelInput(snapshot=manifest.id, node=told.node, channel=unit),
        title=f"{name}  maximised",
        note="" if image is None else reached(image),
    )


def hold_pixels(pixels: NDArray[np.uint8], title: str) -> Holding:
    """Return pixels `[H, W, 3]` as a thing to carry: what is sent is a PNG file.

    Raises:
        InputError: it would be larger than the server takes.
    """
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    content = buffer.getvalue()
    if len(content) > MAX_FILE_BYTES:
        raise InputError(
            f"{title}: a picture of {pixels.shape[1]} x {pixels.shape[0]} has "
            f"{len(content) / 2**20:.0f} MiB, at most {MAX_FILE_BYTES >> 20} are taken"
        )
    return Holding(content, title, pixels=pixels)


def hold_file(path: Path) -> Holding:
    """Return an image file as a thing to carry.

    Raises:
        InputError: it cannot be read, or is too large.
    """
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise InputError(
                f"{path.name} has {size / 2**20:.0f} MiB, at most {MAX_FILE_BYTES >> 20} are taken"
            )
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}") from error
    return Holding(content, path.name)

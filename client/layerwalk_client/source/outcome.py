"""A made-up result of a maximisation: its pictures as tiles, files and inputs."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from layerwalk_client.source.asking import OVERVIEW_SIDE, Overview, Tiles
from layerwalk_client.source.synthetic import Floats, resized
from layerwalk_shared.errors import NotFoundError
from layerwalk_shared.messages import SnapshotManifest
from layerwalk_shared.tiles import (
    Tile,
    TileKey,
    TileType,
    block_channels,
    block_count,
    level_shape,
    overview_level,
)


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """A snapshot of a maximisation.

    Attributes:
        manifest: as the server tells it.
        pictures: float32 in 0..1 `[P, h, w, 3]`, or values `[P, h, w]`.
        tensor: `[P, *input shape]`; inputs as they would be put on the network's.
    """

    manifest: SnapshotManifest
    pictures: Floats
    tensor: Floats

    @property
    def node(self) -> int:
        """Index of the node that it is of."""
        return next(k for k, one in enumerate(self.manifest.nodes) if one.has_values)

    def place_of(self, channel: int) -> int:
        """Return which picture is of a unit; 0 for objectives of a whole node.

        Raises:
            NotFoundError: none is.
        """
        maximised = self.manifest.maximised
        assert maximised is not None
        for place, image in enumerate(maximised.images):
            if (image.channel or 0) == channel:
                return place
        raise NotFoundError(f"channel {channel} is not in result {self.manifest.id!r}")

    def tiles(self, fetch: Overview | Tiles) -> tuple[Tile, ...]:
        """Return tiles as asked; the overview is the finest of each block whose longer side is at
        most 8."""
        count, height, width = self.pictures.shape[:3]
        level = overview_level((height, width), OVERVIEW_SIDE)
        keys = (
            tuple(TileKey(self.node, block, level) for block in range(block_count(count)))
            if isinstance(fetch, Overview)
            else fetch.keys
        )
        return tuple(self._tile(key) for key in keys)

    def _tile(self, key: TileKey) -> Tile:
        if key.node != self.node:
            raise NotFoundError(f"result {self.manifest.id!r} has no values of node {key.node}")
        held = block_channels(len(self.pictures), key.block)
        part = self.pictures[held.start : held.stop]
        shape = level_shape((part.shape[1], part.shape[2]), key.level)
        first, generation = held.start, self.manifest.generation
        if part.ndim == 4:
            small = np.moveaxis(resized(np.moveaxis(part, 3, 1), shape), 1, 3)
            pixels = np.ascontiguousarray(np.rint(small * 255)).astype(np.uint8)
            scales = np.ones(len(part), np.float32)
            return Tile(key, TileType.RGB8, first, pixels, scales, generation)
        values = resized(part, shape).astype(np.float16)
        scales = np.abs(part).max(axis=(1, 2)).astype(np.float32)
        return Tile(key, TileType.FLOAT16, first, values, scales, generation)

    def pixels(self, channel: int) -> NDArray[np.uint8]:
        """Return the picture of a unit, `[h, w, 3]`."""
        picture = self.pictures[self.place_of(channel)]
        if picture.ndim == 2:
            span = float(np.ptp(picture)) or 1.0
            picture = np.repeat(((picture - picture.min()) / span)[..., None], 3, axis=2)
        return np.asarray(np.rint(picture * 255), np.uint8)

    def file(self, form: str) -> bytes:
        """Return all pictures side by side as PNG, or the arrays as NPZ."""
        stream = io.BytesIO()
        if form == "npz":
            np.savez(stream, images=self.tensor)
        else:
            assert self.manifest.maximised is not None
            row = [self.pixels(one.channel or 0) for one in self.manifest.maximised.images]
            Image.fromarray(np.concatenate(row, axis=1)).save(stream, "PNG")
        return stream.getvalue()

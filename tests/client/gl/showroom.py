"""A made-up network's scene and values, the same every time: for looking, goldens, benchmarks.

The maps are what a random convolutional network makes of a drawn picture: band-pass filtered and
rectified structure that gets coarser with depth, so that pictures of it look like the real thing.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.scene import Board, Label, Plot, Ribbon, Scene, Wall
from layerwalk_shared.tiles import (
    BLOCK_CHANNELS,
    Tile,
    TileKey,
    TileType,
    block_count,
    level_count,
    level_shape,
)
from layerwalk_shared.views import grid_shape

NETWORK = "showroom"
TILE, GAP = 0.30, 0.02
Values = NDArray[np.float32]


def area_mean(values: Values, shape_hw: tuple[int, int]) -> Values:
    """Return `[..., H, W]` values reduced to `shape_hw` by the mean over each exact area."""

    def weights(count: int, parts: int) -> Values:
        edges = np.arange(parts + 1) * count / parts
        first = np.arange(count)
        overlap = np.minimum(edges[1:, None], first + 1) - np.maximum(edges[:-1, None], first)
        return (np.clip(overlap, 0, None) * parts / count).astype(np.float32)

    height, width = values.shape[-2:]
    return weights(height, shape_hw[0]) @ values @ weights(width, shape_hw[1]).T


def make_chain(
    values: NDArray[np.floating],
    *,
    node: int,
    block: int = 0,
    level: int = 0,
    dtype: TileType = TileType.FLOAT16,
    generation: int = 1,
) -> list[Tile]:
    """Return the tiles of one block from `level` to 1 x 1.

    Args:
        values: `[n, h, w]` of the block, or `[n, h, w, 3]` colours in 0..1 for RGB8.
    """
    shape_hw = (values.shape[1], values.shape[2])
    values = np.asarray(values, np.float32)
    if dtype is TileType.RGB8:
        scales = np.ones(len(values), np.float32)
    else:
        scales = np.abs(values).max(axis=(1, 2)).astype(np.float32)
    chain = []
    for step in range(level, level_count(shape_hw)):
        size = level_shape(shape_hw, step)
        if dtype is TileType.RGB8:
            reduced = np.moveaxis(area_mean(np.moveaxis(values, 3, 1), size), 1, 3)
            stored: NDArray[np.generic] = np.rint(reduced * 255).astype(np.uint8)
        else:
            reduced = area_mean(values, size)
            if dtype is TileType.INT8:
                divisor = np.where(scales > 0, scales, 1)[:, None, None]
                stored = np.rint(reduced / divisor * 127).astype(np.int8)
            else:
                stored = reduced.astype(np.float16)
        chain.append(
            Tile(
                TileKey(node, block, step), dtype, block * BLOCK_CHANNELS,
                np.ascontiguousarray(stored), scales, generation,
            )
        )  # fmt: skip
    return chain


def make_wall(
    node: int,
    channels: int,
    picture_hw: tuple[int, int],
    *,
    centre_xz: tuple[float, float] = (0.0, 0.0),
    tile: float = TILE,
    gap: float = GAP,
    cells: int = 0,
    is_image: bool = False,
    yaw: float = 0.0,
    title: str = "",
    network: str = NETWORK,
) -> Wall:
    """Return a wall that stands on the floor, its grid as the layout makes it."""
    rows, columns = grid_shape(channels)
    height, width = picture_hw
    tile_wh = (tile * min(1.0, width / height), tile * min(1.0, height / width))
    size_wh = (columns * (tile_wh[0] + gap) + gap, rows * (tile_wh[1] + gap) + gap)
    return Wall(
        network=network, node=node, centre=(centre_xz[0], size_wh[1] / 2, centre_xz[1]),
        size_wh=size_wh, columns=columns, rows=rows, channels=channels, picture_hw=picture_hw,
        tile_wh=tile_wh, gap=gap, cells=cells, is_image=is_image, yaw=yaw, title=title,
    )  # fmt: skip


def drawn_picture(side: int = 128) -> Values:
    """Return a picture `[side, side, 3]` in 0..1: a lit still life of discs and stripes."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    picture = np.stack([0.25 + 0.3 * y, 0.33 + 0.22 * y, 0.5 - 0.15 * y], axis=-1)
    for cx, cy, radius, colour in (
        (0.36, 0.58, 0.24, (0.93, 0.55, 0.2)),
        (0.68, 0.66, 0.17, (0.25, 0.62, 0.45)),
        (0.62, 0.3, 0.11, (0.93, 0.88, 0.75)),
    ):
        away = np.hypot(x - cx, y - cy) / radius
        light = np.clip(1.15 - 0.7 * np.hypot(x - cx + 0.4 * radius, y - cy + 0.4 * radius) / radius,
                        0.15, 1.1)  # fmt: skip
        inside = np.clip((1 - away) * radius * side, 0, 1)[..., None]
        picture = picture * (1 - inside) + inside * light[..., None] * np.array(colour)
    stripes = 0.5 + 0.5 * np.sin((x + 0.3 * y) * 60)
    table = np.clip((y - 0.8) * side, 0, 1)
    picture *= (1 - 0.45 * table * stripes)[..., None]
    return np.clip(picture, 0, 1).astype(np.float32)


def _responses(
    stack: Values, channels: int, generator: np.random.Generator, scale: float
) -> Values:
    """Return `[channels, h, w]`: random mixes of a stack under random oriented band-pass filters."""
    _, height, width = stack.shape
    fy = np.fft.fftfreq(height)[:, None] * height
    fx = np.fft.fftfreq(width)[None, :] * width
    angle = generator.uniform(0, np.pi, (channels, 1, 1))
    frequency = generator.uniform(0.5, 1.6, (channels, 1, 1)) * scale
    along = fx * np.cos(angle) + fy * np.sin(angle)
    across = -fx * np.sin(angle) + fy * np.cos(angle)
    band = np.exp(-((np.abs(along) - frequency) ** 2 + across**2) / (0.6 * frequency) ** 2)
    phase = np.exp(1j * generator.uniform(0, np.pi, (channels, 1, 1)) * np.sign(along))
    spectrum = np.fft.fft2(stack)
    weights = generator.normal(size=(channels, len(stack)))
    mixed = np.einsum("cs,shw->chw", weights, spectrum)
    found = np.fft.ifft2(mixed * band * phase).real.astype(np.float32)
    found /= found.std(axis=(1, 2), keepdims=True) + 1e-6
    return found


@dataclass(frozen=True)
class Showroom:
    """A scene and its values: node index -> `[C, H, W]` (the input: `[1, H, W, 3]`)."""

    scene: Scene
    values: dict[int, Values]
    kinds: dict[int, TileType]

    def chains(self, *, finest: int = 0, dtype: TileType | None = None) -> list[list[Tile]]:
        """Return the chain of every block of every node, from level `finest` where there is one."""
        return [
            make_chain(
                values[block * BLOCK_CHANNELS : (block + 1) * BLOCK_CHANNELS],
                node=node,
                block=block,
                level=min(finest, level_count(values.shape[1:3]) - 1),
                dtype=self.kinds[node] if self.kinds[node] is TileType.RGB8 or not dtype else dtype,
            )
            for node, values in self.values.items()
            for block in range(block_count(len(values)))
        ]

    def overview(self) -> list[Tile]:
        """Return the tile of at most 8 x 8 of every block of every node."""
        return [next(tile for tile in chain if max(tile.shape_hw) <= 8) for chain in self.chains()]


_STAGES = (
    ("conv1", 64, 64, 9.0), ("layer1.0.conv1", 64, 32, 7.0), ("layer1.0.relu", 64, 32, 7.0),
    ("layer1.0.add", 64, 32, 6.0), ("layer2.0.conv1", 128, 16, 4.0), ("layer2.0.relu", 128, 16, 4.0),
    ("layer2.0.add", 128, 16, 3.5), ("layer3.0.conv1", 256, 8, 2.2), ("layer3.0.relu", 256, 8, 2.0),
    ("layer3.0.add", 256, 8, 2.0), ("layer4.0.conv1", 512, 4, 1.2), ("layer4.0.relu", 512, 4, 1.0),
)  # fmt: skip


def make_showroom(seed: int = 7) -> Showroom:
    """Return a hall of walls from an input picture to class scores."""
    generator = np.random.default_rng(seed)
    picture = drawn_picture()
    values: dict[int, Values] = {0: picture[None]}
    kinds = {0: TileType.RGB8}
    walls = [make_wall(0, 1, (128, 128), tile=1.96, is_image=True, title="input")]
    names, kinds_of, z = ["input"], ["image · 3 × 128 × 128"], 0.0
    stack = np.moveaxis(picture, 2, 0)
    for node, (name, channels, side, scale) in enumerate(_STAGES, start=1):
        stack = area_mean(stack, (side, side))
        maps = _responses(stack, channels, generator, scale)
        if "relu" in name or "add" in name:
            maps = np.maximum(maps - 0.3, 0)
            maps[generator.random(channels) < 0.06] = 0
        values[node], kinds[node] = maps, TileType.FLOAT16
        stack = maps[generator.permutation(channels)[:6]]
        wall = make_wall(node, channels, (side, side), title=name)
        z -= max(1.5, 0.6 * max(wall.size_wh[0], walls[-1].size_wh[0]))
        walls.append(replace(wall, centre=(0.35 * (node % 2), wall.centre[1], z)))
        names.append(name)
        kinds_of.append(f"{'Conv2d' if 'conv' in name else 'ReLU'} · {channels} × {side} × {side}")
    for node, (name, units) in enumerate((("avgpool", 512), ("fc", 101)), start=len(walls)):
        rows, columns = grid_shape(units)
        unit = (
            generator.gamma(1.2, 1.0, units) if name == "avgpool" else generator.normal(0, 2, units)
        )
        padded = np.zeros(rows * columns, np.float32)
        padded[:units] = unit
        values[node] = padded.reshape(1, rows, columns)
        kinds[node] = TileType.FLOAT16
        wall = make_wall(node, 1, (rows, columns), tile=2.0, cells=units, title=name)
        z -= 2.4
        walls.append(replace(wall, centre=(0.0, wall.centre[1], z)))
        names.append(name)
        kinds_of.append(f"Vector · {units}")
    return Showroom(_furnished(tuple(walls), names, kinds_of), values, kinds)


def _furnished(walls: tuple[Wall, ...], names: list[str], details: list[str]) -> Scene:
    """Return the scene with labels, ribbons, plots and an answer board."""
    name_colour, detail_colour = (0.91, 0.93, 0.96, 1.0), (0.54, 0.59, 0.67, 1.0)
    labels, ribbons = [], []
    for wall, name, detail in zip(walls, names, details, strict=True):
        x, y, z = wall.centre
        left, top = x - wall.size_wh[0] / 2, y + wall.size_wh[1] / 2
        height = 0.085 + 0.018 * wall.size_wh[0]
        labels += [
            Label(name, (left, top + 0.7 * height + 0.10, z), height, name_colour, is_bold=True,
                  priority=1),
            Label(detail, (left, top + 0.08, z), 0.55 * height, detail_colour),
            Label(name, (x, y, z - 0.01), 1.5 * height, (0.37, 0.42, 0.5, 1.0), plane="back",
                  anchor="centre-centre"),
        ]  # fmt: skip
    for source, target in itertools.pairwise(walls):
        path = np.array([
            (source.centre[0], 0, source.centre[2] - 0.15), (target.centre[0], 0, target.centre[2] + 0.15)
        ], np.float32)  # fmt: skip
        ribbons.append(Ribbon(NETWORK, source.node, target.node, path, 0.34))
    for source, target in ((1, 4), (4, 7), (7, 10)):
        a, b = walls[source], walls[target]
        out = -max(wall.size_wh[0] for wall in walls[source : target + 1]) / 2 - 0.7
        turn = np.linspace(0, np.pi / 2, 9)
        start, end = a.centre[2] - 0.5, b.centre[2] + 0.5
        corner = np.stack(
            [out + 0.6 - 0.6 * np.sin(turn), 0 * turn, start - 0.6 + 0.6 * np.cos(turn)], 1
        )
        back = np.stack(
            [out + 0.6 - 0.6 * np.cos(turn), 0 * turn, end + 0.6 - 0.6 * np.sin(turn)], 1
        )
        path = np.concatenate([[(a.centre[0], 0, start)], corner, back, [(b.centre[0], 0, end)]])
        ribbons.append(Ribbon(NETWORK, source, target, path.astype(np.float32), 0.24, "add"))
    plots = [Plot(NETWORK, "model", -8.6, walls[-1].centre[2] - 1.2, 6.2, 1.2, 0, "resnet")]
    for depth_group, (first, last) in enumerate(((2, 4), (5, 7), (8, 10), (11, 12)), start=1):
        wide = max(wall.size_wh[0] for wall in walls[first : last + 1]) / 2 + 0.5
        z1, z0 = walls[first].centre[2] + 0.5, walls[last].centre[2] - 0.5
        name = f"layer{depth_group}"
        plots.append(Plot(NETWORK, name, -wide, z0, wide + 0.35, z1, 1, name))
        labels.append(Label(name, (-wide + 0.15, 0, z1 - 0.1), 0.16, detail_colour, "floor",
                            is_bold=True, priority=2))  # fmt: skip
    boards, texts = _answer(walls[-1].centre[2] - 2.0)
    return Scene(walls, tuple(ribbons), tuple(plots), (*labels, *texts), boards)


def _answer(z: float) -> tuple[tuple[Board, ...], list[Label]]:
    panel, border = (0.051, 0.071, 0.106, 0.95), (0.114, 0.153, 0.216, 1.0)
    boards = [Board((0.0, 1.5, z), (3.2, 2.6), panel, border, 0.015)]
    texts = [
        Label("Answer", (-1.4, 2.5, z), 0.14, (0.91, 0.93, 0.96, 1.0), is_bold=True, priority=2)
    ]
    for line, (name, share) in enumerate(
        (("sunflower", 0.62), ("lotus", 0.14), ("water lilly", 0.08), ("cougar face", 0.05),
         ("strawberry", 0.03))
    ):  # fmt: skip
        y = 2.2 - 0.36 * line
        boards.append(Board((0.0, y - 0.1, z), (2.8, 0.07), (0.09, 0.13, 0.19, 1.0)))
        wide = 2.8 * share
        boards.append(Board((-1.4 + wide / 2, y - 0.1, z), (wide, 0.07), (0.31, 0.714, 1.0, 1.0)))
        texts.append(Label(name, (-1.4, y, z), 0.085, (0.84, 0.87, 0.92, 1.0)))
        texts.append(Label(f"{share:.0%}", (1.4, y, z), 0.085, (0.54, 0.59, 0.67, 1.0),
                           anchor="right-bottom"))  # fmt: skip
    return tuple(boards), texts


def orbit(degrees: float) -> float:
    """Return radians."""
    return math.radians(degrees)

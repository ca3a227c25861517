"""Tiles: what one texture upload holds, and how many of them travel in one body.

A tile is one mip level of one block (at most 256 channels) of one node in one snapshot. A body is
a sequence of records. Each record is a 64-byte little-endian header, a table of `count` float32
scales, padding to 64 bytes, the payload in `[n, h, w]` (images `[n, h, w, 3]`) order, padding to
64 bytes. So every payload starts on a 64-byte boundary of the body, and a reader takes NumPy views
of it without a copy.

Level L of a channel of `h` x `w` is `max(1, h >> L)` x `max(1, w >> L)`: mean over the exact area,
level 0 is exact. float16 carries values. int8 carries `value = q / 127 * scale[c]`. The scale of a
channel is its largest absolute value at level 0, for every level and either dtype, so a reader
knows a channel's range from any of its tiles.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layerwalk_shared.errors import TileError

BLOCK_CHANNELS = 256
"""Channels of a block at most: OpenGL 3.3 guarantees 256 array layers."""
ALIGNMENT = 64
MAGIC = b"LWTL"
VERSION = 1
MEDIA_TYPE = "application/x-layerwalk-tiles"
MAX_SIDE = 16384
MAX_LEVEL = 15

_HEADER = struct.Struct("<4sHBBIHBBIIIIIIQQ8x")
assert _HEADER.size == ALIGNMENT
_PADDING = memoryview(bytes(ALIGNMENT))


class TileType(IntEnum):
    """How the values of a tile are stored."""

    FLOAT16 = 1
    INT8 = 2
    RGB8 = 3


_NUMPY_TYPES: dict[TileType, np.dtype[Any]] = {
    TileType.FLOAT16: np.dtype("<f2"),
    TileType.INT8: np.dtype("i1"),
    TileType.RGB8: np.dtype("u1"),
}
_TYPES: dict[int, TileType] = {int(dtype): dtype for dtype in TileType}
_SCALE_TYPE = np.dtype("<f4")


@dataclass(frozen=True, slots=True, order=True)
class TileKey:
    """Which tile: node index in its graph, block, mip level."""

    node: int
    block: int
    level: int


@dataclass(frozen=True, slots=True)
class Tile:
    """One mip level of one block of one node.

    Attributes:
        key: node index, block, level.
        dtype: storage of `values`.
        first_channel: channel of `values[0]`.
        values: `[n, h, w]` float16 or int8, or `[n, h, w, 3]` uint8; C-contiguous, read-only.
        scales: `[n]` float32, largest absolute level-0 value of each channel (1 for images).
        generation: revision of the snapshot it was taken from; never comes back.
    """

    key: TileKey
    dtype: TileType
    first_channel: int
    values: NDArray[Any]
    scales: NDArray[np.float32]
    generation: int

    def __post_init__(self) -> None:
        expected = _NUMPY_TYPES[self.dtype]
        ndim = 4 if self.dtype is TileType.RGB8 else 3
        if self.values.dtype != expected or self.values.ndim != ndim:
            raise TileError(
                f"tile {self.key}: values are {self.values.dtype} of shape {self.values.shape}, "
                f"expected {expected} with {ndim} axes for {self.dtype.name}"
            )
        if ndim == 4 and self.values.shape[3] != 3:
            raise TileError(f"tile {self.key}: image has {self.values.shape[3]} colours, not 3")
        _check_counts(
            self.values.shape[0], self.values.shape[1], self.values.shape[2], self.key, "tile"
        )
        if self.scales.shape != (self.values.shape[0],) or self.scales.dtype != np.float32:
            raise TileError(
                f"tile {self.key}: scales are {self.scales.dtype} of shape {self.scales.shape}, "
                f"expected float32 of shape ({self.values.shape[0]},)"
            )

    @property
    def shape_hw(self) -> tuple[int, int]:
        return int(self.values.shape[1]), int(self.values.shape[2])

    @property
    def count(self) -> int:
        return int(self.values.shape[0])

    @property
    def payload_bytes(self) -> int:
        return int(self.values.nbytes)

    def floats(self) -> NDArray[np.float32]:
        """Return the values as float32 `[n, h, w]` (images: `[n, h, w, 3]` in 0..1)."""
        if self.dtype is TileType.RGB8:
            return self.values.astype(np.float32) / np.float32(255)
        if self.dtype is TileType.FLOAT16:
            return self.values.astype(np.float32)
        return self.values.astype(np.float32) * (self.scales / np.float32(127))[:, None, None]


def level_shape(shape_hw: tuple[int, int], level: int) -> tuple[int, int]:
    """Return the (h, w) of a mip level: `max(1, n >> level)` each."""
    height, width = shape_hw
    return max(1, height >> level), max(1, width >> level)


def level_count(shape_hw: tuple[int, int]) -> int:
    """Return the number of mip levels down to 1 x 1, level 0 included; at most `MAX_LEVEL` + 1."""
    return min(max(shape_hw).bit_length(), MAX_LEVEL + 1)


def block_count(channels: int) -> int:
    """Return the number of blocks of a node with `channels` channels."""
    return -(-channels // BLOCK_CHANNELS)


def block_channels(channels: int, block: int) -> range:
    """Return the channels that block `block` holds.

    Raises:
        TileError: the node has no such block.
    """
    if not 0 <= block < block_count(channels):
        raise TileError(f"block {block} of {block_count(channels)} ({channels} channels)")
    first = block * BLOCK_CHANNELS
    return range(first, min(first + BLOCK_CHANNELS, channels))


def overview_level(shape_hw: tuple[int, int], side: int) -> int:
    """Return the finest level whose longer side is at most `side`, the last where none is."""
    levels = range(level_count(shape_hw))
    return next(
        (level for level in levels if max(level_shape(shape_hw, level)) <= max(1, side)),
        levels[-1],
    )


def _check_counts(count: int, height: int, width: int, where: object, what: str) -> None:
    if not 1 <= count <= BLOCK_CHANNELS:
        raise TileError(f"{what} {where}: {count} channels, expected 1 to {BLOCK_CHANNELS}")
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise TileError(f"{what} {where}: {height} x {width}, expected sides of 1 to {MAX_SIDE}")


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def _lay_head(
    body: NDArray[np.uint8],
    offset: int,
    *,
    key: TileKey,
    dtype: TileType,
    first_channel: int,
    shape: tuple[int, ...],
    scales: NDArray[np.float32],
    generation: int,
) -> int:
    """Write header, scales and padding of one record; return where its payload starts."""
    count, height, width = shape[:3]
    payload_bytes = math.prod(shape) * _NUMPY_TYPES[dtype].itemsize
    _HEADER.pack_into(
        body.data, offset, MAGIC, VERSION, int(dtype), key.level, key.node, key.block, 0, 0,
        first_channel, count, height, width, 4 * count, 0, payload_bytes, generation,
    )  # fmt: skip
    table = offset + ALIGNMENT
    table_end = table + 4 * count
    start = offset + _aligned(ALIGNMENT + 4 * count)
    body[table:table_end].view(_SCALE_TYPE)[...] = scales
    if table_end < start:
        body[table_end:start] = 0
    return start


def encode_parts(tiles: Iterable[Tile]) -> Iterator[memoryview]:
    """Yield the buffers of a body in order, payloads as views of the tiles (no copy)."""
    for tile in tiles:
        payload = np.ascontiguousarray(tile.values)
        head = np.empty(_aligned(ALIGNMENT + 4 * tile.count), np.uint8)
        _lay_head(
            head,
            0,
            key=tile.key,
            dtype=tile.dtype,
            first_channel=tile.first_channel,
            shape=tile.values.shape,
            scales=tile.scales,
            generation=tile.generation,
        )
        yield head.data
        yield payload.data.cast("B")
        rest = _aligned(payload.nbytes) - payload.nbytes
        if rest:
            yield _PADDING[:rest]


def record_size(dtype: TileType, shape: tuple[int, ...]) -> int:
    """Return the bytes of one record whose values have `shape` (`[n, h, w]` or `[n, h, w, 3]`)."""
    payload = math.prod(shape) * _NUMPY_TYPES[dtype].itemsize
    return _aligned(ALIGNMENT + 4 * shape[0]) + _aligned(payload)


def lay_record(
    body: NDArray[np.uint8],
    offset: int,
    *,
    key: TileKey,
    dtype: TileType,
    first_channel: int,
    shape: tuple[int, ...],
    scales: NDArray[np.float32],
    generation: int,
) -> tuple[NDArray[np.generic], int]:
    """Write all of one record but its values; return where they belong, and the record's end.

    So values can be converted straight into a body, without a tile of their own.

    Args:
        body: `[bytes]`, writable; the record takes `record_size(dtype, shape)` from `offset` on.
        offset: a multiple of 64.
        key, dtype, first_channel, scales, generation: as in `Tile`.
        shape: of the values, `[n, h, w]` or `[n, h, w, 3]`.

    Returns:
        A writable view of `body` of `shape`, and the offset of the next record.
    """
    start = _lay_head(
        body,
        offset,
        key=key,
        dtype=dtype,
        first_channel=first_channel,
        shape=shape,
        scales=scales,
        generation=generation,
    )
    stop = start + math.prod(shape) * _NUMPY_TYPES[dtype].itemsize
    end = start + _aligned(stop - start)
    if stop < end:
        body[stop:end] = 0
    return body[start:stop].view(_NUMPY_TYPES[dtype]).reshape(shape), end


def encoded_size(tiles: Sequence[Tile]) -> int:
    """Return the bytes of the body of `tiles`, for a Content-Length."""
    return sum(record_size(tile.dtype, tile.values.shape) for tile in tiles)


def encode(tiles: Iterable[Tile]) -> bytes:
    """Return one body that holds `tiles` in order."""
    return b"".join(encode_parts(tiles))


def decode(buffer: bytes | bytearray | memoryview) -> list[Tile]:
    """Return the tiles of a body; their arrays are read-only views of `buffer`.

    Raises:
        TileError: the bytes are not such a body. Nothing is read out of bounds, and nothing is
            allocated from a size that the bytes merely claim.
    """
    view = memoryview(buffer)
    if view.format != "B" or view.ndim != 1:
        view = view.cast("B")
    view = view.toreadonly()
    tiles: list[Tile] = []
    starts: list[int] = []
    offset = 0
    while offset < len(view):
        starts.append(offset)
        tile, offset = _decode_one(view, offset)
        tiles.append(tile)
    _check_scales(tiles, starts)
    return tiles


def _decode_one(view: memoryview, offset: int) -> tuple[Tile, int]:
    if len(view) - offset < ALIGNMENT:
        raise TileError(
            f"record at byte {offset}: {len(view) - offset} bytes left, a header takes 64"
        )
    (
        magic, version, dtype_code, level, node, block, reserved_a, reserved_b,
        first_channel, count, height, width, table_bytes, reserved_c, payload_bytes, generation,
    ) = _HEADER.unpack_from(view, offset)  # fmt: skip
    dtype = _TYPES.get(dtype_code)
    if magic != MAGIC or version != VERSION or reserved_a or reserved_b or reserved_c or not dtype:
        raise _not_ours(view, offset)
    if level > MAX_LEVEL:
        raise TileError(f"record at byte {offset}: level {level}, expected at most {MAX_LEVEL}")
    if not (1 <= count <= BLOCK_CHANNELS and 1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        _check_counts(count, height, width, f"at byte {offset}", "record")
    if first_channel != block * BLOCK_CHANNELS:
        raise TileError(
            f"record at byte {offset}: block {block} cannot start at channel {first_channel}"
        )
    if table_bytes != 4 * count:
        raise TileError(
            f"record at byte {offset}: table of {table_bytes} bytes, expected {4 * count}"
        )
    shape = (count, height, width, 3) if dtype is TileType.RGB8 else (count, height, width)
    numpy_type = _NUMPY_TYPES[dtype]
    values_count = math.prod(shape)
    expected = values_count * numpy_type.itemsize
    if payload_bytes != expected:
        raise TileError(
            f"record at byte {offset}: payload of {payload_bytes} bytes, expected {expected}"
        )
    payload_at = offset + _aligned(ALIGNMENT + table_bytes)
    end = payload_at + _aligned(payload_bytes)
    if end > len(view):
        raise TileError(f"record at byte {offset}: ends at byte {end}, the body at {len(view)}")
    tile = object.__new__(Tile)  # its fields agree, as was seen: they are not looked at again
    put = object.__setattr__
    put(tile, "key", TileKey(node, block, level))
    put(tile, "dtype", dtype)
    put(tile, "first_channel", first_channel)
    put(tile, "values", np.frombuffer(view, numpy_type, values_count, payload_at).reshape(shape))
    put(tile, "scales", np.frombuffer(view, _SCALE_TYPE, count, offset + ALIGNMENT))
    put(tile, "generation", generation)
    return tile, end


def _not_ours(view: memoryview, offset: int) -> TileError:
    """Return what is wrong with the fixed fields of a header."""
    magic, version, dtype_code = _HEADER.unpack_from(view, offset)[:3]
    if magic != MAGIC:
        return TileError(f"record at byte {offset}: begins with {magic!r}, expected {MAGIC!r}")
    if version != VERSION:
        return TileError(f"record at byte {offset}: version {version}, this side reads {VERSION}")
    if dtype_code not in _TYPES:
        return TileError(f"record at byte {offset}: dtype {dtype_code} is unknown")
    return TileError(f"record at byte {offset}: reserved fields are not zero")


def _check_scales(tiles: Sequence[Tile], starts: Sequence[int]) -> None:
    """Look at all scales of a body at once; NaN and infinities fail the comparison."""
    if not tiles:
        return
    together = np.concatenate([tile.scales for tile in tiles])
    if (together >= 0).all() and (together < np.inf).all():
        return
    for tile, start in zip(tiles, starts, strict=True):
        if not ((tile.scales >= 0).all() and (tile.scales < np.inf).all()):
            raise TileError(f"record at byte {start}: scales must be finite and not negative")

"""Laws of the tile format: what is encoded comes back, nothing is copied, hostile bytes raise."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerwalk_shared.errors import TileError
from layerwalk_shared.tiles import (
    BLOCK_CHANNELS,
    MAX_LEVEL,
    Tile,
    TileKey,
    TileType,
    block_channels,
    block_count,
    decode,
    encode,
    encode_parts,
    encoded_size,
    lay_record,
    level_count,
    level_shape,
    overview_level,
)


@st.composite
def tiles(draw: st.DrawFn) -> Tile:
    dtype = draw(st.sampled_from(TileType))
    block = draw(st.integers(0, 3))
    count, height, width = (draw(st.integers(1, top)) for top in (9, 12, 12))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if dtype is TileType.FLOAT16:
        values = generator.normal(size=(count, height, width)).astype(np.float16)
    elif dtype is TileType.INT8:
        values = generator.integers(-127, 128, (count, height, width), dtype=np.int8)
    else:
        values = generator.integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    return Tile(
        key=TileKey(draw(st.integers(0, 2**32 - 1)), block, draw(st.integers(0, 15))),
        dtype=dtype,
        first_channel=block * BLOCK_CHANNELS,
        values=values,
        scales=generator.random(count).astype(np.float32),
        generation=draw(st.integers(1, 2**64 - 1)),
    )


def one_tile(**changes: object) -> Tile:
    fields = {
        "key": TileKey(7, 1, 2),
        "dtype": TileType.INT8,
        "first_channel": 256,
        "values": np.arange(30, dtype=np.int8).reshape(2, 3, 5),
        "scales": np.array([1.5, 0.25], np.float32),
        "generation": 9,
    }
    return Tile(**(fields | changes))  # type: ignore[arg-type]


@given(st.lists(tiles(), max_size=5))
@settings(max_examples=60, deadline=None)
def test_what_is_encoded_comes_back(sent: list[Tile]) -> None:
    body = encode(sent)
    assert len(body) == encoded_size(sent)
    received = decode(body)
    assert len(received) == len(sent)
    for before, after in zip(sent, received, strict=True):
        assert (after.key, after.dtype, after.first_channel, after.generation) == (
            before.key,
            before.dtype,
            before.first_channel,
            before.generation,
        )
        assert after.values.tobytes() == before.values.tobytes()
        assert after.values.shape == before.values.shape
        np.testing.assert_array_equal(after.scales, before.scales)


def test_header_is_laid_out_as_documented() -> None:
    body = encode([one_tile()])
    fields = struct.unpack_from("<4sHBBIHBBIIIIIIQQ", body)
    assert fields == (b"LWTL", 1, 2, 2, 7, 1, 0, 0, 256, 2, 3, 5, 8, 0, 30, 9)
    assert struct.unpack_from("<2f", body, 64) == (1.5, 0.25)
    assert body[128 : 128 + 30] == bytes(range(30))
    assert len(body) == 192


def test_decoding_copies_no_values_and_gives_read_only_views() -> None:
    body = bytearray(encode([one_tile(), one_tile()]))
    received = decode(body)
    for tile in received:
        assert np.shares_memory(tile.values, np.frombuffer(body, np.uint8))
        assert not tile.values.flags.writeable
        assert tile.values.ctypes.data % 64 == received[0].values.ctypes.data % 64


def test_encoding_yields_payloads_without_copies() -> None:
    tile = one_tile()
    parts = list(encode_parts([tile]))
    assert any(
        isinstance(part, memoryview) and np.shares_memory(np.asarray(part), tile.values)
        for part in parts
    )


@given(st.lists(tiles(), min_size=1, max_size=3))
@settings(max_examples=30, deadline=None)
def test_values_laid_straight_into_a_body_make_the_same_bytes(sent: list[Tile]) -> None:
    body = np.full(encoded_size(sent), 0xAA, np.uint8)
    offset = 0
    for tile in sent:
        values, offset = lay_record(
            body,
            offset,
            key=tile.key,
            dtype=tile.dtype,
            first_channel=tile.first_channel,
            shape=tile.values.shape,
            scales=tile.scales,
            generation=tile.generation,
        )
        values[...] = tile.values
    assert offset == len(body)
    assert body.tobytes() == encode(sent)


def test_int8_values_are_scaled_per_channel() -> None:
    tile = one_tile(values=np.full((2, 1, 1), 127, np.int8))
    np.testing.assert_allclose(tile.floats().ravel(), [1.5, 0.25], rtol=1e-6)


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_random_bytes_raise_only_tile_errors(noise: bytes) -> None:
    if noise:
        with pytest.raises(TileError):
            decode(noise)


@given(st.integers(0, 191), st.integers(0, 255))
@settings(max_examples=400, deadline=None)
def test_a_damaged_body_never_reads_out_of_bounds(place: int, value: int) -> None:
    body = bytearray(encode([one_tile()]))
    body[place] = value
    try:
        (tile,) = decode(body)
    except TileError:
        return
    assert tile.values.nbytes == 30
    assert np.isfinite(tile.scales).all()


@given(st.integers(1, 191))
def test_a_cut_body_raises(length: int) -> None:
    with pytest.raises(TileError):
        decode(encode([one_tile()])[:length])


def test_huge_claims_allocate_nothing() -> None:
    body = bytearray(encode([one_tile()]))
    struct.pack_into("<II", body, 24, 16384, 16384)
    struct.pack_into("<Q", body, 40, 2 * 16384 * 16384)
    with pytest.raises(TileError, match=r"ends at byte|payload"):
        decode(body)


@pytest.mark.parametrize(
    "changes",
    [
        {"values": np.zeros((2, 3, 5), np.float32)},
        {"values": np.zeros((2, 3), np.int8)},
        {"values": np.zeros((257, 1, 1), np.int8), "scales": np.ones(257, np.float32)},
        {"values": np.zeros((2, 0, 1), np.int8)},
        {"scales": np.ones(3, np.float32)},
        {"scales": np.ones(2, np.float64)},
    ],
)
def test_a_tile_that_contradicts_itself_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(TileError):
        one_tile(**changes)


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_levels_halve_down_to_one(height: int, width: int) -> None:
    count = level_count((height, width))
    assert level_shape((height, width), 0) == (height, width)
    assert level_shape((height, width), count - 1) == (1, 1)
    if count > 1:
        assert max(level_shape((height, width), count - 2)) > 1
    level = overview_level((height, width), 8)
    assert max(level_shape((height, width), level)) <= 8
    assert level == 0 or max(level_shape((height, width), level - 1)) > 8


def test_a_picture_longer_than_the_levels_reach_has_a_last_one() -> None:
    assert level_count((1, 2_000_000)) == MAX_LEVEL + 1
    assert overview_level((1, 2_000_000), 8) == MAX_LEVEL


@given(st.integers(1, 5000))
def test_blocks_hold_every_channel_once(channels: int) -> None:
    held = [c for block in range(block_count(channels)) for c in block_channels(channels, block)]
    assert held == list(range(channels))
    with pytest.raises(TileError):
        block_channels(channels, block_count(channels))

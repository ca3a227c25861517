"""Every view at every level is the picture that a plain reading of its words gives."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn

from layerwalk.pyramid import make_level, make_pictures
from layerwalk.session import Session
from layerwalk.snapshots import Snapshot
from layerwalk.statistics import channel_rows
from layerwalk.tilestore import TileStore
from layerwalk_shared.errors import TooLargeError
from layerwalk_shared.graph import View
from layerwalk_shared.messages import InputSpec
from layerwalk_shared.tiles import (
    TileKey,
    block_channels,
    block_count,
    decode,
    level_count,
    level_shape,
)
from layerwalk_shared.views import possible_views, tensor_index
from server.frozen import make_snapshot

ANY = InputSpec(kind="tensor", shape=(1,))
Array = NDArray[np.float64]


def squared(cells: list[Array]) -> Array:
    """Cells of one size in rows of ceil(sqrt(n)), zeros behind."""
    columns = math.ceil(math.sqrt(len(cells)))
    rows = math.ceil(len(cells) / columns)
    cells = cells + [np.zeros_like(cells[0])] * (rows * columns - len(cells))
    return np.block([cells[row * columns : (row + 1) * columns] for row in range(rows)])


def expected_pictures(view: View, values: Array) -> Array:
    """The pictures of a view, `[C, h, w]`, told with NumPy's words for stacking and cutting."""
    if view == "vector":
        columns = math.ceil(math.sqrt(values.size))
        picture = np.zeros((1, math.ceil(values.size / columns), columns))
        picture.flat[: values.size] = values.flat
        return picture
    if view == "maps":
        return np.stack([np.vstack(one.reshape(-1, *one.shape[-2:])) for one in values])
    if view in ("tokens", "sequence", "attention"):
        return values.reshape(-1, *values.shape[-2:])
    if view == "volume":
        return np.stack([squared(list(slices)) for slices in values])
    if view == "frames":
        return np.stack([squared(list(values[:, c])) for c in range(values.shape[1])])
    assert view == "grid"
    if values.ndim == 2:
        side = int(math.sqrt(len(values)))
        values = values[len(values) - side * side :].reshape(side, side, -1)
    return np.moveaxis(values, -1, 0)


def integral_mean(picture: Array, shape_hw: tuple[int, int]) -> Array:
    """Means over equal areas, by the integral of the picture read between its corners."""

    def corners(values: Array, parts: int) -> Array:
        total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, 0)])
        at = np.linspace(0, len(values), parts + 1)
        columns = [np.interp(at, np.arange(len(total)), one) for one in total.T]
        return np.diff(np.stack(columns, 1), axis=0) * parts / len(values)

    return corners(corners(picture, shape_hw[0]).T, shape_hw[1]).T


COLOURED = ("image", "pictures")


@st.composite
def tensors(draw: st.DrawFn) -> tuple[View, NDArray[np.float32]]:
    axes = draw(st.integers(0, 5))
    top = (400, 60, 20, 9, 6, 4)[axes]
    shape = tuple(draw(st.integers(1, top)) for _ in range(axes))
    view = draw(st.sampled_from([one for one in possible_views(shape) if one not in COLOURED]))
    values = np.random.default_rng(draw(st.integers(0, 2**32))).normal(size=shape)
    return view, np.asarray(values, np.float32)


@given(tensors())
@settings(max_examples=150, deadline=None)
def test_pictures_and_levels_are_those_of_the_reference(
    case: tuple[View, NDArray[np.float32]],
) -> None:
    view, values = case
    expected = expected_pictures(view, values.astype(np.float64))
    pictures = make_pictures(values, view=view, input_spec=ANY)
    assert (pictures.values.numpy() == expected).all()
    assert (pictures.scales == np.abs(expected).max((1, 2))).all()
    bound = 1e-5 * max(1, np.abs(expected).max())
    for level in range(level_count(pictures.shape_hw)):
        made = make_level(pictures, level).numpy()
        shape_hw = level_shape(pictures.shape_hw, level)
        reference = np.stack([integral_mean(one, shape_hw) for one in expected])
        np.testing.assert_allclose(made, reference, rtol=0, atol=bound)


@given(tensors(), st.data())
@settings(max_examples=80, deadline=None)
def test_some_channels_are_those_of_the_whole_and_cells_hold_what_the_index_says(
    case: tuple[View, NDArray[np.float32]], data: st.DataObject
) -> None:
    view, values = case
    whole = make_pictures(values, view=view, input_spec=ANY).values.numpy()
    first = data.draw(st.integers(0, len(whole) - 1))
    last = data.draw(st.integers(first + 1, len(whole)))
    part = make_pictures(values, view=view, input_spec=ANY, channels=slice(first, last))
    assert (part.values.numpy() == whole[first:last]).all()
    row, column = (data.draw(st.integers(0, size - 1)) for size in whole.shape[1:])
    index = tensor_index(view, values.shape, first, row, column)
    assert whole[first, row, column] == (0 if index is None else values[index])


def shown(array: NDArray[np.generic], view: View) -> Snapshot:
    return make_snapshot(array, views={0: view})  # type: ignore[arg-type]


def tiles_of(snapshot: Snapshot, level: int, *, dtype: str = "float16") -> NDArray[np.float32]:
    store = TileStore()
    count = snapshot.pictures(0)[0]
    keys = [TileKey(0, block, level) for block in range(block_count(count))]
    try:
        body = store.body(snapshot, keys, dtype=dtype)  # type: ignore[arg-type]
    finally:
        store.close()
    found = decode(body)
    assert [tile.count for tile in found] == [len(block_channels(count, key.block)) for key in keys]
    return np.concatenate([tile.floats() for tile in found])


@pytest.mark.parametrize(
    ("view", "shape"),
    [
        ("vector", (50257,)),
        ("vector", (1_000_000,)),
        ("tokens", (2048, 1024)),
        ("grid", (201, 768)),  # three blocks; class token and four registers
        ("grid", (7, 5, 300)),
        ("attention", (300, 9, 9)),
        ("volume", (270, 5, 6, 4)),
        ("frames", (11, 3, 30, 20)),
        ("maps", (2, 3, 4, 5, 6)),
    ],
)
def test_tiles_of_large_tensors_are_those_of_the_reference(
    view: View, shape: tuple[int, ...]
) -> None:
    values = np.random.default_rng(5).normal(size=shape).astype(np.float32)
    expected = expected_pictures(view, values.astype(np.float64))
    snapshot = shown(values, view)
    for level in (0, 1, level_count(expected.shape[1:]) - 1):
        shape_hw = level_shape(expected.shape[1:], level)
        reference = np.stack([integral_mean(one, shape_hw) for one in expected])
        bound = np.abs(expected).max()
        made = tiles_of(snapshot, level)
        np.testing.assert_allclose(made, reference, rtol=0, atol=bound / 2**11 + 1e-5)
        made = tiles_of(snapshot, level, dtype="int8")
        np.testing.assert_allclose(made, reference, rtol=0, atol=bound / 127)


def test_a_side_over_what_a_tile_holds_has_its_higher_levels() -> None:
    values = np.random.default_rng(5).normal(size=(3, 50257)).astype(np.float32)
    snapshot = shown(values, "tokens")
    with pytest.raises(TooLargeError, match=r"level 0 is 3 x 50257.*ask for a higher level"):
        tiles_of(snapshot, 0)
    reference = integral_mean(values.astype(np.float64), (1, 12564))
    np.testing.assert_allclose(tiles_of(snapshot, 2)[0], reference, rtol=0, atol=2e-3)


def test_an_overview_holds_the_longest_of_strips_too() -> None:
    values = np.random.default_rng(5).normal(size=(2, 2_000_000)).astype(np.float32)
    snapshot = shown(values, "tokens")
    store = TileStore()
    try:
        (chunk,) = store.overview(snapshot, 8, dtype="float16").chunks
    finally:
        store.close()
    (tile,) = decode(chunk.view)
    assert tile.key.level == 15
    reference = integral_mean(values.T.astype(np.float64), (61, 1))
    np.testing.assert_allclose(tile.floats()[0].T, reference, rtol=0, atol=1e-4)


@pytest.mark.parametrize("view", ["volume", "frames", "vector", "grid"])
def test_statistics_of_a_channel_leave_out_the_cells_that_hold_nothing(view: View) -> None:
    shape = {"volume": (2, 5, 3, 4), "frames": (5, 2, 3, 4), "vector": (7,), "grid": (5, 2)}[view]
    values = 1 + np.random.default_rng(5).random(size=shape).astype(np.float32)
    rows = channel_rows(values, view)
    assert (rows > 0).all()
    shown_values = values[1:] if view == "grid" else values
    assert rows.sum(dtype=float) == pytest.approx(shown_values.sum(dtype=float))


def test_a_double_beyond_float32_becomes_the_largest_of_the_others() -> None:
    snapshot = shown(np.array([[[1e300, -2.0, 3.0]]]), "maps")
    assert tiles_of(snapshot, 0).tolist() == [[[3.0, -2.0, 3.0]]]


class Kinds(nn.Module):
    """Gives its input in another type, shape or both."""

    def __init__(self, dtype: torch.dtype, shape: tuple[int, ...] | None = None) -> None:
        super().__init__()
        self.kind, self.shape = dtype, shape

    def forward(self, x: Tensor) -> Tensor:
        made = (x * 40).to(self.kind).clone()
        return made if self.shape is None else made.reshape(self.shape)


@pytest.mark.parametrize(
    "dtype",
    [
        torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
        torch.float16, torch.bfloat16, torch.float64, torch.complex64,
    ],
    ids=str,
)  # fmt: skip
def test_every_type_of_a_tensor_has_its_picture(dtype: torch.dtype) -> None:
    x = torch.arange(0, 10).reshape(1, 1, 2, 5) / 2
    if dtype.is_signed:
        x = x - 3
    plain = (x * 40).to(dtype)[0]
    expected = plain.abs() if dtype.is_complex else plain
    with Session() as session:
        session.add_network(Kinds(dtype), x, detail="operations")
        snapshot = session.snapshot(session.snapshots("n1")[0].id)
        node = len(snapshot.graph.nodes) - 1
        body = session.tiles.body(snapshot, [TileKey(node, 0, 0)], dtype="float16")
        assert (decode(body)[0].floats() == expected.float().numpy()).all()


@pytest.mark.parametrize("shape", [(), (10,), (1, 10), (2, 5), (1, 2, 5, 1, 1, 1)])
def test_a_value_without_batch_axis_has_its_picture(shape: tuple[int, ...]) -> None:
    size = max(1, math.prod(shape))
    x = torch.arange(1.0, size + 1)[None]
    with Session() as session:
        session.add_network(Kinds(torch.float32, shape), x)
        snapshot = session.snapshot(session.snapshots("n1")[0].id)
        node = len(snapshot.graph.nodes) - 1
        body = session.tiles.body(snapshot, [TileKey(node, 0, 0)], dtype="float16")
        found = decode(body)[0].floats()
        assert sorted(found[found != 0].tolist()) == (x[0] * 40).tolist()


def test_a_tensor_without_elements_has_no_values_and_harms_nobody() -> None:
    class Nothing(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x[:, :0].relu()

    with Session() as session:
        session.add_network(Nothing(), torch.zeros(1, 3, 8, 8))
        manifest = session.snapshots("n1")[0]
        assert not manifest.nodes[-1].has_values
        assert manifest.nodes[0].has_values

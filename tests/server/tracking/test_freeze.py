"""From tensors to arrays and numbers, against NumPy in double precision."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import Tensor, nn

from layerwalk.tracking import FrozenValues, Recorder, Recording, freeze, snapshot, trace
from layerwalk_shared.errors import InvalidRequestError, NotFoundError
from layerwalk_shared.graph import Graph, Node


def _frozen(value: Tensor, *, view: str = "maps", batch_item: int = 0) -> FrozenValues:
    shape = tuple(value.shape[1:])
    node = Node(
        id="n", name="n", kind="module", operation="X", shape=shape, view=view, channels=1,
        height=1, width=1,
    )  # fmt: skip
    recording = Recording(
        {"n": value}, None, None, departure=None, batch=len(value), batch_axes={"n": 0}
    )
    return freeze(recording, Graph(nodes=(node,)), batch_item=batch_item)


def _reference(values: np.ndarray) -> dict[str, float]:
    finite = values[np.isfinite(values)].astype(np.float64)
    return {
        "minimum": finite.min(),
        "maximum": finite.max(),
        "mean": finite.mean(),
        "std": finite.std(),
        "zeros": float((finite == 0).mean()),
    }


CASES = {
    "normal": torch.randn(1, 5, 30, 40),
    "relu": torch.randn(1, 5, 30, 40).relu(),
    "far from zero": torch.randn(1, 3, 20, 20) + 1e4,
    "one value": torch.full((1, 2, 8, 8), 3.25),
    "zeros": torch.zeros(1, 2, 8, 8),
    "huge": torch.randn(1, 2, 8, 8) * 1e30,
    "largest": torch.tensor([[[[3.4e38, -3.4e38, 0.0]]]]),
    "tiny": torch.randn(1, 2, 8, 8) * 1e-30,
    "double": torch.randn(1, 2, 8, 8, dtype=torch.float64) * 1e150,
    "blocks": torch.randn(1, 1, 1200, 700).relu(),
    "integers": torch.randint(-5, 100, (1, 2, 8, 8)),
    "bytes": torch.randint(0, 255, (1, 2, 8, 8), dtype=torch.uint8),
    "booleans": torch.rand(1, 2, 8, 8) > 0.3,
    "strided": torch.randn(1, 8, 8, 4).permute(0, 3, 1, 2),
    "expanded": torch.randn(1, 4, 1, 1).expand(1, 4, 6, 6),
    "nan": torch.randn(1, 2, 8, 8).index_fill_(3, torch.tensor([2]), float("nan")),
    "inf": torch.randn(1, 2, 8, 8).index_fill_(3, torch.tensor([0, 5]), float("-inf")),
}


@pytest.mark.parametrize("name", CASES)
def test_values_are_exact_and_numbers_are_right(name: str) -> None:
    value = CASES[name]
    frozen = _frozen(value)
    array, found = frozen.values[0], frozen.statistics[0]
    expected = value[0].numpy()
    assert array is not None
    assert array.dtype == expected.dtype
    np.testing.assert_array_equal(array, expected)
    assert array.flags.c_contiguous
    assert not array.flags.writeable
    reference = _reference(expected)
    for key, wanted in reference.items():
        tolerance = 1e-9 if name == "double" else 2e-5
        scale = max(abs(reference["minimum"]), abs(reference["maximum"]), 1e-300)
        atol = tolerance * (reference["std"] if key in ("mean", "std") else scale)
        assert_allclose(getattr(found, key), wanted, rtol=tolerance, atol=atol, err_msg=key)
    assert found.not_finite == np.count_nonzero(~np.isfinite(expected))
    assert found.has_values
    assert found.shape == expected.shape


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_becomes_single(dtype: torch.dtype) -> None:
    value = torch.randn(1, 2, 4, 4).to(dtype)
    array = _frozen(value).values[0]
    assert array is not None
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, value[0].float().numpy())


def test_complex_numbers_become_their_absolute_values() -> None:
    value = torch.randn(1, 2, 4, 4, dtype=torch.complex64)
    array = _frozen(value).values[0]
    assert array is not None
    np.testing.assert_array_equal(array, value[0].abs().numpy())


def test_nothing_but_nan_has_no_range() -> None:
    found = _frozen(torch.full((1, 2, 3, 3), float("nan"))).statistics[0]
    assert (found.minimum, found.maximum, found.not_finite) == (0, 0, 18)


def test_an_empty_tensor_has_no_values() -> None:
    frozen = _frozen(torch.zeros(1, 0, 4, 4))
    assert frozen.values == (None,)
    assert not frozen.statistics[0].has_values
    assert frozen.statistics[0].shape == (0, 4, 4)


def test_an_item_does_not_keep_the_batch_alive() -> None:
    value = torch.randn(8, 3, 4, 4)
    array = _frozen(value, batch_item=5).values[0]
    assert array is not None
    np.testing.assert_array_equal(array, value[5].numpy())
    assert not np.shares_memory(array, value.numpy())
    alone = _frozen(value[:1].clone()).values[0]
    assert alone is not None
    assert alone.base is not None, "a lone item needs no copy"


def test_an_item_that_there_is_not_is_refused() -> None:
    for item in (-1, 3):
        with pytest.raises(InvalidRequestError, match=f"item {item} of a batch of 3"):
            _frozen(torch.randn(3, 1, 2, 2), batch_item=item)


class Passing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.drop, self.pool = nn.Conv2d(3, 4, 1), nn.Dropout(), nn.AdaptiveAvgPool2d(1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.flatten(self.pool(self.drop(self.conv(x))), 1).unsqueeze(1).relu()


def test_the_same_values_are_named_once() -> None:
    model, x = Passing(), torch.randn(1, 3, 5, 5)
    traced = trace(model, x)
    with Recorder(model, traced) as recorder:
        recording = recorder.record(x)
    frozen = freeze(recording, traced.graph)
    ids = [node.id for node in traced.graph.nodes]
    assert ids == ["input", "conv", "drop", "pool", "flatten", "relu"]
    assert [found.same_as for found in frozen.statistics] == [None, None, 1, None, None, None]
    assert frozen.values[2] is frozen.values[1]
    # A flatten has the same numbers but is drawn otherwise: one picture instead of four.
    assert [found.pictures for found in frozen.statistics[3:5]] == [(4, 1, 1), (1, 2, 2)]


def test_other_shapes_than_traced_are_drawn_as_they_are() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    traced = trace(model, torch.randn(1, 3, 8, 8))
    with Recorder(model, traced) as recorder:
        frozen = freeze(recorder.record(torch.randn(1, 3, 12, 10)), traced.graph)
    shapes = [found.shape for found in frozen.statistics]
    assert shapes == [(3, 12, 10), (4, 10, 8), (4, 1, 1), (4,)]
    pictures = [found.pictures for found in frozen.statistics]
    assert pictures == [(1, 12, 10), (4, 10, 8), (4, 1, 1), (1, 2, 2)]


def test_a_view_that_cannot_show_another_rank_gives_way() -> None:
    class Rank(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * 2 if x.ndim == 4 else x + 1

    model = nn.Sequential(Rank())
    traced = trace(model, torch.randn(1, 3, 4, 4))
    with Recorder(model, traced) as recorder:
        frozen = freeze(recorder.record(torch.randn(1, 6)), traced.graph)
    assert [found.pictures for found in frozen.statistics] == [(1, 2, 3), (1, 2, 3)]


def test_a_batch_folded_into_the_first_axis_is_unfolded() -> None:
    class Windows(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            batch = len(x)
            x = self.fc(x.reshape(batch * 6, 2, 4))
            return x.reshape(batch, 6, 2, 4)

    model, x = Windows().eval(), torch.randn(3, 6, 2, 4)
    traced = trace(model, x[:1])
    assert traced.graph.node("fc").shape == (6, 2, 4)
    with Recorder(model, traced) as recorder:
        recording = recorder.record(x)
    array = freeze(recording, traced.graph, batch_item=2).values[1]
    assert array is not None
    np.testing.assert_array_equal(array, recording.values["fc"][12:].numpy())


def test_snapshot_finds_nodes_by_id_and_names_the_nearest() -> None:
    model, x = nn.Sequential(nn.Linear(3, 4), nn.ReLU()).eval(), torch.randn(1, 3)
    snap = snapshot(model, x)
    with torch.no_grad():
        np.testing.assert_array_equal(snap["0"].values, model[0](x)[0].numpy())
    assert snap["0"].node.operation == "Linear"
    assert torch.equal(snap.outputs[0], torch.from_numpy(np.array(snap["1"].values)))
    with pytest.raises(NotFoundError, match="nearest: 'input'"):
        snap["inputs"]

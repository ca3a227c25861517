"""Ranges and the legend's numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis.strategies import floats

from client.world.networks import manifest, resnet
from layerwalk_client.world.legend import legend, number
from layerwalk_client.world.ranges import node_range
from layerwalk_client.world.view import Appearance
from layerwalk_shared.messages import NodeStatistics

GRAPH = resnet((1,))
SHOWN = manifest(GRAPH)  # node i spans -i - 1 .. 2 i + 2


def test_each_mode_takes_its_value_from_its_place() -> None:
    last = len(GRAPH.nodes) - 1
    assert node_range(Appearance(mode="node"), SHOWN, 3) == 8.0
    assert node_range(Appearance(mode="shared"), SHOWN, 3) == 2 * last + 2
    assert node_range(Appearance(mode="shared"), SHOWN, None) == 2 * last + 2
    assert node_range(Appearance(mode="manual", manual=-0.5), None, None) == 0.5
    assert node_range(Appearance(mode="channel"), SHOWN, 3, channel_scale=1.5) == 1.5
    counted = SHOWN.nodes[3].model_copy(
        update={"quantiles": (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 7.5)}
    )
    told = SHOWN.model_copy(update={"nodes": (counted,)})
    assert node_range(Appearance(mode="percentile", percentile=99.0), told, 0) == 6.0
    assert node_range(Appearance(mode="percentile", percentile=99.25), told, 0) == 6.5
    assert node_range(Appearance(mode="percentile", percentile=100.0), told, 0) == 8.0


def test_what_is_not_known_is_none() -> None:
    blank = SHOWN.model_copy(
        update={"nodes": (NodeStatistics(shape=(1,), pictures=(1, 1, 1), has_values=False),)}
    )
    assert node_range(Appearance(), None, 3) is None
    assert node_range(Appearance(), SHOWN, None) is None
    assert node_range(Appearance(), blank, 0) is None
    assert node_range(Appearance(mode="shared"), blank, 0) is None
    assert node_range(Appearance(mode="percentile"), blank, 0) is None


def test_a_diverging_legend_runs_from_minus_the_range_to_the_range() -> None:
    made = legend(Appearance(), 8.0, is_diverging=True, statistics=SHOWN.nodes[3])
    assert [(tick.share, tick.text) for tick in made.ticks] == [
        (-1, "−8"), (-0.5, "−4"), (0, "0"), (0.5, "4"), (1, "8"),
    ]  # fmt: skip
    assert made.value_text == "−4 to 8"
    assert not made.is_clipped


def test_a_sequential_legend_begins_at_zero() -> None:
    made = legend(Appearance(table="magma"), 1.0, is_diverging=False)
    assert [tick.text for tick in made.ticks] == ["0", "0.25", "0.5", "0.75", "1"]
    assert made.table == "magma"
    assert made.value_text == ""


def test_a_legend_says_when_values_lie_beyond_its_range() -> None:
    fixed = Appearance(mode="manual", manual=5.0)
    assert legend(fixed, 5.0, is_diverging=True, statistics=SHOWN.nodes[3]).is_clipped
    assert not legend(fixed, 9.0, is_diverging=True, statistics=SHOWN.nodes[3]).is_clipped
    channel = Appearance(mode="channel")
    assert not legend(channel, 5.0, is_diverging=True, statistics=SHOWN.nodes[3]).is_clipped


def test_a_legend_without_a_range_has_no_numbers() -> None:
    assert legend(Appearance(), None, is_diverging=True).ticks == ()


@pytest.mark.parametrize(
    ("mode", "text"),
    [("channel", "each channel"), ("shared", "all nodes"), ("percentile", "99 %"), ("manual", "at 1")],
)  # fmt: skip
def test_the_range_says_what_sets_it(mode: str, text: str) -> None:
    assert text in legend(Appearance(mode=mode), 1.0, is_diverging=True).range_text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.25, "0.25"), (-12.34, "−12.3"), (4.13e-7, "4.1e-07"), (1200, "1200"),
     (99999, "99999"), (1e5, "1.0e+05"), (0.001, "0.001"), (10.0, "10")],
)  # fmt: skip
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text


@given(value=floats(-1e9, 1e9))
def test_a_number_is_within_half_a_unit_of_its_last_digit(value: float) -> None:
    assert float(number(value).replace("−", "-")) == pytest.approx(value, rel=0.05, abs=1e-300)

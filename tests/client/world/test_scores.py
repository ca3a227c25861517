"""Scores of an output of any shape: order, shares, changes, the true class."""

import numpy as np
import pytest

from client.world.networks import described, resnet
from layerwalk_client.source.exhibits import EXHIBITS
from layerwalk_client.world.scores import answering_node, kind_of, row_of, score_lines, scores_of
from layerwalk_shared.graph import Node
from layerwalk_shared.messages import NetworkDescription

NAMES = ("cat", "dog", "bird", "fish")
LOGITS = np.array([0.5, 3.0, -1.0, 2.0], np.float32)


def test_logits_become_shares_and_shares_stay_what_they_are():
    found = scores_of(LOGITS, "classes", NAMES)
    odds = np.exp(LOGITS) / np.exp(LOGITS).sum()
    np.testing.assert_allclose(found.shares, odds, rtol=1e-6)
    np.testing.assert_allclose(found.values, LOGITS)
    again = scores_of(odds.astype(np.float32), "classes", NAMES)
    np.testing.assert_allclose(again.shares, odds, rtol=1e-6)
    assert [found.name(index) for index in found.order] == ["dog", "fish", "cat", "bird"]
    assert found.rank(2) == 4
    assert scores_of(LOGITS, "classes", ("few",)).name(3) == "class 3"


@pytest.mark.parametrize("values", [[1.0], [np.nan, 1.0], [np.inf, 0.0]])
def test_what_is_no_answer_is_none(values):
    assert scores_of(np.array(values, np.float32), "classes", ()) is None
    assert scores_of(np.full((2, 3, 3), np.nan, np.float32), "areas", ()) is None


def test_lines_tell_changes_ranks_and_the_truth_even_where_it_is_far_behind():
    now = scores_of(LOGITS, "classes", NAMES)
    before = scores_of(LOGITS[::-1].copy(), "classes", NAMES)
    lines = score_lines(now, count=2, before=before, truth="bird")
    assert [line.name for line in lines] == ["dog", "fish", "bird"]
    assert [line.is_true for line in lines] == [False, False, True]
    assert [line.rank_before for line in lines] == [4, 3, 1]
    for line in lines:
        assert line.change == pytest.approx(line.share - before.shares[line.index])
    alone = score_lines(now, count=9, truth="unheard of")
    assert len(alone) == 4
    assert all(line.change is None and not line.is_true for line in alone)
    other = scores_of(np.array([1.0, 2.0], np.float32), "classes", ())
    assert score_lines(now, count=1, before=other)[0].change is None


def test_areas_are_counted_by_the_largest_map_at_each_pixel():
    maps = np.zeros((4, 2, 4), np.float32)
    maps[1, :, :2] = 5
    maps[3, 0, 2:] = 1
    maps[0, 1, 2:] = 1
    found = scores_of(maps, "areas", NAMES)
    assert found.shares.tolist() == [0.25, 0.5, 0.0, 0.25]
    assert found.name(int(found.order[0])) == "dog"


def test_an_embedding_is_told_by_its_strongest_units():
    found = scores_of(np.array([1.0, -3.0, 0.0], np.float32), "classes", (), is_embedding=True)
    assert found.kind == "units"
    assert found.order.tolist() == [1, 0, 2]
    assert found.name(1) == "unit 1"


def node(shape, view):
    return Node(id="a", name="a", kind="module", operation="x", shape=shape, view=view,
                channels=1, height=1, width=1)  # fmt: skip


def test_the_kind_follows_shape_and_classes():
    assert kind_of(node((4,), "vector"), 4) == "classes"
    assert kind_of(node((4,), "vector"), 0) == "classes"
    assert kind_of(node((9,), "vector"), 4) == "units"
    assert kind_of(node((4, 8, 8), "maps"), 4) == "areas"
    assert kind_of(node((5, 8, 8), "maps"), 4) == "units"
    tokens = node((24, 1000), "tokens")
    assert kind_of(tokens, 0) == "entries"
    assert row_of(tokens, "entries") == 23
    assert row_of(tokens, "units") is None


def test_the_answering_node_is_the_last_that_fits_the_classes():
    exhibit = EXHIBITS["gpt"]()
    network = NetworkDescription(
        id="n", name="n", graph=exhibit.graph, input=exhibit.input, classes=exhibit.classes
    )
    assert answering_node(network) == len(exhibit.graph.nodes) - 1
    small = described(resnet(), classes=101)
    assert small.graph.nodes[answering_node(small)].shape == (101,)

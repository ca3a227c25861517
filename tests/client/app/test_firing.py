"""What a unit reaches on a picture is what the objectives' definitions say."""

import numpy as np
import pytest

from layerwalk_client.app.maximising.firing import reached_by, verdict
from layerwalk_shared.graph import Node
from layerwalk_shared.recipes import Objective

VALUES = np.random.default_rng(3).normal(size=(4, 5, 6)).astype(np.float32)


def node(view, shape):
    return Node(
        id="n", name="n", kind="module", operation="Conv2d", shape=shape, view=view, channels=1,
        height=1, width=1,
    )  # fmt: skip


MAPS = node("maps", (4, 5, 6))


def test_a_channel_is_its_mean_over_positions():
    found = reached_by(VALUES, MAPS, Objective())
    assert found == pytest.approx([VALUES[k].mean() for k in range(4)], rel=1e-6)


def test_a_neuron_is_one_value_the_middle_unless_it_is_told():
    middle = reached_by(VALUES, MAPS, Objective(kind="neuron"))
    assert middle == pytest.approx(VALUES[:, 2, 3])
    told = reached_by(VALUES, MAPS, Objective(kind="neuron", position=(4, 0)))
    assert told == pytest.approx(VALUES[:, 4, 0])


def test_the_strongest_share_is_the_mean_of_the_largest():
    found = reached_by(VALUES, MAPS, Objective(kind="percentile", share=0.1))
    for unit in range(4):
        largest = sorted(VALUES[unit].reshape(-1).tolist(), reverse=True)[:3]
        assert found[unit] == pytest.approx(sum(largest) / 3, rel=1e-6)


def test_a_layer_and_a_direction_have_one_number():
    layer = reached_by(VALUES, MAPS, Objective(kind="layer"))
    assert layer == pytest.approx([(VALUES**2).mean()], rel=1e-6)
    along = reached_by(VALUES, MAPS, Objective(kind="direction", direction=(0.0, 3.0, 0.0, 4.0)))
    assert along == pytest.approx([0.6 * VALUES[1].mean() + 0.8 * VALUES[3].mean()], rel=1e-5)


def test_units_of_vectors_are_elements_and_of_tokens_features():
    vector = np.arange(6, dtype=np.float32)
    assert reached_by(vector, node("vector", (6,)), Objective()) == pytest.approx(vector)
    tokens = VALUES[0]
    found = reached_by(tokens, node("tokens", (5, 6)), Objective())
    assert found == pytest.approx(tokens.mean(axis=0), rel=1e-5)


@pytest.mark.parametrize(
    ("value", "said", "fires"),
    [(6.7, "unit 1 fires: 6.7 of the 6.8", True), (0.5, "hardly fires", False),
     (0.0, "does not fire", False), (-1.0, "does not fire: \N{MINUS SIGN}1 of", False)],
)  # fmt: skip
def test_the_verdict_names_value_aim_and_rank(value, said, fires):
    found = np.array([0.2, value, 3.0, 0.1], np.float32)
    told = verdict("n", found, 1, reached=6.8)
    assert said in told.text
    assert told.fires is fires
    rank = "the strongest of 4" if value > 3 else "first is unit 2"
    assert rank in told.text


def test_a_whole_layer_has_no_rank():
    told = verdict("n", np.array([2.0], np.float32), None, reached=2.5)
    assert told.text == "the layer fires: 2 of the 2.5 that were reached"

"""The panel of a node shows what belongs to it, and follows snapshot, step, table and page."""

from __future__ import annotations

import numpy as np
import pytest

from client.gl.desks import Pointing, Room, room
from client.gl.facts import activation, convolution, kernels, rectified
from layerwalk_client.app.desks.node import NodeDesk
from layerwalk_client.source.asking import PutInput
from layerwalk_client.source.made_up import weights_of
from layerwalk_client.ui.desk_intents import ChooseFilters
from layerwalk_client.ui.intents import OpenChannel, OpenMaximise
from layerwalk_client.ui.node import NodePanel
from layerwalk_client.ui.node_curve import flat_share
from layerwalk_client.world.activation_curves import activation_of
from layerwalk_shared.messages import NoiseInput

pytestmark = pytest.mark.usefixtures("clean_graphics")


def opened(place: Room, node: str, *, table: str = "coolblack") -> tuple[NodeDesk, NodePanel]:
    """Return the desk of nodes and its panel about a node, once all has come."""
    place.desk = NodeDesk(place.stage, place.source, place.images, table=lambda: table)
    content = place.desk.content(node=place.node(node), unit=None)
    assert content is not None
    for _ in range(4):
        place.turn()
    return place.desk, content


def test_numbers_weights_kernels_and_gradients_of_a_convolution() -> None:
    with room() as place:
        desk, panel = opened(place, "block1.conv1")
        assert [key for key, _ in panel.tabs] == ["values", "weights", "gradients", "kernels"]
        shown, index = place.stage.shown, place.node("block1.conv1")
        assert shown is not None
        assert panel.statistics is not None
        assert panel.statistics.maximum == shown.nodes[index].maximum
        weights = weights_of(panel.node)
        assert panel.weights is not None
        assert panel.weights.shape == weights.shape
        assert panel.kernels is not None
        np.testing.assert_array_equal(panel.kernels.sheet.weights, weights)
        assert (panel.gradients, panel.has_training) == (None, False)

        place.source.train(range(0, 200, 50), serves=(100,))
        for _ in range(4):
            place.turn()
        assert panel.gradients is not None
        assert panel.gradients.step == 100
        assert panel.gradients.counts is not None
        assert sum(panel.gradients.counts) > 0
        again = desk.content(node=place.node("block1.conv2"), unit=None)
        assert again is not None
        assert again.kernels is None, "kernels are those of the node before"


def test_an_activation_has_its_function_over_what_comes_into_it() -> None:
    with room() as place:
        desk, panel = opened(place, "block1.relu")
        assert panel.tab == "function"
        assert panel.function.activation is not None
        assert panel.function.activation.name == "ReLU"
        shown = place.stage.shown
        assert shown is not None
        before = panel.function.inputs
        assert before is not None
        assert before.minimum == shown.nodes[place.node("block1.conv1")].minimum < 0

        noise = PutInput("synthetic", NoiseInput(noise="gaussian", seed=3))
        place.stage.submit(noise)
        for _ in range(4):
            place.turn()
        assert panel.function.inputs != before
        panel.tab = "values"
        kept = desk.content(node=place.node("stem.conv"), unit=None)
        assert kept is not None
        assert kept.tab == "values"


def test_kernels_are_painted_anew_with_another_table() -> None:
    with room() as place:
        table = ["coolblack"]
        place.desk = NodeDesk(place.stage, place.source, place.images, table=lambda: table[0])
        panel = place.desk.content(node=place.node("fc"), unit=None)
        for _ in range(4):
            place.turn()
        assert not place.turn()
        table[0] = "magma"
        assert place.turn()
        assert panel.kernels is not None
        assert not place.turn()


def test_a_node_without_weights_asks_for_none_and_the_input_has_values_alone() -> None:
    with room() as place:
        _, panel = opened(place, "input")
        assert panel.tabs == (("values", "values"),)
        assert (panel.weights, panel.kernels) == (None, None)
        assert panel.statistics is not None


def test_the_share_on_flat_ground_is_counted() -> None:
    inputs = activation("ReLU").function.inputs
    assert inputs is not None
    found = activation_of(activation("ReLU").node)
    assert found is not None
    counts, edges = np.array(inputs.histogram.counts), np.array(inputs.histogram.edges)
    below = counts[edges[1:] <= 0].sum() / counts.sum()
    above = counts[edges[:-1] < 0].sum() / counts.sum()
    assert below <= flat_share(found, inputs) <= above
    leaky = activation_of(activation("LeakyReLU", negative_slope=0.2).node)
    assert leaky is not None
    assert flat_share(leaky, inputs) == 0


TABS_Y, LOWER_TABS_Y = 104, 125


def test_tabs_scale_and_buttons_are_pressed() -> None:
    panel = rectified()
    with Pointing(panel) as hand:
        hand.click(480, 223)
        assert not panel.is_log
        assert hand.click(185, TABS_Y) == [OpenMaximise(panel.index)]
        assert hand.click(265, TABS_Y) == [OpenChannel(panel.index, 3)]
        hand.click(40, TABS_Y)
        assert panel.tab == "function"
    panel = convolution("block2.conv1", "values")
    with Pointing(panel) as hand:
        hand.click(236, LOWER_TABS_Y)
        assert panel.tab == "kernels"


def test_the_pages_of_many_filters_are_turned() -> None:
    with room() as place:
        desk, panel = opened(place, "block2.conv1")
        assert panel.kernels is not None
        count = len(panel.kernels.sheet.weights)
        assert not desk.carry_out(OpenMaximise(1))
        assert desk.carry_out(ChooseFilters("block2.conv1", 20))
        for _ in range(2):
            place.turn()
        assert panel.kernels.sheet.first == 20
        assert count >= 20


def test_the_kernel_under_the_pointer_is_told_in_numbers() -> None:
    one, other = kernels("block1.conv1", (120.0, 250.0)), kernels("block1.conv1", (10.0, 10.0))
    assert (one != other).any()

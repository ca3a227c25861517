"""What was edited, said on walls and on the answer's board."""

from __future__ import annotations

import pytest

from client.world.networks import described, manifest, resnet
from layerwalk_client.world.answer import answer_board
from layerwalk_client.world.edited import edit_text, edited_board, silencing_node, with_edits
from layerwalk_client.world.layout import layout
from layerwalk_client.world.palette import PALETTES
from layerwalk_shared.messages import EditedNode, ScaleChannels, ScaleInputs, SetKernel


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (EditedNode(node="a", edits=(ScaleChannels(channels=(3,)),)), "edited: 1 channel"),
        (
            EditedNode(
                node="a", edits=(ScaleChannels(channels=(3, 4)), ScaleInputs(channels=(4,)))
            ),
            "edited: 2 channels",
        ),
        (
            EditedNode(node="a", edits=(SetKernel(channel=0, input=1, values=(1.0,)),)),
            "edited: 1 kernel",
        ),
        (EditedNode(node="a", is_replaced=True), "edited: all weights"),
    ],
)
def test_an_edit_in_words(node: EditedNode, text: str) -> None:
    assert edit_text(node) == text


def test_only_the_last_word_counts_for_silence() -> None:
    edits = (ScaleChannels(channels=(1, 2)), ScaleChannels(channels=(2,), factor=1.0))
    assert EditedNode(node="a", edits=edits).silenced == (1,)


def test_a_wall_bears_a_sign_and_a_frame_for_each_silenced_channel() -> None:
    graph = resnet()
    network = described(graph)
    scene = layout(network)
    conv = next(one for one in graph.nodes if one.operation == "Conv2d")
    edited = EditedNode(node=conv.id, edits=(ScaleChannels(channels=(0, 2, 99_999)),))
    made = with_edits(scene, graph, (edited, EditedNode(node="gone")))
    assert len(made.labels) == len(scene.labels) + 1
    assert made.labels[-1].text == "edited: 3 channels"
    wall = next(one for one in scene.walls if one.node == graph.index[conv.id])
    line, first, second = made.boards[len(scene.boards) :]
    assert line.size_wh[0] == wall.size_wh[0]
    x, y = wall.channel_origin(2)
    assert second.centre[0] - first.centre[0] == pytest.approx(x - wall.channel_origin(0)[0])
    assert second.centre[1] == pytest.approx(
        wall.centre[1] - wall.size_wh[1] / 2 + y - wall.tile_wh[1] / 2
    )
    assert with_edits(scene, graph, ()) is scene


def test_the_board_tells_gains_and_losses_in_points() -> None:
    graph = resnet()
    network = described(graph, classes=10)
    before = manifest(graph, top=4)
    now = before.model_copy(
        update={
            "top": tuple(
                one.model_copy(update={"probability": value})
                for one, value in zip(before.top, (0.2, 0.7, 0.05, 0.05), strict=True)
            )
        }
    )
    before = before.model_copy(
        update={
            "top": tuple(
                one.model_copy(update={"probability": value})
                for one, value in zip(before.top, (0.9, 0.024, 0.05, 0.0261), strict=True)
            )
        }
    )
    place = layout(network).walls[0]
    boards, labels = edited_board(now, before, place, palette=PALETTES["dark"])
    plain_boards, plain = answer_board(now, place, palette=PALETTES["dark"])
    assert len(boards) == len(plain_boards)
    texts = [one.text for one in labels]
    assert texts[len(plain) :] == ["\N{MINUS SIGN}70", "+68", "+2.4"]
    assert texts[2] == f"weights are edited; before: {before.top[0].name} 90 %"


def test_a_rectifier_is_silenced_where_its_channels_are_made() -> None:
    graph = resnet()
    index = graph.index
    for node in graph.nodes:
        found = silencing_node(graph, index[node.id])
        if node.operation == "add" or node.kind == "input":
            assert found is None
        elif found is not None:
            assert graph.nodes[found].parameters

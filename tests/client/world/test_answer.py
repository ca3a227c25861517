"""The answer as boards: bars as long as probabilities, names where they belong."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from client.world.networks import described, manifest, resnet, vgg
from layerwalk_client.world.answer import (
    BOARD_WH,
    COPY_SCALE,
    MARKED_CELLS,
    answer_board,
    output_node,
    percent,
    with_answer,
)
from layerwalk_client.world.camera import project
from layerwalk_client.world.layout import layout
from layerwalk_client.world.options import LayoutOptions, Style
from layerwalk_client.world.palette import PALETTES
from layerwalk_client.world.picking import point_of
from layerwalk_client.world.scene import Board, Wall
from layerwalk_client.world.viewpoints import before_answer

GRAPH = resnet((1, 1))
NETWORK = described(GRAPH, classes=101)
SHOWN = manifest(GRAPH, label="class 14")
BARE = layout(NETWORK, SHOWN, options=LayoutOptions(shows_answer=False))
DARK = PALETTES["dark"]


def place() -> Wall:
    return Wall("net", 0, (0.0, BOARD_WH[1] / 2, 0.0), BOARD_WH, 1, 1, 1, (1, 1), (1.0, 1.0), 0.0)


def test_bars_are_as_long_as_probabilities() -> None:
    boards, labels = answer_board(SHOWN, place(), palette=DARK)
    tracks = [board for board in boards if board.colour == DARK.track]
    bars = [board for board in boards if board.colour in (DARK.accent, DARK.good)]
    assert len(tracks) == 10
    for bar, score in zip(bars, SHOWN.top, strict=False):
        assert bar.size_wh[0] / tracks[0].size_wh[0] == pytest.approx(score.probability)
        left = bar.centre[0] - bar.size_wh[0] / 2
        assert left == pytest.approx(tracks[0].centre[0] - tracks[0].size_wh[0] / 2)
    texts = [label.text for label in labels]
    assert all(score.name in texts and percent(score.probability) in texts for score in SHOWN.top)


def test_the_true_class_has_a_colour_of_its_own() -> None:
    boards, labels = answer_board(SHOWN, place(), palette=DARK)
    assert sum(board.colour == DARK.good for board in boards) == 1
    assert [label.text for label in labels if label.colour == DARK.good] == ["class 14"]
    assert any(label.text == "in truth: class 14" for label in labels)
    right = SHOWN.model_copy(update={"input": SHOWN.input.model_copy(update={"label": "class 7"})})
    assert any(
        label.text == "right: it is class 7"
        for label in answer_board(right, place(), palette=DARK)[1]
    )


def test_everything_on_the_board_lies_within_it_and_before_it() -> None:
    for scale in (1.0, COPY_SCALE):
        boards, labels = answer_board(SHOWN, place(), palette=DARK, scale=scale)
        x0, y0, z0 = boards[0].centre
        assert boards[0].size_wh == pytest.approx([side * scale for side in BOARD_WH])
        for board in boards[1:]:
            assert abs(board.centre[0] - x0) + board.size_wh[0] / 2 <= BOARD_WH[0] * scale / 2
            assert abs(board.centre[1] - boards[0].centre[1]) <= BOARD_WH[1] * scale / 2
            assert board.centre[2] > z0
        for label in labels:
            assert abs(label.position[0] - x0) <= BOARD_WH[0] * scale / 2
            assert label.position[2] > z0
        lines = sorted({round(label.position[1], 6) for label in labels})
        assert min(b - a for a, b in itertools.pairwise(lines)) > 0.1 * scale
        assert lines[0] > y0 - BOARD_WH[1] / 2


def ends_of(board: Board) -> tuple[np.ndarray, np.ndarray]:
    """Both ends of a board's foot, (x, z)."""
    middle = np.array([board.centre[0], board.centre[2]])
    along = np.array([math.cos(board.yaw), -math.sin(board.yaw)]) * board.size_wh[0] / 2
    return middle - along, middle + along


@pytest.mark.parametrize("style", ["straight", "rows", "serpentine", "spiral"])
def test_boards_stand_to_the_right_of_the_output_and_of_the_input(style: Style) -> None:
    options = LayoutOptions(style=style, row_length=20)
    scene = layout(NETWORK, SHOWN, options=options)
    panels = [board for board in scene.boards if board.colour == DARK.panel]
    assert len(panels) == 2
    for board, wall in zip(panels, (scene.walls[-1], scene.walls[0]), strict=True):
        right = np.array([math.cos(wall.yaw), -math.sin(wall.yaw)])
        middle = np.array([wall.centre[0], wall.centre[2]])
        left_end = (ends_of(board)[0] - middle) @ right
        assert left_end - wall.size_wh[0] / 2 == pytest.approx(0.5)
        # Nothing else stands where the board does.
        for other in scene.walls:
            low = np.minimum(*ends_of(board)) - 0.05
            high = np.maximum(*ends_of(board)) + 0.05
            turned = np.array([math.cos(other.yaw), -math.sin(other.yaw)])
            reach = np.abs(turned) * other.size_wh[0] / 2
            place = np.array([other.centre[0], other.centre[2]])
            assert not ((place - reach < high) & (low < place + reach)).all(), other.title


def test_the_output_and_its_board_are_seen_together_from_before_the_output() -> None:
    scene = layout(NETWORK, SHOWN)
    output = scene.walls[-1]
    before = max(wall.centre[2] for wall in scene.walls[-3:-1])
    assert before - output.centre[2] >= 4.2
    eye = before_answer(output)
    assert eye.position[2] < before
    panel = next(board for board in scene.boards if board.colour == DARK.panel)
    points = [(x, y, z) for (x, z), y in itertools.product(ends_of(panel), (0.0, panel.size_wh[1]))]
    points += [point_of(output, 0, (0.0, 0.0)), point_of(output, 0, (1.0, 1.0))]
    seen = project(points, eye, (1920, 1080))
    assert (seen[:, 2] > 0).all()
    assert (seen[:, 0] > 0).all()
    assert (seen[:, 0] < 1920).all()


def test_the_best_cells_of_the_output_are_framed_and_named() -> None:
    scene = with_answer(BARE, NETWORK, SHOWN)
    output = scene.walls[-1]
    assert output.picture_hw == (10, 11)
    frames = [board for board in scene.boards if board.colour[3] == 0]
    assert len(frames) == MARKED_CELLS
    for frame, score in zip(frames, SHOWN.top, strict=False):
        row, column = divmod(score.index, 11)
        middle = point_of(output, 0, ((column + 0.5) / 11, (row + 0.5) / 10))
        assert math.dist(frame.centre[:2], middle[:2]) < 1e-9
        assert frame.centre[2] > output.centre[2]
    names = [
        label
        for label in scene.labels
        if label.anchor == "right-centre" and label.position[2] == output.centre[2]
    ]
    # Cells 14 and 21 lie in one row of 11: columns 3 and 10.
    assert [label.text for label in names] == ["class 7 50 %", "class 14 25 % · class 21 13 %"]
    assert [label.is_bold for label in names] == [True, False]
    assert names[0].position[1] - names[1].position[1] == pytest.approx(2.0 / 11)
    left = output.centre[0] - output.size_wh[0] / 2
    assert all(label.position[0] < left for label in names)


def test_the_output_is_the_last_vector_of_the_classes_or_the_last_node() -> None:
    last = len(GRAPH.nodes) - 1
    assert output_node(NETWORK) == last
    assert output_node(described(GRAPH, classes=7)) == last
    assert output_node(described(GRAPH)) is None
    assert output_node(described(GRAPH, classes=128)) == GRAPH.index["flatten"]


def test_without_an_answer_nothing_is_added() -> None:
    nothing = manifest(GRAPH, top=0)
    assert with_answer(BARE, NETWORK, nothing) is BARE
    assert layout(NETWORK, nothing).boards == ()


def test_in_rows_the_copy_keeps_clear_of_the_next_row() -> None:
    graph = vgg()
    scene = layout(
        described(graph, classes=1000), manifest(graph), options=LayoutOptions(style="rows")
    )
    panel = next(
        board
        for board in scene.boards
        if board.colour == DARK.panel and board.centre[2] == scene.walls[0].centre[2]
    )
    right = panel.centre[0] + panel.size_wh[0] / 2
    others = [wall for wall in scene.walls if wall.centre[0] > 1]
    assert others
    assert all(wall.centre[0] - wall.size_wh[0] / 2 > right for wall in others)


@pytest.mark.parametrize(
    ("probability", "text"),
    [(1.0, "100 %"), (0.9996, "100 %"), (0.995, "99.5 %"), (0.5, "50 %"), (0.034, "3.4 %"),
     (0.0004, "< 0.1 %")],
)  # fmt: skip
def test_percentages_read_well(probability: float, text: str) -> None:
    assert percent(probability) == text

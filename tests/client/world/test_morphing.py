"""Walls slide from one arrangement to the next: both ends exact, nothing jumps."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import floats

from client.world.networks import described, manifest, resnet
from layerwalk_client.app.stage.boxing import Boxing
from layerwalk_client.world.boxes import fold_groups, named_boxes, with_sides
from layerwalk_client.world.folding import fold, nodes_inside, unfolded_numbers
from layerwalk_client.world.layout import layout
from layerwalk_client.world.morphing import (
    Pose,
    carried,
    even,
    morph_between,
    morphed,
    pose_in,
)
from layerwalk_client.world.options import LayoutOptions
from layerwalk_client.world.scene import Scene

GRAPH = resnet((2, 2))


def scene_of(*groups: str, style="straight") -> Scene:
    less, boxes = fold_groups(fold(described(GRAPH), manifest(GRAPH), ()), groups)
    options = LayoutOptions(style=style)
    laid = unfolded_numbers(layout(less.network, less.manifest, options=options), less)
    return with_sides(named_boxes(laid, boxes), boxes)


def stands_for(node: int) -> list[int]:
    boxing = Boxing()
    boxing.begin(GRAPH, keeps=False)
    return boxing.stands_for(node)


WHOLE, LESS = scene_of(), scene_of("layer1.1", "layer2")
ROWS = scene_of(style="serpentine")


@pytest.fixture(scope="module", params=["fold", "open", "turn"])
def morph(request):
    before, after = {
        "fold": (WHOLE, LESS), "open": (LESS, WHOLE), "turn": (WHOLE, ROWS)
    }[request.param]  # fmt: skip
    return morph_between(before, after, stands_for)


def places(scene: Scene) -> dict[int, tuple[float, ...]]:
    return {wall.node: (*wall.centre, wall.yaw, *wall.size_wh) for wall in scene.walls}


def test_it_ends_in_the_very_scene(morph) -> None:
    assert morphed(morph, 1.0) is morph.after


def test_it_begins_where_everything_stood(morph) -> None:
    start, before = places(morphed(morph, 0.0)), places(morph.before)
    for node, place in before.items():
        assert start[node] == pytest.approx(place)


def test_every_wall_of_both_stands_at_any_time(morph) -> None:
    both = {wall.node for wall in (*morph.before.walls, *morph.after.walls)}
    for share in (0.0, 0.3, 0.9):
        scene = morphed(morph, share)
        assert {wall.node for wall in scene.walls} == both
        assert len(scene.walls) == len(both)


def test_nothing_jumps(morph) -> None:
    steps = np.linspace(0.0, 0.999, 60)
    tables = [places(morphed(morph, share)) for share in steps]
    longest = max(math.dist(one[:3], tables[-1][node][:3]) for node, one in tables[0].items())
    for one, two in itertools.pairwise(tables):
        for node, place in one.items():
            assert math.dist(place[:3], two[node][:3]) <= longest / 25
    last = places(morph.after)
    for node, place in last.items():
        assert tables[-1][node] == pytest.approx(place, abs=0.05 + 0.002 * longest)


def test_walls_that_go_shrink_behind_what_stands_for_them() -> None:
    morph = morph_between(WHOLE, LESS, stands_for)
    end = places(morphed(morph, 0.9999))
    box = GRAPH.index["layer2.1.relu:2"]
    for node in nodes_inside(GRAPH)["layer2"]:
        if node != box:
            assert math.dist(end[node][::2][:2], end[box][::2][:2]) < 0.2
            assert end[node][2] < end[box][2]
            assert end[node][4] < 0.2 * places(WHOLE)[node][4]


def test_ribbons_follow_and_come_and_go_by_their_width(morph) -> None:
    middle = morphed(morph, 0.5)
    pairs = {(one.source, one.target): one for one in middle.ribbons}
    old = {(one.source, one.target): one for one in morph.before.ribbons}
    new = {(one.source, one.target): one for one in morph.after.ribbons}
    assert set(pairs) == set(old) | set(new)
    for pair, ribbon in pairs.items():
        if pair in old and pair in new:
            start = (old[pair].path[0] + new[pair].path[0]) / 2
            np.testing.assert_allclose(ribbon.path[0], start, atol=1e-4)
        else:
            assert ribbon.width == pytest.approx(0.5 * (old.get(pair) or new[pair]).width)


def test_labels_and_boards_go_with_their_walls() -> None:
    morph = morph_between(LESS, WHOLE, stands_for)
    texts = {label.text for label in morphed(morph, 0.5).labels}
    assert "fc" in texts
    assert "layer2.0.conv1" not in texts  # it is still growing


@given(x=floats(-9, 9), z=floats(-9, 9), yaw=floats(-3, 3), turn=floats(-3, 3))
def test_an_eye_that_goes_along_sees_its_wall_from_the_same_side(
    x: float, z: float, yaw: float, turn: float
) -> None:
    start, end = Pose((1.0, 0.0, 2.0), 0.3), Pose((-5.0, 0.0, 9.0), 0.3 + turn)
    (a, _, c), after = carried((x, 1.6, z), yaw, start=start, end=end)
    assert math.hypot(a + 5, c - 9) == pytest.approx(math.hypot(x - 1, z - 2))
    before = math.atan2(x - 1, z - 2) - 0.3
    if math.hypot(x - 1, z - 2) > 1e-6:
        now = math.atan2(a + 5, c - 9) - 0.3 - turn
        assert abs(math.remainder(now - before, math.tau)) < 1e-6
    assert after == pytest.approx(yaw + math.remainder(turn, math.tau))


def test_the_pose_of_a_wall_is_known_on_the_way() -> None:
    morph = morph_between(WHOLE, LESS, stands_for)
    assert pose_in(morph, 0, 0.5).centre == pytest.approx((0.0, 0.0, 0.0))
    assert pose_in(morph, GRAPH.index["layer2.0.conv1"], 0.0).scale == 1.0
    assert pose_in(morph, 999, 0.5) is None


def test_even_points_lie_on_the_line_at_even_distances() -> None:
    line = np.array([[0, 0, 0], [3, 0, 0], [3, 0, 4]], np.float32)
    points = even(line, 8)
    np.testing.assert_allclose(points[[0, -1]], line[[0, -1]])
    np.testing.assert_allclose(points[3], (3, 0, 0))
    np.testing.assert_allclose(points[4], (3, 0, 1))

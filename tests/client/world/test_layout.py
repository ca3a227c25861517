"""Laws of the layout, on five kinds of network and on random graphs."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.strategies import sampled_from

from client.world.networks import (
    Builder,
    densenet,
    described,
    inception,
    manifest,
    random_graphs,
    resnet,
    transformer,
    vgg,
)
from layerwalk_client.world.layout import layout
from layerwalk_client.world.lettering import text_width
from layerwalk_client.world.options import LayoutOptions, Style
from layerwalk_client.world.scene import Label, Plot, Scene, Wall
from layerwalk_client.world.signs import sign_room
from layerwalk_shared.errors import InvalidRequestError, ProtocolError
from layerwalk_shared.graph import Graph

NETWORKS = {
    "vgg": vgg(),
    "resnet18": resnet(),
    "bottlenecks": resnet((2, 2), is_bottleneck=True),
    "densenet": densenet((4, 3)),
    "inception": inception(2),
    "transformer": transformer(4),
}
STYLES: tuple[Style, ...] = ("straight", "rows", "serpentine", "spiral")
every_network = pytest.mark.parametrize("graph", NETWORKS.values(), ids=NETWORKS.keys())
every_style = pytest.mark.parametrize("style", STYLES)


def scene_of(graph: Graph, style: Style = "straight", **options: float) -> Scene:
    return layout(described(graph), options=LayoutOptions(style=style, **options))


def footprint(wall: Wall) -> tuple[np.ndarray, np.ndarray]:
    """Both ends of a wall's foot, (x, z)."""
    along = np.array([math.cos(wall.yaw), -math.sin(wall.yaw)]) * wall.size_wh[0] / 2
    middle = np.array([wall.centre[0], wall.centre[2]])
    return middle - along, middle + along


def axis_box(wall: Wall, room: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of a wall's foot on the floor; exact, as walls are parallel to an axis."""
    ends = np.stack(footprint(wall))
    return ends.min(axis=0) - room, ends.max(axis=0) + room


def boxes_meet(one: tuple[np.ndarray, np.ndarray], two: tuple[np.ndarray, np.ndarray]) -> bool:
    return bool((one[0] < two[1]).all() and (two[0] < one[1]).all())


def assert_no_two_walls_meet(scene: Scene) -> None:
    boxes = [axis_box(wall, room=0.1) for wall in scene.walls]
    low, high = (np.array([box[end] for box in boxes]) for end in (0, 1))
    meet = ((low[:, None] < high) & (low < high[:, None])).all(axis=2)
    np.fill_diagonal(meet, val=False)
    assert not meet.any(), [scene.walls[index].title for index in np.argwhere(meet)[0]]


def assert_ribbons_run_from_foot_to_foot(scene: Scene) -> None:
    for ribbon in scene.ribbons:
        for end, node in ((0, ribbon.source), (-1, ribbon.target)):
            left, right = footprint(scene.walls[node])
            point = ribbon.path[end, [0, 2]].astype(float)
            share = (point - left) @ (right - left) / ((right - left) @ (right - left))
            assert -1e-3 <= share <= 1 + 1e-3
            assert np.linalg.norm(left + share * (right - left) - point) < 1e-3


def assert_ribbons_pass_no_wall(scene: Scene) -> None:
    """A ribbon touches the floor line of a wall only where it begins or ends."""
    feet = np.array([footprint(wall) for wall in scene.walls])
    along = feet[:, 1] - feet[:, 0]
    widths = np.linalg.norm(along, axis=1)
    along = along / widths[:, None]
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    for ribbon in scene.ribbons:
        offset = ribbon.path[:, None, [0, 2]].astype(float) - feet[:, 0]
        beyond, reach = (offset * across).sum(axis=2), (offset * along).sum(axis=2)
        before, after = beyond[:-1], beyond[1:]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = before / (before - after)
        where = reach[:-1] + share * (reach[1:] - reach[:-1])
        hits = ((before > 0) != (after > 0)) & (where > 0) & (where < widths)
        hits[:, [ribbon.source, ribbon.target]] = False
        assert not hits.any(), (ribbon.source, ribbon.target, np.argwhere(hits)[0])


def members(graph: Graph, group_id: str) -> set[int]:
    parents = {group.id: group.parent for group in graph.groups}
    found = set()
    for index, node in enumerate(graph.nodes):
        step = node.group
        while step is not None:
            if step == group_id:
                found.add(index)
            step = parents[step]
    return found


def covers(plot: Plot, wall: Wall) -> bool:
    low, high = axis_box(wall)
    return bool(
        plot.x0 <= low[0] and high[0] <= plot.x1 and plot.z0 <= low[1] and high[1] <= plot.z1
    )


def touches(plot: Plot, wall: Wall) -> bool:
    box = (np.array([plot.x0, plot.z0]), np.array([plot.x1, plot.z1]))
    low, high = axis_box(wall, room=1e-6)
    return boxes_meet(box, (low, high))


def assert_plots_hold_their_walls_and_no_other(graph: Graph, scene: Scene) -> None:
    for group in {plot.group for plot in scene.plots}:
        inside = members(graph, group)
        pieces = [plot for plot in scene.plots if plot.group == group]
        for index in inside:
            assert any(covers(plot, scene.walls[index]) for plot in pieces), (group, index)
        for plot in pieces:
            strangers = [w.title for w in scene.walls if w.node not in inside and touches(plot, w)]
            assert not strangers, (group, strangers)


@every_network
@every_style
def test_no_two_walls_meet(graph: Graph, style: Style) -> None:
    assert_no_two_walls_meet(scene_of(graph, style))


@every_network
@every_style
def test_every_edge_is_drawn_from_foot_to_foot(graph: Graph, style: Style) -> None:
    scene = scene_of(graph, style)
    assert [(ribbon.source, ribbon.target) for ribbon in scene.ribbons] == sorted(
        {(graph.index[edge.source], graph.index[edge.target]) for edge in graph.edges}
    )
    assert_ribbons_run_from_foot_to_foot(scene)


@every_network
@every_style
def test_ribbons_pass_under_no_wall(graph: Graph, style: Style) -> None:
    assert_ribbons_pass_no_wall(scene_of(graph, style))


@every_network
def test_data_flows_along_minus_z(graph: Graph) -> None:
    scene = scene_of(graph)
    for ribbon in scene.ribbons:
        assert scene.walls[ribbon.target].centre[2] < scene.walls[ribbon.source].centre[2] - 1.4
        assert (np.diff(ribbon.path[:, 2]) <= 1e-4).all()


@every_network
@every_style
def test_plots_hold_their_walls_and_no_other(graph: Graph, style: Style) -> None:
    assert_plots_hold_their_walls_and_no_other(graph, scene_of(graph, style))


@every_network
def test_inner_plots_lie_inside_outer_ones(graph: Graph) -> None:
    scene = scene_of(graph)
    parents = {group.id: group.parent for group in graph.groups}
    drawn = {plot.group: plot for plot in scene.plots}
    for plot in scene.plots:
        outer = parents[plot.group]
        while outer is not None and outer not in drawn:
            outer = parents[outer]
        if outer is None:
            continue
        around = drawn[outer]
        assert plot.depth == around.depth + 1
        assert around.x0 < plot.x0 < plot.x1 < around.x1
        assert around.z0 < plot.z0 < plot.z1 < around.z1


def assert_plots_of_strangers_do_not_overlap(graph: Graph, scene: Scene) -> None:
    for one, two in itertools.combinations(scene.plots, 2):
        if members(graph, one.group) & members(graph, two.group):
            continue
        a = (np.array([one.x0, one.z0]), np.array([one.x1, one.z1]))
        b = (np.array([two.x0, two.z0]), np.array([two.x1, two.z1]))
        assert not boxes_meet(a, b), (one.group, two.group)


@every_network
def test_plots_of_strangers_do_not_overlap(graph: Graph) -> None:
    assert_plots_of_strangers_do_not_overlap(graph, scene_of(graph))


def wall_label_box(label: Label) -> tuple[np.ndarray, np.ndarray]:
    """Lateral and vertical ends of an upright label that faces +z."""
    width = text_width(label.text, label.height, is_bold=label.is_bold)
    if label.max_width:
        width = min(width, label.max_width)
    horizontal, vertical = label.anchor.split("-")
    left = label.position[0] - {"left": 0.0, "centre": 0.5, "right": 1.0}[horizontal] * width
    low = label.position[1] - {"bottom": 0.0, "centre": 0.5, "top": 1.0}[vertical] * label.height
    return np.array([left, low]), np.array([left + width, low + label.height])


@every_network
def test_labels_over_walls_overlap_neither_each_other_nor_a_wall(graph: Graph) -> None:
    scene = layout(described(graph, classes=101), manifest(graph, top=0))
    upright = [label for label in scene.labels if label.plane == "wall"]
    by_depth: dict[float, list[Label]] = {}
    for label in upright:
        by_depth.setdefault(round(label.position[2], 3), []).append(label)
    walls: dict[float, list[Wall]] = {}
    for wall in scene.walls:
        walls.setdefault(round(wall.centre[2], 3), []).append(wall)
    assert len(upright) >= 2 * len(scene.walls)
    for depth, labels in by_depth.items():
        boxes = [wall_label_box(label) for label in labels]
        for one, two in itertools.combinations(range(len(boxes)), 2):
            assert not boxes_meet(boxes[one], boxes[two]), (labels[one].text, labels[two].text)
        for wall in walls[depth]:
            low = np.array(wall.centre[:2]) - np.array(wall.size_wh) / 2
            high = np.array(wall.centre[:2]) + np.array(wall.size_wh) / 2
            for box in boxes:
                assert not boxes_meet((low, high), box)


@every_network
def test_a_name_is_six_tenths_of_a_degree_high_where_its_wall_fills_a_quarter(graph: Graph) -> None:
    scene = scene_of(graph)
    names = {label.text: label for label in scene.labels if label.is_bold and label.plane == "wall"}
    for wall in scene.walls:
        # A quarter of the width of a 16 : 9 view, vertical field 60 degrees.
        view_width = wall.size_wh[0] / 0.25
        distance = view_width / (2 * math.tan(math.radians(30)) * 16 / 9)
        angle = math.degrees(math.atan(names[wall.title].height / distance))
        assert angle >= 0.6


@every_network
def test_the_main_line_is_straight_and_other_walls_stand_to_its_right(graph: Graph) -> None:
    scene = scene_of(graph)
    assert {wall.centre[0] for wall in scene.walls if wall.centre[0] <= 0} == {0.0}
    depths = {wall.centre[2] for wall in scene.walls}
    on_line = {wall.centre[2] for wall in scene.walls if wall.centre[0] == 0}
    assert on_line == depths


@every_network
def test_the_same_graph_gives_the_same_scene(graph: Graph) -> None:
    one = scene_of(graph)
    two = scene_of(Graph.model_validate_json(graph.model_dump_json()))
    assert (one.walls, one.plots, one.labels, one.boards) == (
        two.walls, two.plots, two.labels, two.boards,
    )  # fmt: skip
    for first, second in zip(one.ribbons, two.ribbons, strict=True):
        np.testing.assert_array_equal(first.path, second.path)
        assert not first.path.flags.writeable


def test_skips_run_on_the_left_and_branches_on_the_right() -> None:
    graph = resnet()
    scene = scene_of(graph)
    index = graph.index
    identity = next(
        ribbon
        for ribbon in scene.ribbons
        if ribbon.source == index["maxpool"] and ribbon.target == index["layer1.0.add"]
    )
    reach = scene.walls[index["layer1.0.conv1"]].size_wh[0] / 2
    assert identity.path[:, 0].min() < -reach
    assert identity.label == "add"
    down = scene.walls[index["layer2.0.downsample.0"]]
    beside = scene.walls[index["layer2.0.conv1"]]
    assert down.centre[2] == beside.centre[2]
    assert down.centre[0] - down.size_wh[0] / 2 > beside.centre[0] + beside.size_wh[0] / 2 + 0.5


def test_branches_of_an_inception_block_stand_in_lanes_of_their_own() -> None:
    graph = inception(1)
    scene = scene_of(graph)
    block = [wall for wall in scene.walls if wall.title.startswith("mixed0.branch")]
    lanes = {round(wall.centre[0], 3) for wall in block}
    assert len(lanes) == 5  # branch 3 has forked


def test_walls_have_the_sizes_that_were_worked_out_by_hand() -> None:
    build = Builder()
    last = build.image(224)
    last = build.add("c64", "Conv2d", (64, 112, 112), (last,))
    last = build.add("c512", "Conv2d", (512, 56, 28), (last,))
    last = build.add("c1", "Conv2d", (1, 7, 7), (last,))
    last = build.add("long", "Conv1d", (4, 1, 1000), (last,), view="maps")
    build.add("fc", "Linear", (101,), (last,))
    image, c64, c512, c1, long, fc = scene_of(build.graph()).walls
    assert image.is_image
    assert image.tile_wh == (2.0, 2.0)
    assert (c64.columns, c64.rows) == (8, 8)
    assert c64.size_wh == pytest.approx((8 * 0.32 + 0.02,) * 2)
    assert (c512.columns, c512.rows) == (23, 23)
    assert c512.tile_wh == pytest.approx((0.15, 0.30))
    assert c512.size_wh == pytest.approx((23 * 0.17 + 0.02, 23 * 0.32 + 0.02))
    assert max(c1.size_wh) >= 1.2
    assert long.tile_wh[0] / long.tile_wh[1] == pytest.approx(8)
    assert (fc.channels, fc.cells, fc.picture_hw) == (1, 101, (10, 11))
    assert fc.tile_wh == pytest.approx((2.0, 2.0 * 10 / 11))
    # 0.6 of the wider one of each two, at least 1.5 m.
    assert c64.centre[2] == pytest.approx(-0.6 * 2.58)
    assert c512.centre[2] - c64.centre[2] == pytest.approx(-0.6 * c512.size_wh[0])
    assert all(wall.centre[1] == wall.size_wh[1] / 2 for wall in (image, c64, c512, c1, long, fc))


def test_the_origin_moves_everything_and_nothing_else() -> None:
    network = described(resnet((1, 1)))
    here, there = layout(network), layout(network, origin=(5.0, 1.0, -3.0))
    for one, two in zip(here.walls, there.walls, strict=True):
        np.testing.assert_allclose(np.array(two.centre) - one.centre, (5, 1, -3), atol=1e-9)
    for one, two in zip(here.ribbons, there.ribbons, strict=True):
        np.testing.assert_allclose(two.path - one.path, np.tile((5, 1, -3), (len(one.path), 1)), atol=1e-5)  # fmt: skip
    for one, two in zip(here.labels, there.labels, strict=True):
        np.testing.assert_allclose(np.array(two.position) - one.position, (5, 1, -3), atol=1e-9)


def test_rows_of_a_serpentine_turn_and_are_shorter() -> None:
    graph = resnet((2, 2, 2, 2))
    straight, rows = scene_of(graph), scene_of(graph, "serpentine", row_length=40)
    assert {wall.yaw for wall in rows.walls} == {0.0, math.pi}
    (_, _, z0), (_, _, z1) = rows.bounds()
    (_, _, far), _ = straight.bounds()
    assert z1 - z0 < -far / 2


def test_rows_all_face_the_front_and_begin_there() -> None:
    scene = scene_of(resnet(), "rows", row_length=40)
    assert {wall.yaw for wall in scene.walls} == {0.0}
    firsts = [wall.centre for wall in scene.walls if wall.centre[2] == 0.0]
    assert len(firsts) >= 4
    assert [x for x, _, _ in firsts] == sorted(x for x, _, _ in firsts)


def test_a_line_that_no_ribbon_lets_turn_stays_straight() -> None:
    build = Builder()
    last = first = build.image()
    for number in range(30):
        last = build.add(f"c{number}", "Conv2d", (64, 8, 8), (last,))
    build.add("cat", "cat", (67, 8, 8), (last, first))
    scene = scene_of(build.graph(), "spiral")
    assert {wall.yaw for wall in scene.walls[:-1]} == {0.0}


@pytest.mark.parametrize("style", ["rows", "serpentine"])
def test_rows_end_between_blocks_though_the_sums_run_on(style: Style) -> None:
    graph = transformer(8)
    scene = scene_of(graph, style, row_length=60)
    rows = {wall.node: round(wall.centre[0], 3) for wall in scene.walls}
    assert len(set(rows.values())) >= 3
    for group in (group.id for group in graph.groups if group.parent == "blocks"):
        assert len({rows[node] for node in members(graph, group)}) == 1, group
    assert_ribbons_pass_no_wall(scene)
    # What turns together lies side by side: the sum, and what reads it in the next block.
    turning = [one for one in scene.ribbons if rows[one.source] != rows[one.target]]
    assert len(turning) == 2 * (len(set(rows.values())) - 1)
    for one, two in itertools.pairwise(turning):
        if one.source == two.source and style == "rows":
            aisles = [np.unique(np.round(ribbon.path[:, 0], 3)) for ribbon in (one, two)]
            shared = np.intersect1d(*aisles)
            assert len(shared) <= 1, (one.source, shared)  # where they leave the sum's foot


def test_a_module_that_is_called_again_gets_two_plots() -> None:
    build = Builder()
    last = build.image()
    group = build.group("shared")
    for name, inside in (("a", True), ("b", True), ("c", False), ("d", True), ("e", True)):
        last = build.add(name, "Conv2d", (16, 8, 8), (last,), group=group if inside else None)
    scene = scene_of(build.graph())
    assert [plot.name for plot in scene.plots] == ["shared", "shared"]


def test_a_node_that_failed_says_so_on_its_wall() -> None:
    graph = resnet((1,))
    broken = graph.nodes[-1].model_copy(update={"error": "mat1 and mat2 do not fit"})
    scene = scene_of(Graph(nodes=(*graph.nodes[:-1], broken), edges=graph.edges, groups=graph.groups))  # fmt: skip
    assert scene.walls[-1].warning == "mat1 and mat2 do not fit"
    assert any(label.text == scene.walls[-1].warning for label in scene.labels)


def test_a_wall_without_values_says_so_in_its_middle_and_one_with_nan_above_it() -> None:
    graph = resnet((1,))
    shown = manifest(graph, top=0)
    nodes = list(shown.nodes)
    nodes[2] = nodes[2].model_copy(update={"has_values": False})
    nodes[3] = nodes[3].model_copy(update={"not_finite": 12})
    scene = layout(described(graph), shown.model_copy(update={"nodes": tuple(nodes)}))
    blank = next(label for label in scene.labels if label.text == "no values in this snapshot")
    assert blank.position[1] == scene.walls[2].centre[1]
    assert blank.anchor == "centre-centre"
    partly = next(label for label in scene.labels if label.text == "12 values are not finite")
    assert partly.position[1] > scene.walls[3].size_wh[1]


def test_a_stagger_moves_walls_of_the_main_line_aside_by_turns() -> None:
    scene = scene_of(vgg(), stagger=0.1)
    assert [wall.centre[0] for wall in scene.walls[:5]] == [-0.1, 0.0, 0.1, 0.0, -0.1]
    assert_no_two_walls_meet(scene)
    assert_ribbons_run_from_foot_to_foot(scene)


def test_a_snapshot_of_another_graph_is_refused() -> None:
    with pytest.raises(ProtocolError, match=r"70 nodes, the graph of .net. has 40"):
        layout(described(vgg()), manifest(resnet()))


def test_an_empty_graph_is_an_empty_scene() -> None:
    assert layout(described(Graph(nodes=()))) == Scene()


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(InvalidRequestError, match="tile"):
        LayoutOptions(tile=0)


def test_sign_room_holds_both_lines_over_a_wall() -> None:
    scene = scene_of(vgg())
    for wall in scene.walls:
        tops = [
            label.position[1] + label.height
            for label in scene.labels
            if label.plane == "wall" and label.position[2] == wall.centre[2]
        ]
        assert max(tops) <= wall.size_wh[1] + sign_room(wall.size_wh)


@settings(max_examples=60, deadline=None)
@given(graph=random_graphs())
def test_laws_hold_on_random_graphs(graph: Graph) -> None:
    scene = scene_of(graph)
    assert len(scene.walls) == len(graph.nodes)
    assert_no_two_walls_meet(scene)
    assert_ribbons_run_from_foot_to_foot(scene)
    assert_ribbons_pass_no_wall(scene)
    assert_plots_hold_their_walls_and_no_other(graph, scene)
    for ribbon in scene.ribbons:
        assert scene.walls[ribbon.target].centre[2] < scene.walls[ribbon.source].centre[2]
    edges = {(graph.index[edge.source], graph.index[edge.target]) for edge in graph.edges}
    assert [(ribbon.source, ribbon.target) for ribbon in scene.ribbons] == sorted(edges)
    # The input stands first, and what stands last is an end.
    depths = [wall.centre[2] for wall in scene.walls]
    ends = set(range(len(depths))) - {source for source, _ in edges}
    assert depths[0] == max(depths)
    assert all(node in ends for node, depth in enumerate(depths) if depth == min(depths))


@settings(max_examples=25, deadline=None)
@given(graph=random_graphs(), style=sampled_from(STYLES))
def test_a_random_graph_gives_the_same_scene_twice(graph: Graph, style: Style) -> None:
    one, two = scene_of(graph, style), scene_of(graph, style)
    assert (one.walls, one.plots, one.labels) == (two.walls, two.plots, two.labels)
    for first, second in zip(one.ribbons, two.ribbons, strict=True):
        np.testing.assert_array_equal(first.path, second.path)


@settings(max_examples=25, deadline=None)
@given(graph=random_graphs(), style=sampled_from(["rows", "serpentine"]))
def test_laws_hold_on_random_graphs_in_rows(graph: Graph, style: Style) -> None:
    scene = scene_of(graph, style, row_length=6)
    assert_no_two_walls_meet(scene)
    assert_ribbons_run_from_foot_to_foot(scene)
    assert_ribbons_pass_no_wall(scene)
    assert_plots_hold_their_walls_and_no_other(graph, scene)

"""Laws of pictures that hang where a node's values do."""

import pytest

from client.world.networks import described
from layerwalk_client.source.synthetic import synthetic_graph
from layerwalk_client.world.hanging import (
    LARGEST_PICTURE,
    Hung,
    clock_text,
    picture_wall,
    with_pictures,
)
from layerwalk_client.world.layout import layout
from layerwalk_client.world.options import LayoutOptions
from layerwalk_client.world.scene import Wall
from layerwalk_client.world.walls import wall_size


def frame(node):
    graph = synthetic_graph()
    size = wall_size(graph.nodes[graph.index[node]], LayoutOptions())
    return Wall(
        "n", graph.index[node], (1.0, size.size_wh[1] / 2, -3.0), size.size_wh, size.columns,
        size.rows, size.channels, size.picture_hw, size.tile_wh, size.gap, cells=size.cells,
        title=node,
    )  # fmt: skip


def pictures(node, count, shape_hw=(64, 64), **more):
    return Hung(frame(node).node, "x", count, shape_hw, is_seen=True, **more)


def test_as_many_pictures_of_the_same_shape_take_the_same_cells():
    wall = frame("block1.conv1")
    shown = picture_wall(wall, pictures("block1.conv1", 32))
    for channel in range(32):
        assert shown.channel_origin(channel) == wall.channel_origin(channel)
    assert (shown.tile_wh, shown.size_wh, shown.centre) == (wall.tile_wh, wall.size_wh, wall.centre)
    assert shown.picture_hw == (64, 64) and shown.is_image
    assert shown.value_key == ("x", wall.node) != wall.value_key


@pytest.mark.parametrize("node", ["block1.conv1", "block2.relu", "fc", "pool", "flatten"])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 10, 31, 300])
@pytest.mark.parametrize("shape_hw", [(64, 64), (32, 96), (200, 1), (1, 8)])
def test_pictures_stay_within_the_frame(node, count, shape_hw):
    wall = frame(node)
    shown = picture_wall(wall, pictures(node, count, shape_hw))
    assert shown.columns * shown.rows >= count > (shown.rows - 1) * shown.columns
    for axis in (0, 1):
        assert shown.size_wh[axis] <= wall.size_wh[axis] + 1e-9
    assert shown.centre == wall.centre
    assert max(shown.tile_wh) <= LARGEST_PICTURE + 1e-9
    ratio = min(max(shape_hw[1] / shape_hw[0], 1 / 8), 8)
    assert shown.tile_wh[0] / shown.tile_wh[1] == pytest.approx(ratio)


def test_fewer_pictures_are_larger():
    sides = [picture_wall(frame("block2.relu"), pictures("block2.relu", count)).tile_wh[0]
             for count in (300, 100, 25, 9, 4)]  # fmt: skip
    assert sides == sorted(sides)
    assert sides[-1] > 4 * sides[0]


def test_no_other_number_of_columns_makes_larger_pictures():
    wall = frame("block1.conv1")
    for count in (2, 5, 11, 20):
        shown = picture_wall(wall, pictures("block1.conv1", count))
        for columns in range(1, count + 1):
            rows = -(-count // columns)
            side = min(
                (wall.size_wh[0] - wall.gap) / columns - wall.gap,
                (wall.size_wh[1] - wall.gap) / rows - wall.gap,
            )
            assert min(side, LARGEST_PICTURE) <= shown.tile_wh[0] + 1e-9


def scene_and_wall(node="block1.conv1"):
    graph = synthetic_graph()
    scene = layout(described(graph), None)
    return scene, next(wall for wall in scene.walls if wall.node == graph.index[node])


def test_values_wait_behind_pictures_and_pictures_behind_values():
    scene, wall = scene_and_wall()
    seen = with_pictures(scene, [pictures("block1.conv1", 32)])
    assert seen.hidden == (wall,)
    assert [one.value_key for one in seen.walls if one.node == wall.node] == [("x", wall.node)]
    not_seen = with_pictures(scene, [Hung(wall.node, "x", 32, (64, 64))])
    assert not_seen.walls == scene.walls
    assert [one.value_key for one in not_seen.hidden] == [("x", wall.node)]
    assert len(seen.walls) == len(scene.walls)


def test_the_hall_does_not_move():
    scene, wall = scene_and_wall("fc")
    seen = with_pictures(scene, [pictures("fc", 3)])
    others = [one for one in seen.walls if one.node != wall.node]
    assert others == [one for one in scene.walls if one.node != wall.node]
    assert (seen.ribbons, seen.plots) == (scene.ribbons, scene.plots)
    # What is left of the frame stays a wall.
    assert [board.size_wh for board in seen.boards[len(scene.boards) :]] == [wall.size_wh]


def test_a_caption_takes_the_place_of_the_subtitle_alone():
    scene, wall = scene_and_wall()
    told = with_pictures(scene, [Hung(wall.node, caption="maximising", share=0.25)])
    assert len(told.labels) == len(scene.labels)
    changed = [(old, new) for old, new in zip(scene.labels, told.labels, strict=True) if old != new]
    ((old, new),) = changed
    assert (old.text, new.text) == (wall.subtitle, "maximising")
    assert (old.position, old.plane) == (new.position, new.plane)
    assert told.walls == scene.walls


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0, 1.5])
def test_the_bar_is_done_from_the_left(share):
    scene, wall = scene_and_wall()
    boards = with_pictures(scene, [Hung(wall.node, share=share)]).boards[len(scene.boards) :]
    track = boards[0]
    left = track.centre[0] - track.size_wh[0] / 2
    assert track.size_wh[0] <= wall.size_wh[0]
    assert track.centre[1] - track.size_wh[1] / 2 == pytest.approx(
        wall.centre[1] - wall.size_wh[1] / 2
    )
    if share == 0:
        assert len(boards) == 1
        return
    done = boards[1]
    assert done.centre[0] - done.size_wh[0] / 2 == pytest.approx(left)
    assert done.size_wh[0] == pytest.approx(min(share, 1.0) * track.size_wh[0])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (0.2, "0:01"), (35, "0:35"), (724, "12:04"), (3750, "1:02:30"), (-5, "0:00")],
)
def test_a_duration_reads_like_a_clock(seconds, text):
    assert clock_text(seconds) == text

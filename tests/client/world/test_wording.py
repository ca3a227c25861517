"""Words stand at their rows and columns, and only where they can be read."""

import math

import numpy as np
import pytest

from layerwalk_client.source.exhibits import EXHIBITS, SENTENCE
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.world.camera import looking_at
from layerwalk_client.world.layout import layout
from layerwalk_client.world.palette import PALETTES
from layerwalk_client.world.picking import point_of
from layerwalk_client.world.tokens import spoken
from layerwalk_client.world.view import Camera
from layerwalk_client.world.wording import ROW_PX, worded_walls, words_seen

HEIGHT_PX = 1080


@pytest.fixture(scope="module")
def talking():
    source = MemorySource("gpt")
    source.open()
    network = source.arrivals()[0].network
    scene = layout(network, network.snapshot)
    return network, worded_walls(network, network.snapshot, scene)


def seen(worded, camera, **options):
    return words_seen(worded, camera, height_px=HEIGHT_PX, palette=PALETTES["dark"], **options)


def before(wall, distance, *, aside=0.0):
    x, y, z = wall.centre
    return looking_at(Camera(position=(x + aside, y, z + distance)), (x + aside, y, z))


def test_walls_of_tokens_have_rows_and_attention_has_both(talking):
    network, worded = talking
    views = {one.wall.title: network.graph.nodes[one.wall.node].view for one in worded}
    assert {"wte", "attention", "proj"} <= set(views)
    assert "input" not in views
    for one in worded:
        assert one.rows == SENTENCE
        assert bool(one.columns) == (network.graph.nodes[one.wall.node].view == "attention")
    assert EXHIBITS["vit"]().tokens == ()


def test_words_lie_level_with_their_rows_as_near_as_they_can_be_read(talking):
    _, worded = talking
    (first, *_) = worded
    wall = first.wall
    left = -wall.size_wh[0] / 2
    focal_px = HEIGHT_PX / (2 * math.tan(Camera().fov / 2))
    farthest = first.row_height * focal_px / ROW_PX
    assert seen([first], before(wall, 1.01 * farthest, aside=left)) == ((), ())
    labels, strips = seen([first], before(wall, 0.99 * farthest, aside=left))
    assert [label.text for label in labels] == [spoken(word) for word in SENTENCE]
    assert strips == ()
    for row, label in enumerate(labels):
        expected = point_of(wall, 0, (0.0, (row + 0.5) / len(SENTENCE)))
        assert label.position[1] == pytest.approx(expected[1])
        assert -0.1 < label.position[0] - expected[0] < 0
    assert seen([first], before(wall, -1.0, aside=left)) == ((), ())


def test_only_the_map_under_the_pointer_has_words(talking):
    _, worded = talking
    one = next(one for one in worded if one.columns)
    camera = before(one.wall, 1.0)
    assert seen([one], camera) == ((), ())
    assert seen([one], camera, pointed=(one.wall.node + 1, 2)) == ((), ())
    labels, strips = seen([one], camera, pointed=(one.wall.node, 2))
    rows = [label for label in labels if label.plane == "wall"]
    columns = [label for label in labels if label.plane == "column"]
    assert len(rows) == len(columns) == len(SENTENCE)
    for place in (0, 11, 23):
        share = (place + 0.5) / len(SENTENCE)
        assert rows[place].position[1] == pytest.approx(point_of(one.wall, 2, (0, share))[1])
        assert columns[place].position[0] == pytest.approx(point_of(one.wall, 2, (share, 0))[0])
    # The grounds lie beside the map, not on it.
    low, high = point_of(one.wall, 2, (0, 1)), point_of(one.wall, 2, (1, 0))
    beside, over = (np.array(strip.size_wh) for strip in strips)
    middle = one.wall.centre[0] + strips[0].lateral
    assert middle + beside[0] / 2 == pytest.approx(low[0])
    assert strips[1].height - over[1] / 2 == pytest.approx(high[1])


def test_few_walls_speak_at_a_time(talking):
    _, worded = talking
    camera = Camera(position=(worded[0].wall.centre[0] - 2.5, 0.5, worded[0].wall.centre[2] + 0.3))
    labels, _ = seen(worded, camera)
    assert len(labels) <= 2 * len(SENTENCE)

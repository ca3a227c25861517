"""Rides along edges: on the ribbon, never through a wall, to before the next one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from client.world.networks import described, inception, manifest, resnet
from client.world.test_ways import nearest
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.camera import forward
from layerwalk_client.world.flight import Actions, Flight, clearance, follow, step
from layerwalk_client.world.layout import layout
from layerwalk_client.world.riding import meant, ride, ride_duration
from layerwalk_client.world.signs import EYE
from layerwalk_client.world.view import Camera
from layerwalk_client.world.viewpoints import facing
from layerwalk_client.world.ways import place_on

GRAPHS = {"resnet": resnet((2, 2)), "inception": inception(1)}


@pytest.fixture(scope="module", params=GRAPHS)
def hall(request):
    graph = GRAPHS[request.param]
    scene = layout(described(graph), manifest(graph))
    return scene, SceneArrays.from_scene(scene)


def rides(hall, every=5):
    scene, arrays = hall
    walls = {wall.node: wall for wall in scene.walls}
    for ribbon in scene.ribbons[::every]:
        start = facing(walls[ribbon.source], 16 / 9, scene=scene)
        yield ribbon, walls[ribbon.target], ride(start, ribbon, walls[ribbon.target], arrays)


def test_a_ride_passes_through_nothing_and_ends_before_the_next_wall(hall) -> None:
    arrays = hall[1]
    for _, target, way in rides(hall):
        start = clearance(arrays, way.start.position)
        assert nearest(way, arrays) > min(0.05, 0.5 * start)
        end = way.camera(1.0)
        assert end.position[1] == EYE
        assert end.position[2] > target.centre[2]
        towards = np.array(target.centre) - end.position
        assert float(towards @ forward(end)) == pytest.approx(np.linalg.norm(towards))


def test_a_ride_keeps_to_its_ribbon(hall) -> None:
    for ribbon, _, way in rides(hall):
        if np.linalg.norm(ribbon.path[-1] - ribbon.path[0]) < 5:
            continue
        places = place_on(way.points, way.drift, np.linspace(0.6, 1.0, 40))[:, [0, 2]]
        line = ribbon.path[:, [0, 2]].astype(float)
        fine = np.concatenate([np.linspace(one, two, 40) for one, two in itertools.pairwise(line)])
        away = np.linalg.norm(places[:, None] - fine[None], axis=2).min(axis=1)
        assert np.quantile(away, 0.5) < 0.5


def test_one_looks_where_the_ride_leads_and_turns_without_a_jump(hall) -> None:
    for _, _, way in rides(hall, every=9):
        cameras = [way.camera(t) for t in np.linspace(0, 1, 400)]
        turns = [
            abs(math.remainder(two.yaw - one.yaw, math.tau))
            for one, two in itertools.pairwise(cameras)
        ]
        assert max(turns) < 0.25
        assert cameras[0] == way.start
        assert cameras[-1] == way.end


def test_the_wheel_sets_the_speed_of_a_ride_without_a_jump(hall) -> None:
    _, _, way = next(rides(hall))
    flight = follow(Flight(way.start), way, duration_s=ride_duration(way, 1.0))
    flight = step(flight, Actions(), 0.5)
    faster = step(flight, Actions(wheel=2), 0.0)
    assert faster.camera.position == pytest.approx(flight.camera.position)
    assert faster.move.duration_s == pytest.approx(flight.move.duration_s / 1.25**2)
    assert faster.move.elapsed_s == pytest.approx(flight.move.elapsed_s / 1.25**2)
    assert ride_duration(way, 2.0) == pytest.approx(ride_duration(way, 1.0) / 2)


def test_the_way_that_one_looks_at_is_meant() -> None:
    places = [(-5.0, 0.0, -5.0), (0.0, 9.0, -5.0), (5.0, 0.0, -5.0)]
    assert meant(Camera(), places) == 1
    assert meant(Camera(yaw=0.8), places) == 0
    assert meant(Camera(yaw=-0.8), places) == 2

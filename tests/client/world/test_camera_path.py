"""Laws of the way of a camera through keyframes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.world.networks import described, resnet
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.camera_path import (
    TOLERANCE_M,
    TOLERANCE_RAD,
    CameraPath,
    Keyframe,
    course,
    thinned,
)
from layerwalk_client.world.layout import layout
from layerwalk_client.world.view import Camera
from layerwalk_client.world.viewpoints import facing
from layerwalk_client.world.ways import plan
from layerwalk_shared.errors import InvalidRequestError

metres = st.floats(-50, 50)
cameras = st.builds(
    Camera,
    position=st.tuples(metres, metres, metres),
    yaw=st.floats(-math.pi, math.pi),
    pitch=st.floats(-1.5, 1.5),
)


@st.composite
def ways(draw):
    count = draw(st.integers(1, 6))
    time_s, found = 0.0, []
    for _ in range(count):
        stay_s = draw(st.sampled_from([0.0, 0.0, 0.7]))
        found.append(Keyframe(time_s, draw(cameras), stay_s))
        time_s += stay_s + draw(st.floats(0.2, 5))
    return CameraPath(tuple(found))


def numbers(camera):
    return np.array([*camera.position, camera.yaw, camera.pitch])


def apart(one, other):
    """Difference of two cameras; of angles the short way round."""
    difference = numbers(one) - numbers(other)
    difference[3] = math.remainder(difference[3], math.tau)
    return np.abs(difference).max()


@settings(deadline=None)
@given(ways())
def test_it_goes_through_every_keyframe_and_stays_there(path):
    for one in path.keyframes:
        for share in (0.0, 0.5, 1.0):
            assert apart(path.camera_at(one.time_s + share * one.stay_s), one.camera) < 1e-9
    assert apart(path.camera_at(-3.0), path.keyframes[0].camera) < 1e-9
    assert apart(path.camera_at(path.end_s + 3), path.keyframes[-1].camera) < 1e-9


@settings(deadline=None)
@given(ways(), st.floats(0, 1))
def test_its_speed_never_jumps(path, share):
    """One-sided slopes agree at every moment, keyframes among them, and are zero at both ends."""
    step = 1e-5
    moments = [one.time_s for one in path.keyframes] + [share * path.end_s, path.end_s]
    for moment in moments:
        before = apart(path.camera_at(moment - step), path.camera_at(moment)) / step
        after = apart(path.camera_at(moment + step), path.camera_at(moment)) / step
        # Curvature is bounded by the ways and times drawn here: 3000 m/s^2 is far beyond.
        assert abs(before - after) <= 2 * step * 6 * 400 / 0.2**2
    assert apart(path.camera_at(step), path.camera_at(0.0)) <= step**2 * 6 * 400 / 0.2**2


def test_a_way_along_a_line_at_even_pace_is_even_in_the_middle():
    line = [Keyframe(k, Camera(position=(2.0 * k, 1.0, 0.0))) for k in range(5)]
    path = CameraPath(tuple(line))
    for time_s in (1.0, 1.3, 2.5, 2.9):
        assert path.camera_at(time_s).position == pytest.approx((2 * time_s, 1.0, 0.0))


def test_a_corner_is_not_stopped_at():
    corner = [(0, (0, 0, 0)), (1, (4, 0, 0)), (2, (4, 0, 4))]
    path = CameraPath(tuple(Keyframe(t, Camera(position=p)) for t, p in corner))
    step = 1e-4
    before, after = path.camera_at(1 - step).position, path.camera_at(1 + step).position
    assert math.dist(before, after) / (2 * step) > 1.0


def test_turns_take_the_short_way():
    path = CameraPath((
        Keyframe(0.0, Camera(yaw=math.radians(170))),
        Keyframe(1.0, Camera(yaw=math.radians(-170))),
    ))  # fmt: skip
    assert abs(abs(path.camera_at(0.5).yaw) - math.pi) < 1e-9


@pytest.mark.parametrize(
    "times", [[], [(0.0, 0.0), (0.0, 0.0)], [(1.0, 0.0), (0.5, 0.0)], [(0.0, 2.0), (1.0, 0.0)],
              [(math.nan, 0.0)]]
)  # fmt: skip
def test_keyframes_out_of_order_are_told_of(times):
    with pytest.raises(InvalidRequestError, match="keyframe"):
        CameraPath(tuple(Keyframe(time_s, Camera(), stay_s) for time_s, stay_s in times))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300))
def test_a_thinned_way_is_where_the_camera_was(seed, count):
    generator = np.random.default_rng(seed)
    times = np.cumsum(generator.uniform(0.005, 0.1, count))
    speed = generator.normal(size=(count, 3)).cumsum(axis=0) * 0.3
    speed[count // 3 : count // 2] = 0.0  # a rest
    places = np.cumsum(speed * 0.05, axis=0)
    yaws = np.cumsum(generator.normal(size=count) * 0.1)
    shots = [
        Camera(position=tuple(map(float, place)), yaw=math.remainder(float(yaw), math.tau))
        for place, yaw in zip(places, yaws, strict=True)
    ]
    path = CameraPath(thinned(times, shots))
    for time_s, camera in zip(times, shots, strict=True):
        found = path.camera_at(time_s)
        assert math.dist(found.position, camera.position) <= TOLERANCE_M * math.sqrt(3) + 1e-9
        assert abs(math.remainder(found.yaw - camera.yaw, math.tau)) <= TOLERANCE_RAD + 1e-9


def test_a_smooth_way_needs_few_keyframes():
    times = np.linspace(0, 10, 601)
    shots = [Camera(position=(5 * math.sin(t / 3), 1.6, -t), yaw=0.2 * math.sin(t)) for t in times]
    assert len(thinned(times, shots)) < 40


def test_between_places_it_flies_as_one_flies_in_the_window():
    scene = layout(described(resnet()))
    arrays = SceneArrays.from_scene(scene)
    ends = [facing(scene.walls[0], 1.6), facing(scene.walls[-1], 1.6)]
    found = course(
        [Keyframe(0.0, ends[0], 0.5, is_place=True), Keyframe(3.0, ends[1], 1.0, is_place=True)],
        arrays,
    )
    assert [found.camera_at(t) for t in (0.0, 0.5, 3.0, 9.0)] == [
        *[ends[0]] * 2, *[ends[1]] * 2,
    ]  # fmt: skip
    way = plan(*ends, arrays)
    for share in (0.25, 0.5, 0.9):
        assert apart(found.camera_at(0.5 + 2.5 * share), way.camera(share)) < 1e-9


@settings(deadline=None)
@given(ways(), st.data())
def test_a_course_goes_through_every_keyframe_whatever_it_is(path, data):
    keyframes = [
        Keyframe(one.time_s, one.camera, one.stay_s, is_place=data.draw(st.booleans()))
        for one in path.keyframes
    ]
    found = course(keyframes, None)
    for one in keyframes:
        for time_s in (one.time_s, one.time_s + one.stay_s / 2, one.end_s):
            assert apart(found.camera_at(time_s), one.camera) < 1e-9

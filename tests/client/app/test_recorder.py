"""A recorded walk, filmed, goes where the walk went, and does what was done."""

import math

import pytest

from layerwalk_client.app.output.film_script import Happening, as_toml, parse_script
from layerwalk_client.app.output.recorder import HOLD_S, Recorder, Situation
from layerwalk_client.world.camera_path import CameraPath, Keyframe
from layerwalk_client.world.view import Appearance, Camera
from layerwalk_shared.messages import NoiseInput


def at(x, yaw=0.0):
    return Camera(position=(x, 1.6, 0.0), yaw=yaw)


def path_of(script):
    return CameraPath(tuple(Keyframe(one.time, one.where(), one.stay) for one in script.keyframes))


def walked(recorder, start_s=100.0):
    """A rest of 2 s, a curve of 3 s at 30 frames a second, a rest of 10 s without frames, a step."""
    recorder.start(start_s, at(0.0), Situation())
    frames = {0.0: at(0.0)}
    for k in range(1, 91):
        time_s = 2 + k / 30
        share = k / 90
        frames[time_s] = at(4 * share * share * (3 - 2 * share), yaw=math.sin(share))
    for k in range(1, 4):
        frames[15 + k / 30] = at(4 + 0.1 * k, yaw=math.sin(1))
    for time_s, camera in frames.items():
        recorder.note(start_s + time_s, camera, Situation())
    return frames, recorder.stop(start_s + 16)


def test_the_film_goes_where_the_walk_went():
    frames, script = walked(Recorder())
    path = path_of(parse_script(as_toml(script).encode(), is_json=False))
    assert path.end_s == pytest.approx(16.0)
    for time_s, camera in frames.items():
        found = path.camera_at(time_s)
        assert math.dist(found.position, camera.position) < 0.02
        assert abs(found.yaw - camera.yaw) < math.radians(0.4)


def test_what_rested_rests_although_no_frame_was_drawn():
    _, script = walked(Recorder())
    path = path_of(script)
    for time_s in (0.5, 1.9 - HOLD_S):
        assert path.camera_at(time_s).position == pytest.approx((0.0, 1.6, 0.0), abs=0.02)
    for time_s in (5.5, 10.0, 14.9 - HOLD_S):
        assert path.camera_at(time_s).position == pytest.approx((4.0, 1.6, 0.0), abs=0.02)


def test_a_walk_becomes_few_keyframes():
    frames, script = walked(Recorder())
    assert len(script.keyframes) < len(frames) / 4


def test_what_was_done_is_done_again_at_its_time():
    recorder = Recorder()
    noise = NoiseInput(seed=3)
    magma = Appearance(table="magma", mode="manual", manual=2.0)
    recorder.start(10.0, at(0), Situation(input="digits:1"))
    recorder.note(11.0, at(0), Situation(input="digits:1"))
    recorder.note(12.0, at(0), Situation(input=noise, step=7))
    recorder.note(12.5, at(0), Situation(input=None, step=7, selection="conv1"))
    recorder.note(13.0, at(0), Situation(input=None, appearance=magma))
    script = recorder.stop(14.0)
    assert script.actions == (
        Happening(time=0, put="digits:1", table="coolblack", range="node"),
        Happening(time=2.0, put=noise, step=7),
        Happening(time=2.5, select="conv1"),
        Happening(time=3.0, step="newest", select="", table="magma", range="manual", limit=2.0),
    )
    assert script.seconds == 4.0


def test_nothing_is_noted_while_it_is_off():
    recorder = Recorder()
    recorder.note(1.0, at(5), Situation(input="digits:9"))
    recorder.start(2.0, at(0), Situation())
    assert recorder.is_on
    assert recorder.seconds(5.5) == 3.5
    script = recorder.stop(3.0)
    assert not recorder.is_on
    assert [one.where().position for one in script.keyframes] == [(0, 1.6, 0)] * 2


def test_slow_frames_of_a_move_are_no_stairs():
    recorder = Recorder()
    recorder.start(0.0, at(0), Situation())
    for k in range(1, 12):
        recorder.note(0.25 * k, at(0.5 * k), Situation())
    path = path_of(recorder.stop(2.75))
    for time_s in (0.9, 1.1, 1.7):
        assert path.camera_at(time_s).position[0] == pytest.approx(2 * time_s, abs=0.05)

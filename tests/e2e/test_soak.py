"""A walk that goes on for long leaves nothing behind, and a resting one does not grow."""

import os

import pytest

from benchmarks.soak import live_objects, random_walk, steady_walk
from layerwalk_client.gl.bindings import gl

pytestmark = pytest.mark.gl

LONG_S = float(os.environ.get("LAYERWALK_SOAK_SECONDS", "600"))


def walk_on(window, seconds, seed):
    """Let a random hand walk; OpenGL is as it was before, and said no error (it is asked after each
    call)."""
    before = live_objects()
    assert random_walk(window, seconds, seed=seed) > 20 * seconds
    assert gl.glGetError() == gl.GL_NO_ERROR
    assert live_objects() == before


def test_random_events_for_a_while_leave_nothing_behind(window):
    walk_on(window, 8.0, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [2, 3])
def test_random_events_for_long_leave_nothing_behind(window, seed):
    walk_on(window, LONG_S, seed)


def test_inputs_that_change_twice_a_second_add_nothing(window):
    found = steady_walk(window, 0.3, looks=4)
    assert found.inputs == 36
    assert max(found.objects[1:]) <= found.objects[0]
    assert max(found.gpu_bytes[1:]) <= found.gpu_bytes[0]
    assert found.is_met
    assert "flat" in found.row()

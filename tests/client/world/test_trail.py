"""Places one has been: back and forth are each other's undoing."""

from __future__ import annotations

from hypothesis import given
from hypothesis.strategies import integers

from layerwalk_client.world.trail import REMEMBERED, Trail
from layerwalk_client.world.view import Camera


def at(z: float) -> Camera:
    return Camera((0.0, 1.6, z))


def jumped(count: int) -> Trail:
    trail = Trail()
    for place in range(count):
        trail = trail.left(at(-10.0 * place), at(-10.0 * (place + 1)))
    return trail


@given(count=integers(1, 12), steps=integers(1, 12))
def test_forth_undoes_back(count: int, steps: int) -> None:
    trail, here = jumped(count), at(-10.0 * count)
    seen = [here]
    for _ in range(min(steps, count)):
        trail, camera = trail.back(seen[-1])
        assert camera is not None
        seen.append(camera)
    assert seen == [at(-10.0 * place) for place in range(count, count - len(seen), -1)]
    for place in reversed(seen[:-1]):
        trail, camera = trail.forth(here := seen.pop())
        assert camera == place


def test_where_it_began_nothing_is_before() -> None:
    assert Trail().back(at(0))[1] is None
    assert Trail().forth(at(0))[1] is None
    trail, camera = jumped(1).back(at(-10))
    assert camera == at(0)
    assert trail.back(at(0))[1] is None


def test_a_new_jump_forgets_what_was_undone() -> None:
    trail, camera = jumped(3).back(at(-30))
    assert camera == at(-20)
    trail = trail.left(at(-20), at(50))
    assert trail.forth(at(50))[1] is None
    assert trail.back(at(50))[1] == at(-20)


def test_a_long_stop_after_a_free_flight_is_a_place() -> None:
    trail = Trail().left(at(0), at(-10)).rested(at(-60), 2.5).rested(at(-100), 3.0)
    trail, camera = trail.back(at(-100))
    assert camera == at(-60)
    trail, camera = trail.back(at(-60))
    assert camera == at(-10)
    assert trail.back(at(-10))[1] == at(0)


def test_a_short_stop_and_a_stop_at_the_same_place_are_none() -> None:
    trail = Trail().left(at(0), at(-10))
    assert trail.rested(at(-60), 1.0) == trail
    assert trail.rested(at(-11), 10.0) == trail


def test_who_has_flown_on_without_a_stop_comes_back_to_the_last_place() -> None:
    trail = jumped(1)
    trail, camera = trail.back(at(-200))
    assert camera == at(-10)
    assert trail.forth(at(-10))[1] == at(-200)
    assert trail.back(at(-10))[1] == at(0)


def test_a_jump_after_a_free_flight_keeps_both_places() -> None:
    trail = jumped(1).left(at(-80), at(7))
    trail, one = trail.back(at(7))
    trail, two = trail.back(at(-80))
    assert (one, two) == (at(-80), at(-10))


def test_jumping_twice_from_one_place_needs_one_way_back() -> None:
    trail = Trail().left(at(0), at(0)).left(at(0), at(-9))
    trail, camera = trail.back(at(-9))
    assert camera == at(0)
    assert trail.back(at(0))[1] is None


def test_the_trail_does_not_grow_for_ever() -> None:
    assert len(jumped(3 * REMEMBERED).past) == REMEMBERED

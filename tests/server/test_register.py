"""A register: ids count up and never come back, what is not there is said by name."""

from __future__ import annotations

import threading

import pytest

from layerwalk.register import Register
from layerwalk_shared.errors import NotFoundError


@pytest.fixture
def register() -> Register[str]:
    return Register("thing", letter="t", lock=threading.RLock())


def test_ids_count_up_also_past_those_that_were_never_used(register: Register[str]) -> None:
    register.put(register.reserve(), "first")
    register.reserve()
    register.put(register.reserve(), "third")
    assert register.items() == (("t1", "first"), ("t3", "third"))


def test_what_takes_the_place_of_another_keeps_its_order(register: Register[str]) -> None:
    for name in ("one", "two"):
        register.put(register.reserve(), name)
    register.put("t1", "new")
    assert register.items() == (("t1", "new"), ("t2", "two"))
    assert register.get("t1") == "new"


def test_what_is_not_there_is_said_with_what_is(register: Register[str]) -> None:
    with pytest.raises(NotFoundError, match=r"thing 't2' does not exist \(there are: none\)"):
        register.get("t2")
    register.put(register.reserve(), "one")
    with pytest.raises(NotFoundError, match=r"there are: t1"):
        register.get("t2")

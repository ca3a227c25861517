"""Pauses: nobody runs outside of them, and the training waits until everyone is out."""

from __future__ import annotations

import threading

import pytest

from layerwalk.training.pause import Pause
from layerwalk_shared.errors import ClosedError


def test_work_runs_within_pauses_only_and_the_training_waits_for_its_end() -> None:
    pause = Pause()
    told: list[str] = []
    is_in, may_leave = threading.Event(), threading.Event()

    def work() -> None:
        with pause.taken():
            told.append("in")
            is_in.set()
            assert may_leave.wait(10)
            told.append("out")

    worker = threading.Thread(target=work)
    worker.start()
    assert not is_in.wait(0.05), "it ran while the training did"
    helper = threading.Timer(0.05, may_leave.set)
    with pause.given():
        assert is_in.wait(10)
        helper.start()
    told.append("trains on")
    worker.join()
    helper.join()
    assert told == ["in", "out", "trains on"]


def test_who_waits_for_a_pause_is_let_go_when_there_will_be_none() -> None:
    pause = Pause()
    raised: list[BaseException] = []

    def work() -> None:
        try:
            with pause.taken():
                raised.append(AssertionError("it ran"))
        except ClosedError as error:
            raised.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    pause.close()
    worker.join(10)
    assert [type(error) for error in raised] == [ClosedError]
    with pytest.raises(ClosedError), pause.taken():
        pass


def test_a_pause_ends_when_the_training_is_interrupted_in_it() -> None:
    pause = Pause()
    with pytest.raises(KeyboardInterrupt), pause.given():
        raise KeyboardInterrupt
    is_in = threading.Event()

    def work() -> None:
        with pause.taken():
            is_in.set()

    worker = threading.Thread(target=work)
    worker.start()
    assert not is_in.wait(0.05)
    with pause.given():
        assert is_in.wait(10)
    worker.join(10)

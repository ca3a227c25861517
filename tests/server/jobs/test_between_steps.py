"""A real forward pass that is let in between two steps of a long job is the one of a quiet server."""

from __future__ import annotations

import numpy as np

from layerwalk.jobs import JobHandle
from layerwalk.session import Session
from layerwalk_shared.messages import NoiseInput


def test_a_forward_between_two_steps_has_the_values_of_one_alone(session: Session) -> None:
    alone = session.jobs.wait(session.put("n1", NoiseInput(seed=5)).id, 20)
    order: list[str] = []
    between: list[str] = []

    def work(handle: JobHandle) -> str:
        for step in range(3):
            if step == 1:
                between.append(session.put("n1", NoiseInput(seed=5)).id)
            handle.progress(step / 3, step=step, steps=3)
            handle.give_way()
            order.extend(f"{step}: {session.jobs.job(one).state}" for one in between)
        return "s0"

    long = session.jobs.submit("maximise", "n1", work=work, node="conv")
    assert session.jobs.wait(long.id, 20).state == "done"
    assert order == ["1: done", "2: done"]
    wanted = session.snapshot(str(alone.snapshot))
    found = session.snapshot(str(session.jobs.job(between[0]).snapshot))
    assert found.id != wanted.id
    for one, other in zip(found.values, wanted.values, strict=True):
        assert one is not None
        assert other is not None
        assert np.array_equal(one, other)

"""The memory of answers: lent once at a time, given back by itself, bounded when idle."""

from __future__ import annotations

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from layerwalk_client.source.buffers import POOLED_FROM, BufferPool


def place(array: np.ndarray) -> int:
    return array.ctypes.data


def test_memory_is_lent_again_when_the_last_view_is_gone() -> None:
    pool = BufferPool()
    first = pool.take(3 * POOLED_FROM)
    at = place(first)
    view = np.frombuffer(memoryview(first).toreadonly(), "<f2", 100, 64).reshape(10, 10)
    del first
    other = pool.take(3 * POOLED_FROM)
    assert place(other) != at, "a view still looks at it"
    del view
    assert pool.idle_bytes == 3 * POOLED_FROM
    assert place(pool.take(3 * POOLED_FROM - 5)) == at


def test_what_is_lent_is_nobody_elses() -> None:
    pool = BufferPool()
    lent = [pool.take(size) for size in (POOLED_FROM, 10, 2 * POOLED_FROM, POOLED_FROM + 1, 10)]
    for number, one in enumerate(lent):
        one[:] = number
    for number, one in enumerate(lent):
        assert (one == number).all()


def test_much_larger_memory_is_not_spent_on_a_small_answer() -> None:
    pool = BufferPool()
    del_me = pool.take(8 * POOLED_FROM)
    del del_me
    small = pool.take(POOLED_FROM)
    assert small.nbytes == POOLED_FROM
    assert pool.idle_bytes == 8 * POOLED_FROM


@given(st.lists(st.integers(1, 5 * POOLED_FROM), max_size=12))
def test_idle_memory_is_bounded(sizes: list[int]) -> None:
    limit = 6 * POOLED_FROM
    pool = BufferPool(idle_bytes=limit)
    lent = [pool.take(size) for size in sizes]
    assert [one.nbytes for one in lent] == sizes
    lent.clear()
    assert pool.idle_bytes <= limit


def test_threads_share_a_pool() -> None:
    pool = BufferPool()
    wrong: list[int] = []

    def work(number: int) -> None:
        for turn in range(50):
            mine = pool.take(POOLED_FROM + turn)
            mine[::4096] = number
            if not (mine[::4096] == number).all():
                wrong.append(number)
            del mine

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong

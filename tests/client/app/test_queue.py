"""Laws of the queue between the main thread and the threads that fetch."""

import threading

import pytest

from layerwalk_client.source.asking import Overview, Statistics, Tiles, Values
from layerwalk_client.source.queue import FetchQueue
from layerwalk_shared.tiles import TileKey

A, B, C = (TileKey(0, 0, level) for level in range(3))


@pytest.fixture
def queue():
    made = FetchQueue()
    made.resume()
    return made


def taken(queue, count):
    return [queue.take() for _ in range(count)]


def test_the_urgent_goes_first_and_tiles_last(queue):
    queue.want([Tiles("s", (A,))])
    queue.put(Statistics("s", "n"))
    queue.put(Values("s", "n", 0))
    queue.put(Overview("s"))
    assert taken(queue, 4) == [
        Overview("s"),
        Values("s", "n", 0),
        Statistics("s", "n"),
        Tiles("s", (A,)),
    ]


def test_a_newer_fetch_of_a_slot_replaces_the_older(queue):
    for channel in range(5):
        queue.put(Values("s", "n", channel))
    queue.put(Statistics("s", "n"))
    assert taken(queue, 2) == [Values("s", "n", 4), Statistics("s", "n")]


def test_what_is_no_longer_wanted_is_not_fetched(queue):
    queue.want([Tiles("s", (A,)), Tiles("s", (B,))])
    queue.want([Tiles("s", (C,))])
    queue.put(Overview("t"))
    assert taken(queue, 2) == [Overview("t"), Tiles("s", (C,))]


def test_a_tile_on_its_way_is_not_taken_twice(queue):
    queue.want([Tiles("s", (A, B))])
    assert queue.take() == Tiles("s", (A, B))
    queue.want([Tiles("s", (A, B, C))])
    assert queue.take() == Tiles("s", (C,))
    queue.land("s", (A,))
    queue.want([Tiles("s", (A, B))])
    assert queue.take() == Tiles("s", (A,))


def test_a_paused_queue_waits_and_a_closed_one_ends():
    queue = FetchQueue()  # paused until there is a server
    found = []
    thread = threading.Thread(target=lambda: found.extend([queue.take(), queue.take()]))
    thread.start()
    queue.put(Overview("s"))
    assert thread.is_alive()
    queue.resume()
    queue.close()
    thread.join(5)
    assert found[-1] is None
    assert not thread.is_alive()


def test_clear_forgets_what_was_on_its_way(queue):
    queue.want([Tiles("s", (A,))])
    queue.take()
    queue.clear()
    queue.want([Tiles("s", (A,))])
    assert queue.take() == Tiles("s", (A,))

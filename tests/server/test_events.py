"""The event log: numbers without gaps, waits that end, resets where something is missing."""

import threading

from layerwalk.events import EventLog
from layerwalk_shared.messages import SnapshotsDropped


def publish(log: EventLog, count: int) -> None:
    for index in range(count):
        log.publish(SnapshotsDropped, snapshots=(f"s{index}",))


def test_events_come_in_order_and_without_gaps() -> None:
    log = EventLog()
    publish(log, 5)
    batch = log.after(2)
    assert [event.number for event in batch.events] == [3, 4, 5]
    assert batch.last == 5
    assert not batch.reset


def test_who_is_too_far_behind_is_told_to_load_anew() -> None:
    log = EventLog(kept=3)
    publish(log, 10)
    assert log.after(6).reset
    assert log.after(6).events == ()
    assert not log.after(7).reset
    assert len(log.after(7).events) == 3


def test_a_number_from_another_session_is_a_reset() -> None:
    log = EventLog()
    publish(log, 2)
    assert log.after(3, wait_s=60).reset


def test_waiting_ends_with_the_first_event() -> None:
    log = EventLog()
    waiting = threading.Event()
    found = []

    def wait() -> None:
        waiting.set()
        found.append(log.after(0, wait_s=60))

    thread = threading.Thread(target=wait)
    thread.start()
    waiting.wait()
    publish(log, 1)
    thread.join(timeout=10)
    assert [event.number for event in found[0].events] == [1]


def test_waiting_without_an_event_ends_in_time_and_empty() -> None:
    batch = EventLog().after(0, wait_s=0.01)
    assert batch.events == ()
    assert not batch.reset


def test_closing_lets_go_who_waits() -> None:
    log = EventLog()
    thread = threading.Thread(target=lambda: log.after(0, wait_s=60))
    thread.start()
    log.close()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert log.after(0, wait_s=60).events == ()


def test_numbers_are_unique_when_many_threads_publish() -> None:
    log = EventLog(kept=1000)
    threads = [threading.Thread(target=publish, args=(log, 50)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event.number for event in log.after(0).events] == list(range(1, 401))

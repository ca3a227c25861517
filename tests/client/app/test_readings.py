"""Exact values are asked for after a rest, once, and read at the right place."""

import numpy as np

from layerwalk_client.app.readings import DWELL_S, KEPT_BYTES, Readings
from layerwalk_client.source.arrivals import ValuesArrived
from layerwalk_client.source.asking import Values

AT = Values("s", "conv", 3)


def test_nothing_is_asked_while_the_pointer_moves():
    readings = Readings()
    for channel in range(20):
        assert readings.look(Values("s", "conv", channel), 0.1) is None


def test_a_rest_asks_once():
    readings = Readings()
    asked = [readings.look(AT, 0.05) for _ in range(20)]
    assert [fetch for fetch in asked if fetch is not None] == [AT]
    assert asked.index(AT) == round(DWELL_S / 0.05)
    assert not readings.is_waiting


def test_the_value_is_that_of_the_pixel():
    readings = Readings()
    values = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
    readings.arrive(ValuesArrived(AT, values))
    assert readings.value(AT, 2, 1, width=4) == 9
    assert readings.value(AT, 3, 0, width=4) is None
    assert readings.value(Values("s", "conv", 4), 0, 0, width=4) is None
    assert readings.look(AT, 1) is None
    assert readings.look(AT, 1) is None  # known: nothing to ask


def test_another_snapshot_forgets():
    readings = Readings()
    readings.arrive(ValuesArrived(AT, np.zeros((1, 1), np.float32)))
    readings.clear()
    assert readings.value(AT, 0, 0, width=1) is None


def test_what_is_kept_is_bounded():
    readings = Readings()
    big = np.zeros(KEPT_BYTES // 12, np.float32)  # a third of the room each
    for channel in range(5):
        readings.arrive(ValuesArrived(Values("s", "conv", channel), big))
    known = [readings.value(Values("s", "conv", c), 0, 0, width=1) is not None for c in range(5)]
    assert known == [False, False, True, True, True]

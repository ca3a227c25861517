"""A walk at rest: it sleeps, and wakes when something happens."""

import threading
import time

import pygame
import pytest

from layerwalk_client.app.pulse import Pulse
from layerwalk_client.source.http import HttpSource

pytestmark = pytest.mark.gl

REST_S = 2.0
SHARE = 0.02
"""Of one core, that a walk at rest may take."""


def test_a_walk_at_rest_takes_next_to_nothing_and_wakes_at_once(hand_on, server):
    hand = hand_on(lambda ring: HttpSource(server.url, on_arrival=ring))
    hand.settle()
    hand.until(lambda: not (hand.walker.is_active or hand.walker.notice.text))
    hand.frames(60)
    assert not hand.walker.is_active
    clock_s = [0.0]
    pulse = Pulse(lambda: clock_s[0])
    clock_s[0] = 1.0  # what is drawn after a beginning is drawn
    pygame.event.get()
    rung_s = []

    def ring():
        rung_s.append(time.monotonic())
        pygame.event.post(pygame.event.Event(pygame.USEREVENT))

    bell = threading.Timer(REST_S, ring)
    bell.start()
    before_s = time.thread_time()
    found = pulse.next_events(hand.walker)
    taken_s, woken_s = time.thread_time() - before_s, time.monotonic()
    bell.join()
    assert [one.type for one in found] == [pygame.USEREVENT]
    assert taken_s < SHARE * REST_S
    assert woken_s - rung_s[0] < 0.25

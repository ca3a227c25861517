"""Giving way: threads that take processor time only where the training leaves some."""

from __future__ import annotations

import os
import sys
import threading

NICE = 15
"""As a thread's own priority on Linux, 0 (as everyone) to 19. At 19 a thread that is put to sleep
while it holds Python's lock keeps a busy machine waiting for it longer."""


def give_way() -> bool:
    """Lower the priority of the calling thread for good; return whether that was possible.

    Only Linux has priorities of threads; elsewhere they are left alone.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(NICE, os.getpriority(os.PRIO_PROCESS, thread)))
    except OSError:  # a sandbox that forbids it
        return False
    return True


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

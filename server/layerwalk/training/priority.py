"""The priority of our threads: they take processor time only where the training leaves some."""

from __future__ import annotations

import os
import sys
import threading

NICE = 15
"""As a thread's own priority on Linux, 0 (as everyone) to 19. A thread that is put to sleep while it
holds Python's lock keeps everyone waiting for it, so the lowest is not the best. Measured on two
busy processors, a small network served without a rest: a training that got on at 60 steps a second
alone had 22 beside threads of priority 0, 27 at 5, 29 at 15."""


def lower_priority() -> bool:
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

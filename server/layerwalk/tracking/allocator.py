"""Letting the C library keep the memory of dropped recordings for the next one.

A recording of ResNet-50 is 150 MB in some 170 pieces. Where the C library hands them back to the
system as they are dropped, the next forward pays for fresh pages: 35,000 page faults, which on
one virtual machine were 90 ms on top of a forward of 150 ms, against 10 ms for all else.
"""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
"""glibc's numbers, malloc.h."""
_LARGEST_HEAP_BLOCK = 32 << 20
"""Upper bound that glibc allows (HEAP_MAX_SIZE / 2)."""
_KEPT_IN_THREADS = 128 << 20
"""Above glibc's heap size of other threads (64 MiB), so that none of theirs is given back."""


def keep_freed_memory(kept_bytes: int = 512 << 20) -> bool:
    """Tell the C library to keep up to `kept_bytes` of freed memory for use again.

    It holds for the whole process and for good, so it is for processes of our own: a server, a
    benchmark; a training script is left as it is.

    Returns:
        False where the C library is not glibc; nothing is changed then.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # musl and others
        return False
    settings = {
        _M_MMAP_THRESHOLD: _LARGEST_HEAP_BLOCK,
        _M_TRIM_THRESHOLD: min(kept_bytes, (1 << 31) - 1),
        _M_TOP_PAD: _KEPT_IN_THREADS,
    }
    return all(mallopt(option, value) == 1 for option, value in settings.items())

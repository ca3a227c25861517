"""Going through a data set: batches as large as patience allows, others let in between two."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from torch import Tensor

from layerwalk.jobs import JobHandle
from layerwalk.surveys.feed import Feed, Offer
from layerwalk.surveys.passes import Passes
from layerwalk_shared.errors import DatasetError

PATIENCE_S = 0.12
"""A batch takes about so long: whoever waits for a forward pass waits so much longer."""
LARGEST_BATCH = 64
GIVEN_UP_AFTER = 64
"""Items from the beginning without one that can be used, after which the rest is not tried."""
NAMED = 3
"""Broken items that a note names."""

Take = Callable[[Sequence[Offer], tuple[Tensor, ...]], None]


def go_through(
    handle: JobHandle,
    feed: Feed,
    passes: Passes,
    *,
    done: int,
    total: int,
    take: Take,
    leave_out: Callable[[Offer], None],
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Run all items of a feed; model thread.

    Args:
        handle: of the job; told of every batch.
        feed: entered by the caller.
        passes: run them.
        done: items that were done before.
        total: items in all, those included.
        take: given the items of a batch and what was read off them.
        leave_out: given every item that cannot be used.
        clock: seconds.

    Raises:
        CancelledError: the job is to stop; what was taken stays taken.
        DatasetError: none of the first items can be used.
        ModelError: forward raised.
    """
    size, first, usable = 1, done, 0
    broken: list[Offer] = []
    handle.progress(done / total, step=done, steps=total)
    while offers := feed.take(size):
        good = [one for one in offers if one.made is not None]
        began_s = clock()
        if good:
            take(good, passes.run([one.made.values for one in good if one.made is not None]))
            usable += len(good)
        spent_s = clock() - began_s
        for one in offers:
            if one.made is None:
                broken.append(one)
                leave_out(one)
        done += len(offers)
        if not usable and (done - first >= GIVEN_UP_AFTER or done == total) and broken:
            raise DatasetError(
                f"none of {done - first} items can be put on the network: {broken[0].problem}"
            )
        handle.progress(done / total, step=done, steps=total)
        handle.give_way()
        size = _next_size(size, len(good), spent_s)
    if broken:
        named = "; ".join(one.problem for one in broken[:NAMED])
        more = f"; and {len(broken) - NAMED} more" if len(broken) > NAMED else ""
        handle.progress(1.0, note=f"{len(broken)} items were left out: {named}{more}")


def _next_size(size: int, count: int, spent_s: float) -> int:
    """Return how many items the next batch takes: twice as many at most, by the time of the last."""
    if count < size or spent_s <= 0:
        return size
    fitting = int(size * PATIENCE_S / spent_s)
    return max(1, min(fitting, 2 * size, LARGEST_BATCH))

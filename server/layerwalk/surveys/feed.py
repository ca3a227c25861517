"""Items of a data set as a network takes them, read ahead on threads of their own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from types import TracebackType

from layerwalk.inputs.prepared import PreparedInput
from layerwalk_shared.errors import LayerwalkError

AHEAD = 48
"""Items that are read or being read and not taken yet, at most."""
THREADS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """An item that was read, or why it could not be.

    Attributes:
        index: of the item.
        made: ready to run; None where it is broken.
        problem: what is wrong with it, one sentence.
    """

    index: int
    made: PreparedInput | None
    problem: str = ""


class Feed:
    """Reads ahead while it is entered. Mutable, owned by the thread that takes from it.

    Args:
        read: makes an item ready, on any thread; what it raises becomes the item's problem.
        indices: items, in the order in which they come.
        on_start: called first on every thread.
    """

    def __init__(
        self,
        read: Callable[[int], PreparedInput],
        indices: Iterable[int],
        *,
        on_start: Callable[[], object] = lambda: None,
    ) -> None:
        self._read = read
        self._left = iter(indices)
        self._coming: deque[Future[Offer]] = deque()
        self._on_start = on_start
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Feed:
        self._pool = ThreadPoolExecutor(
            THREADS, thread_name_prefix="layerwalk-feed", initializer=self._on_start
        )
        self._fill()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._pool is not None
        self._pool.shutdown(cancel_futures=True)

    def take(self, count: int) -> list[Offer]:
        """Wait for the next items, `count` or as many as are left, and return them."""
        taken: list[Offer] = []
        while self._coming and len(taken) < count:
            taken.append(self._coming.popleft().result())
            self._fill()
        return taken

    def _fill(self) -> None:
        assert self._pool is not None
        for index in islice(self._left, AHEAD - len(self._coming)):
            self._coming.append(self._pool.submit(self._offer, index))

    def _offer(self, index: int) -> Offer:
        try:
            return Offer(index, self._read(index))
        except LayerwalkError as error:
            return Offer(index, None, str(error))
        except Exception as error:  # noqa: BLE001 - a user's data set, which may raise anything
            return Offer(index, None, f"item {index}: {type(error).__name__}: {error}")

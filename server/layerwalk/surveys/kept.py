"""Results of surveys, by what was asked and by the weights that they are of."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

from layerwalk_shared.messages import SurveyState

T = TypeVar("T")
KEPT_RESULTS = 8
"""Results of one question for so many states of the weights; the oldest go first."""
KEPT_QUESTIONS = 512
"""Data sets times networks times nodes whose results are kept; the longest unused go first."""


class Kept(Generic[T]):
    """Results by question and by the weights they are of. Mutable, shared by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[str, ...], OrderedDict[str, T]] = OrderedDict()

    def put(self, question: tuple[str, ...], print_: str, result: T) -> None:
        """Keep a result, the newest of its question."""
        with self._lock:
            results = self._found.setdefault(question, OrderedDict())
            self._found.move_to_end(question)
            results[print_] = result
            results.move_to_end(print_)
            if len(results) > KEPT_RESULTS:
                results.popitem(last=False)
            if len(self._found) > KEPT_QUESTIONS:
                self._found.popitem(last=False)

    def get(self, question: tuple[str, ...], print_: str) -> tuple[T | None, SurveyState]:
        """Return the result for these weights, else the newest for others, and which it is."""
        with self._lock:
            results = self._found.get(question)
            if not results:
                return None, "none"
            self._found.move_to_end(question)
            if print_ in results:
                return results[print_], "fresh"
            return next(reversed(results.values())), "stale"

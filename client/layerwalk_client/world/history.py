"""What was done, step by step, so that it can be undone and done again: frozen, bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

State = TypeVar("State")
LONGEST = 200
"""Steps that are remembered; the oldest go."""


@dataclass(frozen=True, slots=True)
class History(Generic[State]):
    """A state with those before it and those that were undone.

    Attributes:
        present: what is so now.
        past: earlier states, the newest last.
        future: undone states, the next one last.
    """

    present: State
    past: tuple[State, ...] = ()
    future: tuple[State, ...] = ()

    def after(self, state: State) -> History[State]:
        """Return the history once `state` has been brought about; what was undone is forgotten.

        A state that is the present one is no step.
        """
        if state == self.present:
            return self
        return History(state, (*self.past, self.present)[-LONGEST:])

    def undone(self) -> History[State] | None:
        """Return the history one step back, None at its beginning."""
        if not self.past:
            return None
        return History(self.past[-1], self.past[:-1], (*self.future, self.present))

    def redone(self) -> History[State] | None:
        """Return the history one step on again, None where nothing was undone."""
        if not self.future:
            return None
        return History(self.future[-1], (*self.past, self.present), self.future[:-1])

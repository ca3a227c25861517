"""What a network answers to every item of a data set, and whether that is right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from layerwalk.answers import probabilities_of
from layerwalk.surveys.feed import Offer
from layerwalk_shared.messages import ClassRate

NOT_YET, BROKEN, NO_ANSWER = -1, -2, -3
"""In the place of a predicted class: not looked at, left out, an answer that is not finite."""
NAMED = 3
"""Labels that a note names."""


@dataclass(frozen=True, slots=True)
class Matching:
    """Which label is which class of a network, by name.

    Attributes:
        classes: label -> index of the class; labels that are no class are missing.
        note: why something is not compared, one sentence, or None.
    """

    classes: Mapping[str, int]
    note: str | None = None


def match(labels: Iterable[str], classes: Sequence[str]) -> Matching:
    """Match labels with the names of classes; case, blanks, hyphens and underscores do not count.

    A label that fits two classes alike, and is spelled as neither, fits none.
    """
    labels = tuple(dict.fromkeys(labels))
    if not classes:
        return Matching({}, "the network's classes have no names, so nothing is compared")
    if not labels:
        return Matching({}, "the items have no labels, so nothing is compared")
    exact = {name: index for index, name in enumerate(classes)}
    alike: dict[str, list[int]] = {}
    for index, name in enumerate(classes):
        alike.setdefault(_plain(name), []).append(index)
    found: dict[str, int] = {}
    for label in labels:
        if label in exact:
            found[label] = exact[label]
        elif len(same := alike.get(_plain(label), [])) == 1:
            found[label] = same[0]
    strange = [label for label in labels if label not in found]
    if not found:
        return Matching(
            {},
            f"none of the {len(labels)} labels ({_named(labels)}) is one of the network's "
            f"{len(classes)} classes ({_named(classes)}), so nothing is compared",
        )
    if strange:
        return Matching(
            found,
            f"{len(strange)} of {len(labels)} labels are no class of the network and are not "
            f"compared: {_named(strange)}",
        )
    return Matching(found)


@dataclass(frozen=True, eq=False)
class Scores:
    """What is known of the items of one data set; arrays are read-only.

    Attributes:
        classes: names of the network's outputs, made up where it has none.
        has_names: they are the network's own.
        predicted: int32 `[N]`, index of the class, or `NOT_YET`, `BROKEN`, `NO_ANSWER`.
        probability: float32 `[N]`, of that class; 0 where there is none.
        labels: of the items looked at; None for others.
    """

    classes: tuple[str, ...]
    has_names: bool
    predicted: NDArray[np.int32]
    probability: NDArray[np.float32]
    labels: tuple[str | None, ...]

    @cached_property
    def matching(self) -> Matching:
        known = [label for label in self.labels if label is not None]
        return match(known, self.classes if self.has_names else ())

    @cached_property
    def expected(self) -> NDArray[np.int32]:
        """Index of the class that is right, `[N]`; -1 where it is not known."""
        classes = self.matching.classes
        found = [-1 if label is None else classes.get(label, -1) for label in self.labels]
        return np.array(found, np.int32)

    @cached_property
    def is_compared(self) -> NDArray[np.bool_]:
        """Whether an item's label can be compared with an answer, `[N]`."""
        return np.asarray((self.expected >= 0) & (self.predicted >= 0))

    @cached_property
    def is_right(self) -> NDArray[np.bool_]:
        """Whether an item was compared and is right, `[N]`."""
        return np.asarray(self.is_compared & (self.expected == self.predicted))

    def verdict(self, index: int) -> bool | None:
        """Return whether an item is right; None where that is not known."""
        return bool(self.is_right[index]) if self.is_compared[index] else None

    def prediction(self, index: int) -> tuple[str, float] | None:
        """Return (class, probability) of an item; None where there is no answer."""
        place = int(self.predicted[index])
        return (self.classes[place], float(self.probability[index])) if place >= 0 else None

    def rates(self) -> tuple[ClassRate, ...]:
        """Return how right the items of each label's class are, in the order of the classes."""
        compared = np.bincount(self.expected[self.is_compared], minlength=len(self.classes))
        right = np.bincount(self.expected[self.is_right], minlength=len(self.classes))
        return tuple(
            ClassRate(
                name=self.classes[place], compared=int(compared[place]), right=int(right[place])
            )
            for place in np.flatnonzero(compared).tolist()
        )


class ScoreSheet:
    """Scores while they are made. Mutable, owned by the model thread.

    Args:
        count: items of the data set.
        classes: names of the network's outputs, or ().
        before: scores of an earlier job that was cancelled, to go on from.
    """

    def __init__(self, count: int, *, classes: Sequence[str], before: Scores | None = None) -> None:
        self._names = tuple(classes)
        self._outputs = len(before.classes) if before is not None else 0
        self._predicted = np.full(count, NOT_YET, np.int32)
        self._probability = np.zeros(count, np.float32)
        self._labels: list[str | None] = [None] * count
        if before is not None:
            self._predicted[:] = before.predicted
            self._probability[:] = before.probability
            self._labels[:] = before.labels

    def left(self, first: int | None = None) -> list[int]:
        """Return the items that were not looked at, of the first so many."""
        found: list[int] = np.flatnonzero(self._predicted[:first] == NOT_YET).tolist()
        return found

    def take(self, offers: Sequence[Offer], read: tuple[Tensor, ...]) -> None:
        """Keep the answers `[N, K]` to some items."""
        (answer,) = read
        self._outputs = int(answer.shape[1])
        probabilities = probabilities_of(answer)
        strongest = answer.argmax(1)
        finite = answer.isfinite().all(1)
        for place, offer in enumerate(offers):
            at = int(strongest[place])
            is_finite = bool(finite[place])
            self._predicted[offer.index] = at if is_finite else NO_ANSWER
            self._probability[offer.index] = float(probabilities[place, at]) if is_finite else 0.0
            if offer.made is not None:
                self._labels[offer.index] = offer.made.reference.label

    def leave_out(self, offer: Offer) -> None:
        """Note an item that cannot be used."""
        self._predicted[offer.index] = BROKEN

    def frozen(self) -> Scores:
        """Return what is known now."""
        has_names = len(self._names) == self._outputs and self._outputs > 0
        names = self._names if has_names else tuple(f"class {at}" for at in range(self._outputs))
        predicted, probability = self._predicted.copy(), self._probability.copy()
        predicted.flags.writeable = probability.flags.writeable = False
        return Scores(names, has_names, predicted, probability, tuple(self._labels))


def _plain(name: str) -> str:
    return "".join(one for one in name.casefold() if one not in " -_")


def _named(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > NAMED else ""
    return ", ".join(repr(name) for name in names[:NAMED]) + more

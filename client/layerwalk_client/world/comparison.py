"""What is compared with what, as frozen data, and how its values are named on the screen.

The first of the two is what the network shows anyway; the second, and the difference of both, are
further values for the same walls: each under a name of its own, so that a wall changes from one to
the other without a new layout. What is seen of them is the mode:

- `difference`: the walls show the second minus the first.
- `blink`: the same walls show both in turn.
- `pair`: beside every wall of the first stands the same wall of the second.
- `halls`: beside the hall of the first stands that of the second, whatever its graph.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from layerwalk_shared.messages import Compared

Mode = Literal["off", "difference", "blink", "pair", "halls"]
CYCLE: tuple[Mode, ...] = ("difference", "blink", "pair", "halls", "off")
"""In this order a key goes through them."""
MODE_TEXTS: dict[Mode, str] = {
    "off": "not compared",
    "difference": "difference",
    "blink": "blink",
    "pair": "pair",
    "halls": "two halls",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """One of the two: a snapshot, of a network."""

    network: str
    snapshot: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two subjects and how they are seen."""

    first: Subject
    second: Subject
    mode: Mode = "difference"

    @property
    def pair(self) -> tuple[str, str]:
        """Both snapshots, whatever the mode."""
        return self.first.snapshot, self.second.snapshot

    def swapped(self) -> Comparison:
        """Return the same comparison the other way round."""
        return replace(self, first=self.second, second=self.first)


def next_mode(mode: Mode) -> Mode:
    """Return the mode that comes after one."""
    return CYCLE[(CYCLE.index(mode) + 1) % len(CYCLE)]


SECOND = "/second"


def second_of(network: str) -> str:
    """Return the name of the second one's values, for walls of a network."""
    return network + SECOND


def hall_of(network: str) -> str:
    """Return what walls of the second one's own hall call their network."""
    return f"{network}/hall"


def is_second(name: str) -> bool:
    """Whether a name is one of the second's."""
    return name.endswith(SECOND)


def difference_of(network: str) -> str:
    """Return the name of the difference's values, for walls of a network."""
    return f"{network}/difference"


def is_of(name: str, network: str) -> bool:
    """Whether a wall's network is this one, or the second one beside it."""
    return name in (network, second_of(network))


def titles_of(compared: Compared) -> tuple[str, str]:
    """Return what both are called, without what they have in common: the input where that is the
    same, and what both begin with."""
    first, second = compared.first_title.split(", "), compared.second_title.split(", ")
    while min(len(first), len(second)) > 1 and first[-1] == second[-1]:
        first, second = first[:-1], second[:-1]
    return _apart(", ".join(first), ", ".join(second))


def _apart(first: str, second: str) -> tuple[str, str]:
    """Return two titles without the words that both begin with, where more than a number is left of
    each."""
    words, others = first.split(" "), second.split(" ")
    while len(words) > 1 and len(others) > 1 and words[0] == others[0]:
        words, others = words[1:], others[1:]
    if any(not any(map(str.isalpha, " ".join(one))) for one in (words, others)):
        return first, second
    return " ".join(words), " ".join(others)

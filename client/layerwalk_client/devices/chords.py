"""A key with the modifiers that are held with it: `f`, `shift+f`, `ctrl+shift+z`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from layerwalk_shared.errors import InvalidRequestError, nearest_hint


class Modifier(StrEnum):
    """A key that changes what another one does, in the order in which people write them."""

    CTRL = "ctrl"
    ALT = "alt"
    SHIFT = "shift"


@dataclass(frozen=True, slots=True)
class Chord:
    """One key and exactly the modifiers held with it.

    Attributes:
        key: pygame's K_ constant without the K_: `w`, `SPACE`, `F1`.
        modifiers: what is held with it.
    """

    key: str
    modifiers: frozenset[Modifier] = frozenset()

    def __str__(self) -> str:
        """Return it as the settings have it, modifiers in their one order."""
        return "+".join([*in_order(self.modifiers), self.key])


def in_order(modifiers: Iterable[Modifier]) -> list[Modifier]:
    """Return modifiers in the order in which people write them."""
    held = set(modifiers)
    return [modifier for modifier in Modifier if modifier in held]


def parse_chord(text: str) -> Chord:
    """Return the chord that a text names; modifiers may come in any order and case.

    Raises:
        InvalidRequestError: a part is missing, a modifier does not exist or comes twice.
    """
    *names, key = text.split("+")
    if not key or not all(names):
        raise InvalidRequestError(
            f"{text!r}: expected a key, after its modifiers, as in 'ctrl+shift+z' (the key + is "
            "named PLUS)"
        )
    known = [modifier.value for modifier in Modifier]
    for name in names:
        if name.lower() not in known:
            raise InvalidRequestError(
                f"{text!r}: no modifier {name!r}, expected {', '.join(known[:-1])} or {known[-1]}"
                + nearest_hint(name.lower(), known)
            )
    modifiers = frozenset(Modifier(name.lower()) for name in names)
    if len(modifiers) < len(names):
        raise InvalidRequestError(f"{text!r}: a modifier comes twice")
    return Chord(key, modifiers)

"""Which stroke does what: the bindings, with keys and modifiers in pygame's terms.

A key does what is bound to it with exactly the modifiers that are held. Moves are obeyed whatever is
held with them, so that Shift runs and a slip on Ctrl stops nobody; and Shift alone, which is held
while running, hides no other key.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

import pygame

from layerwalk_client.devices.bindings import HELD, NUMBERED, Binding
from layerwalk_client.devices.chords import Modifier, parse_chord
from layerwalk_shared.errors import InvalidRequestError

MODIFIER_KEYS = {
    pygame.K_LCTRL: Modifier.CTRL, pygame.K_RCTRL: Modifier.CTRL,
    pygame.K_LALT: Modifier.ALT, pygame.K_RALT: Modifier.ALT,
    pygame.K_LSHIFT: Modifier.SHIFT, pygame.K_RSHIFT: Modifier.SHIFT,
}  # fmt: skip
_COMMAND_KEY = pygame.KMOD_META if sys.platform == "darwin" else 0
"""A Mac's Command key is what Ctrl is elsewhere."""
_MODIFIER_MASKS = {
    Modifier.CTRL: pygame.KMOD_CTRL | _COMMAND_KEY,
    Modifier.ALT: pygame.KMOD_ALT,
    Modifier.SHIFT: pygame.KMOD_SHIFT,
}


@dataclass(frozen=True, slots=True)
class Stroke:
    """A key going down, in pygame's terms.

    Attributes:
        code: of the key, pygame's.
        modifiers: held with it, itself not among them.
    """

    code: int
    modifiers: frozenset[Modifier] = frozenset()


@dataclass(frozen=True, slots=True)
class Deed:
    """What a stroke does: an action of the table, and which of several."""

    name: str
    number: int = 0

    @property
    def lasts(self) -> bool:
        """Whether it goes on while the key is held."""
        return self.name in HELD


class Strokes:
    """The table that the keyboard obeys. Holds nothing that changes.

    Args:
        bindings: which key does what.

    Raises:
        InvalidRequestError: a key that pygame does not know.
    """

    def __init__(self, bindings: Iterable[Binding]) -> None:
        self._deeds: dict[Stroke, Deed] = {}
        for binding in bindings:
            for number, text in enumerate(binding.keys, start=1):
                chord = parse_chord(text)
                code = getattr(pygame, f"K_{chord.key}", None)
                if code is None:
                    raise InvalidRequestError(
                        f"[keys] {binding.name}: no key {chord.key!r}; letters are lower case, "
                        "others are named as pygame's K_ constants (SPACE, LSHIFT, F1)"
                    )
                deed = Deed(binding.name, number if binding.name in NUMBERED else 0)
                self._deeds[Stroke(code, chord.modifiers)] = deed

    def items(self) -> Iterable[tuple[Stroke, Deed]]:
        """Return every bound stroke with what it does."""
        return self._deeds.items()

    def deed_of(self, code: int, modifiers: frozenset[Modifier]) -> Deed | None:
        """Return what a key does with what is held, None where it does nothing."""
        exact = self._deeds.get(Stroke(code, modifiers))
        if exact is not None:
            return exact
        plain = self._deeds.get(Stroke(code))
        is_obeyed = plain is not None and (plain.lasts or modifiers == {Modifier.SHIFT})
        return plain if is_obeyed else None


def key_name(code: int) -> str:
    """Return pygame's K_ constant of a key without the K_, "" of a key that has none."""
    names = [
        name.removeprefix("K_")
        for name in dir(pygame)
        if name.startswith("K_") and getattr(pygame, name) == code
    ]
    return min(names, key=len, default="")


def modifiers_of(event: pygame.event.Event) -> frozenset[Modifier]:
    """Return what is held with the key of an event; a modifier's own key is not held with it."""
    held = getattr(event, "mod", 0)
    own = MODIFIER_KEYS.get(event.key)
    return frozenset(
        modifier for modifier, mask in _MODIFIER_MASKS.items() if held & mask and modifier != own
    )

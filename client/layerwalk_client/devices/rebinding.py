"""Other keys for actions: changes to the table, kept as the settings keep them."""

from __future__ import annotations

from collections.abc import Mapping

from layerwalk_client.devices.bindings import BINDINGS, NUMBERED, Binding, rebound, shown_key
from layerwalk_client.devices.chords import parse_chord
from layerwalk_shared.errors import InvalidRequestError


class KeyTakenError(InvalidRequestError):
    """A key is bound to another action: it may be swapped."""

    code, status, title = "key-taken", 409, "The key is taken"


Changes = Mapping[str, tuple[str, ...]]


def can_be_rebound(binding: Binding) -> bool:
    """Whether one press tells the action's key; bookmarks have nine."""
    return binding.name not in NUMBERED


def owner_of(changes: Changes, key: str) -> Binding | None:
    """Return the action that a key is bound to, None where it is free."""
    chord = parse_chord(key)
    for binding in rebound(changes):
        if any(parse_chord(one) == chord for one in binding.keys):
            return binding
    return None


def rebind(changes: Changes, name: str, key: str, *, swaps: bool = False) -> Changes:
    """Return the changes with another first key for an action; its other keys stay.

    Args:
        changes: action -> keys, where they differ from the table.
        name: of the action.
        key: as in the settings: `f`, `ctrl+shift+z`.
        swaps: an action that has the key gets the one that this gives up.

    Raises:
        KeyTakenError: another action has the key, and it is not to be swapped.
        InvalidRequestError: the key does not fit the action.
    """
    keys = _keys(changes)
    owner = owner_of(changes, key)
    old = keys[name]
    rest = tuple(one for one in old[1:] if parse_chord(one) != parse_chord(key))
    if owner is not None and owner.name != name:
        if not swaps:
            raise KeyTakenError(f"{shown_key(key)} is “{owner.text}”")
        if owner.name in NUMBERED:
            raise InvalidRequestError(f"{key} is one of the nine keys of {owner.text!r}")
        given = old[:1]
        kept = tuple(one for one in keys[owner.name] if parse_chord(one) != parse_chord(key))
        keys[owner.name] = (*given, *kept)
    keys[name] = (key, *rest)
    return _checked(keys)


def with_usual(changes: Changes, name: str | None) -> Changes:
    """Return the changes with an action's own keys as in the table; None: all of them.

    Raises:
        KeyTakenError: another action has one of them now.
    """
    if name is None:
        return {}
    fewer = {action: keys for action, keys in changes.items() if action != name}
    try:
        rebound(fewer)
    except InvalidRequestError as error:
        raise KeyTakenError(str(error).removeprefix("[keys]: ")) from error
    return fewer


def _keys(changes: Changes) -> dict[str, tuple[str, ...]]:
    return {binding.name: binding.keys for binding in rebound(changes)}


def _checked(keys: Mapping[str, tuple[str, ...]]) -> Changes:
    """Return what differs from the table.

    Raises:
        InvalidRequestError: a key does not fit its action.
    """
    found = {one.name: keys[one.name] for one in BINDINGS if keys[one.name] != one.keys}
    rebound(found)
    return found

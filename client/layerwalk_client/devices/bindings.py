"""Which key does what: the one table that the keyboard obeys and the help shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from layerwalk_client.devices.actions import Command
from layerwalk_shared.errors import InvalidRequestError, nearest_hint


@dataclass(frozen=True, slots=True)
class Binding:
    """One action and its keys.

    Attributes:
        name: of the action, as in the settings.
        keys: names of keys (`w`, `SPACE`, `F1`: pygame's K_ constants without the K_).
        text: for the help.
        section: of the help.
    """

    name: str
    keys: tuple[str, ...]
    text: str
    section: str


MOVES: dict[str, tuple[float, float, float]] = {
    "forward": (0.0, 0.0, 1.0),
    "back": (0.0, 0.0, -1.0),
    "left": (-1.0, 0.0, 0.0),
    "right": (1.0, 0.0, 0.0),
    "up": (0.0, 1.0, 0.0),
    "down": (0.0, -1.0, 0.0),
}
"""Actions that last while their key is held: right, up, forward."""
RUN = "run"

BINDINGS: tuple[Binding, ...] = (
    Binding("forward", ("w", "UP"), "forward", "Move"),
    Binding("back", ("s", "DOWN"), "back", "Move"),
    Binding("left", ("a", "LEFT"), "left", "Move"),
    Binding("right", ("d", "RIGHT"), "right", "Move"),
    Binding("up", ("SPACE",), "up", "Move"),
    Binding("down", ("c",), "down", "Move"),
    Binding("run", ("LSHIFT", "RSHIFT"), "run, while held", "Move"),
    Binding(Command.NEXT_WALL, ("n",), "next wall", "Go"),
    Binding(Command.PREVIOUS_WALL, ("b",), "wall before", "Go"),
    Binding(Command.OVERVIEW, ("o",), "the whole network", "Go"),
    Binding(Command.HOME, ("h",), "the input", "Go"),
    Binding(Command.UNDO_CAMERA, ("BACKSPACE",), "back to where I was", "Go"),
    Binding(Command.SEARCH, ("SLASH",), "search a node", "Go"),
    Binding(Command.DATASET, ("TAB",), "pictures to pick", "Tools"),
    Binding(Command.NOISE, ("g",), "noise", "Tools"),
    Binding(Command.NODE, ("e",), "facts about the wall", "Tools"),
    Binding(Command.MAXIMISE, ("m",), "maximise the wall or the channel", "Tools"),
    Binding(Command.COLOURS, ("l",), "colours and range", "Tools"),
    Binding(Command.INPUT, ("i",), "what is on the input", "Tools"),
    Binding(Command.TIMELINE, ("k",), "curves of the training", "Tools"),
    Binding(Command.GRADIENTS, ("j",), "gradient flow", "Tools"),
    Binding(Command.RELEASE, ("ESCAPE",), "put away, close, free mouse", "Tools"),
    Binding(Command.FOLD, ("f",), "fold or open equal blocks", "View"),
    Binding(Command.RANGE_MODE, ("r",), "next range mode", "View"),
    Binding(Command.COLOUR_TABLE, ("t",), "next colour table", "View"),
    Binding(Command.MARK_RANGE, ("x",), "mark out of range", "View"),
    Binding(Command.PICTURES, ("v",), "values, maximised, or both", "View"),
    Binding(Command.STEP_BACK, ("COMMA",), "step before, of images or training", "View"),
    Binding(Command.STEP_FORWARD, ("PERIOD",), "next step", "View"),
    Binding(Command.NEWEST_STEP, ("END",), "the newest step", "View"),
    Binding(Command.HUD, ("F2",), "hide or show texts", "View"),
    Binding(Command.FULL_SCREEN, ("F11",), "full screen", "View"),
    Binding(Command.SCREENSHOT, ("F12",), "save a picture", "View"),
    Binding(Command.HELP, ("F1",), "this page", "View"),
)
"""Every key but the digits, which call bookmarks (with Ctrl: set them)."""

MOUSE_HELP: tuple[tuple[str, str, str], ...] = (
    ("Move", "mouse", "look around"),
    ("Move", "wheel", "speed"),
    ("Go", "double click", "fly to it"),
    ("Go", "1 ... 9", "bookmark (Ctrl sets it)"),
    ("Tools", "click", "pick up, put down"),
    ("Tools", "hold right", "magnify"),
    ("Tools", "right click", "put away"),
    ("Tools", "drop a file", "onto the input"),
    ("View", "Ctrl Q", "leave"),
)
"""(section, gesture, text): what the help tells beside the keys."""

_SHOWN = {
    "SPACE": "Space", "LSHIFT": "Shift", "RSHIFT": "Shift", "BACKSPACE": "Backspace", "SLASH": "/",
    "COMMA": ",", "PERIOD": ".", "END": "End", "TAB": "Tab", "ESCAPE": "Esc", "UP": "Up", "DOWN": "Down", "LEFT": "Left", "RIGHT": "Right",
}  # fmt: skip


def shown_keys(binding: Binding) -> str:
    """Return a binding's first key as people write it."""
    key = binding.keys[0] if binding.keys else "-"
    return _SHOWN.get(key, key.upper() if len(key) == 1 else key)


def rebound(changes: Mapping[str, tuple[str, ...]]) -> tuple[Binding, ...]:
    """Return the table with the keys of some actions replaced.

    Raises:
        InvalidRequestError: no such action, or one key for two actions.
    """
    known = {binding.name: binding for binding in BINDINGS}
    for name in changes:
        if name not in known:
            raise InvalidRequestError(f"[keys]: no action {name!r}" + nearest_hint(name, known))
    table = tuple(
        Binding(one.name, tuple(changes.get(one.name, one.keys)), one.text, one.section)
        for one in BINDINGS
    )
    owners: dict[str, str] = {}
    for binding in table:
        for key in binding.keys:
            if key in owners:
                raise InvalidRequestError(
                    f"[keys]: {key!r} is bound to '{owners[key]}' and to '{binding.name}'"
                )
            owners[key] = binding.name
    return table

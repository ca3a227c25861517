"""Which key does what: the one table that the keyboard obeys and the help shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from layerwalk_client.devices.actions import Command
from layerwalk_client.devices.chords import Chord, Modifier, in_order, parse_chord
from layerwalk_shared.errors import InvalidRequestError, nearest_hint


@dataclass(frozen=True, slots=True)
class Binding:
    """One action and its keys.

    Attributes:
        name: of the action, as in the settings.
        keys: names of keys (`w`, `SPACE`, `F1`: pygame's K_ constants without the K_), modifiers
            before them (`ctrl+z`, `shift+f`). A numbered action takes its number from the place of
            the key.
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
LOOKS: dict[str, tuple[float, float]] = {
    "look-left": (1.0, 0.0),
    "look-right": (-1.0, 0.0),
    "look-up": (0.0, 1.0),
    "look-down": (0.0, -1.0),
}
"""Actions that turn the eye while their key is held: yaw (positive is left), pitch."""
PRESS, MAGNIFY = "press", "magnify"
"""What the mouse's buttons do, for who has none: held as long as the key is."""
HELD = frozenset((*MOVES, RUN, *LOOKS, PRESS, MAGNIFY))
"""Actions that last while their key is held, whatever is held with it."""
NUMBERED = frozenset((Command.BOOKMARK, Command.SET_BOOKMARK))
"""Commands whose first key means 1, the second 2, and so on."""
_DIGITS = tuple("123456789")

BINDINGS: tuple[Binding, ...] = (
    Binding("forward", ("w",), "forward", "Move"),
    Binding("back", ("s",), "back", "Move"),
    Binding("left", ("a",), "left", "Move"),
    Binding("right", ("d",), "right", "Move"),
    Binding("up", ("SPACE",), "up; while walking: jump", "Move"),
    Binding("down", ("c",), "down", "Move"),
    Binding("run", ("LSHIFT", "RSHIFT"), "run, while held", "Move"),
    Binding("look-left", ("LEFT",), "look to the left", "Move"),
    Binding("look-right", ("RIGHT",), "look to the right", "Move"),
    Binding("look-up", ("UP",), "look up", "Move"),
    Binding("look-down", ("DOWN",), "look down", "Move"),
    Binding(Command.WALK, ("y",), "walk on the floor, or fly", "Move"),
    Binding(Command.NEXT_WALL, ("n",), "next wall along the data", "Go"),
    Binding(Command.PREVIOUS_WALL, ("b",), "wall before", "Go"),
    Binding(Command.BRANCH_LEFT, ("LEFTBRACKET",), "branch to the left", "Go"),
    Binding(Command.BRANCH_RIGHT, ("RIGHTBRACKET",), "branch to the right", "Go"),
    Binding(Command.RIDE, ("F4",), "ride along the edge to the next wall", "Go"),
    Binding(Command.OVERVIEW, ("o",), "the whole network", "Go"),
    Binding(Command.HOME, ("h",), "the input", "Go"),
    Binding(Command.UNDO_CAMERA, ("BACKSPACE",), "back to where I was", "Go"),
    Binding(Command.REDO_CAMERA, ("shift+BACKSPACE",), "forth again", "Go"),
    Binding(Command.BOOKMARK, _DIGITS, "bookmark", "Go"),
    Binding(Command.SET_BOOKMARK, tuple(f"ctrl+{n}" for n in _DIGITS), "set a bookmark", "Go"),
    Binding(Command.BOOKMARKS, ("shift+F3",), "list of bookmarks", "Go"),
    Binding(Command.SEARCH, ("SLASH",), "search walls, groups, classes", "Go"),
    Binding(Command.MAP, ("F3",), "the map", "Go"),
    Binding(Command.DATASET, ("TAB",), "pictures to pick", "Tools"),
    Binding(Command.WEBCAM, ("ctrl+TAB",), "the camera", "Tools"),
    Binding(Command.PASTE, ("ctrl+v",), "the clipboard onto the input", "Tools"),
    Binding(Command.COPY, ("ctrl+c",), "a picture to the clipboard", "Tools"),
    Binding(Command.NOISE, ("g",), "noise", "Tools"),
    Binding(Command.NODE, ("e",), "facts about the wall", "Tools"),
    Binding(Command.CHANNEL, ("u",), "all about a channel", "Tools"),
    Binding(Command.MAXIMISE, ("m",), "maximise the wall or the channel", "Tools"),
    Binding(Command.COLOURS, ("l",), "colours and range", "Tools"),
    Binding(Command.INPUT, ("i",), "what is on the input", "Tools"),
    Binding(Command.TIMELINE, ("k",), "curves of the training", "Tools"),
    Binding(Command.GRADIENTS, ("j",), "gradient flow", "Tools"),
    Binding(Command.RESULTS, ("F5",), "what the network answers", "Tools"),
    Binding(Command.JOBS, ("F6",), "jobs of the server", "Tools"),
    Binding(Command.COMPARE, ("EQUALS",), "compare with...", "Tools"),
    Binding(Command.SETTINGS, ("F7",), "settings", "Tools"),
    Binding(PRESS, ("RETURN", "KP_ENTER"), "press what the crosshair is on", "Tools"),
    Binding(MAGNIFY, ("SEMICOLON",), "magnify, while held", "Tools"),
    Binding(Command.FOLLOW_SIGNAL, ("q",), "follow the signal of a channel", "Tools"),
    Binding(Command.ATTRIBUTION, ("F8",), "what of the input made the answer", "Tools"),
    Binding(Command.SILENCE, ("z",), "silence a channel, or let it speak", "Tools"),
    Binding(Command.RESET_WEIGHTS, ("alt+z",), "all weights as they were", "Tools"),
    Binding(Command.RELEASE, ("ESCAPE",), "put away, close, free mouse", "Tools"),
    Binding(Command.TAKE_WALL, ("p",), "take a wall, set it down", "Arrange"),
    Binding(Command.PIN_WALL, ("INSERT",), "pin a copy of a wall", "Arrange"),
    Binding(Command.HIDE_WALL, ("DELETE",), "hide a wall, or its stub: show it", "Arrange"),
    Binding(Command.SHOW_WALLS, ("shift+DELETE",), "show all hidden walls", "Arrange"),
    Binding(Command.PUT_WALL_BACK, ("HOME",), "a wall where it was laid out", "Arrange"),
    Binding(Command.PUT_ALL_BACK, ("shift+HOME",), "everything as laid out", "Arrange"),
    Binding(Command.UNDO, ("ctrl+z",), "undo", "Arrange"),
    Binding(Command.REDO, ("ctrl+y", "ctrl+shift+z"), "do again", "Arrange"),
    Binding(Command.SAVE_ARRANGEMENT, ("ctrl+s",), "arrangement as a file", "Arrange"),
    Binding(Command.FOLD, ("f",), "fold the group, open the box", "View"),
    Binding(Command.FOLD_AROUND, ("ctrl+f",), "fold the group around it", "View"),
    Binding(Command.FOLD_RUNS, ("shift+f",), "fold or open equal blocks", "View"),
    Binding(Command.LAYOUT, ("shift+o",), "straight, rows, serpentine, spiral", "View"),
    Binding(Command.RANGE_MODE, ("r",), "next range mode", "View"),
    Binding(Command.COLOUR_TABLE, ("t",), "next colour table", "View"),
    Binding(Command.MARK_RANGE, ("x",), "mark out of range", "View"),
    Binding(Command.PICTURES, ("v",), "values, maximised, or both", "View"),
    Binding(Command.COMPARE_MODE, ("MINUS",), "difference, blink, pair, halls", "View"),
    Binding(Command.COMPARE_ACROSS, ("BACKSLASH",), "the same place, other hall", "Go"),
    Binding(Command.COMPARE_SPLIT, ("shift+BACKSLASH",), "both halls at once", "View"),
    Binding(Command.COMPARE_TURN, ("shift+MINUS",), "turn A and B by hand", "View"),
    Binding(Command.COMPARE_SWAP, ("shift+EQUALS",), "A and B change places", "View"),
    Binding(Command.STEP_BACK, ("COMMA",), "step before, of images or training", "View"),
    Binding(Command.STEP_FORWARD, ("PERIOD",), "next step", "View"),
    Binding(Command.NEWEST_STEP, ("END",), "the newest step", "View"),
    Binding(Command.HUD, ("F2",), "hide or show texts", "View"),
    Binding(Command.FULL_SCREEN, ("F11",), "full screen", "View"),
    Binding(Command.SCREENSHOT, ("F12",), "save a picture", "View"),
    Binding(Command.LARGE_SCREENSHOT, ("shift+F12",), "save it four times as large", "View"),
    Binding(Command.RECORD, ("F9",), "record the way, for a film", "View"),
    Binding(Command.SERVERS, ("ctrl+o",), "other networks and servers", "Go"),
    Binding(Command.EXPORT, ("ctrl+e",), "write the wall's maps to files", "Tools"),
    Binding(Command.LINK, ("F10",), "copy the link of this view", "View"),
    Binding(Command.HELP, ("F1",), "this page", "View"),
    Binding(Command.GUIDE, ("shift+F1",), "guided tour", "View"),
    Binding(Command.QUIT, ("ctrl+q",), "leave", "View"),
)
"""Every key there is."""

MOUSE_HELP: tuple[tuple[str, str, str], ...] = (
    ("Move", "mouse", "look around"),
    ("Move", "wheel", "speed"),
    ("Go", "double click", "fly to it"),
    ("Tools", "click", "pick up, put down"),
    ("Tools", "Shift click", "put down as second, to compare"),
    ("Tools", "hold right", "magnify"),
    ("Tools", "right click", "put away"),
    ("Tools", "drop a file", "onto the input"),
    ("Arrange", "a wall, wheel", "nearer, farther"),
    ("Arrange", "Shift wheel", "turn the wall"),
    ("Arrange", "Ctrl wheel", "larger, smaller"),
    ("Arrange", "drop .json", "arrange as a file says"),
)
"""(section, gesture, text): what the help tells beside the keys."""

_SHOWN = {
    "SPACE": "Space", "LSHIFT": "Shift", "RSHIFT": "Shift", "BACKSPACE": "Backspace", "SLASH": "/", "EQUALS": "=", "MINUS": "-", "BACKSLASH": "\\",
    "LEFTBRACKET": "[", "RIGHTBRACKET": "]", "COMMA": ",", "SEMICOLON": ";", "PERIOD": ".", "HOME": "Home",
    "END": "End", "INSERT": "Ins", "DELETE": "Del", "TAB": "Tab", "RETURN": "Enter", "KP_ENTER": "Enter", "ESCAPE": "Esc",
    "UP": "Up", "DOWN": "Down", "LEFT": "Left", "RIGHT": "Right",
}  # fmt: skip


def shown_keys(binding: Binding) -> str:
    """Return a binding's first key as people write it; of a numbered one the first and the last."""
    if not binding.keys:
        return "-"
    first = _shown(parse_chord(binding.keys[0]))
    if binding.name not in NUMBERED or len(binding.keys) == 1:
        return first
    return f"{first} ... {_shown_key(parse_chord(binding.keys[-1]).key)}"


def shown_key(key: str) -> str:
    """Return a key of the settings as people write it: `Ctrl F` for `ctrl+f`."""
    return _shown(parse_chord(key))


def _shown(chord: Chord) -> str:
    names = [modifier.capitalize() for modifier in in_order(chord.modifiers)]
    return " ".join([*names, _shown_key(chord.key)])


def _shown_key(key: str) -> str:
    return _SHOWN.get(key, key.upper() if len(key) == 1 else key)


def rebound(changes: Mapping[str, tuple[str, ...]]) -> tuple[Binding, ...]:
    """Return the table with the keys of some actions replaced.

    Raises:
        InvalidRequestError: no such action, a key that cannot be read, one key for two actions, a
            modifier with what lasts while a key is held, or Shift, which runs, with the key of a move.
    """
    known = {binding.name: binding for binding in BINDINGS}
    for name in changes:
        if name not in known:
            raise InvalidRequestError(f"[keys]: no action {name!r}" + nearest_hint(name, known))
    table = tuple(
        Binding(one.name, tuple(changes.get(one.name, one.keys)), one.text, one.section)
        for one in BINDINGS
    )
    owners: dict[Chord, str] = {}
    for binding in table:
        for key in binding.keys:
            chord = _chord_of(binding, key)
            if chord in owners:
                raise InvalidRequestError(
                    f"[keys]: {key!r} is bound to '{owners[chord]}' and to '{binding.name}'"
                )
            owners[chord] = binding.name
    _check_running(owners)
    return table


def _chord_of(binding: Binding, key: str) -> Chord:
    try:
        chord = parse_chord(key)
    except InvalidRequestError as error:
        raise InvalidRequestError(f"[keys] {binding.name}: {error}") from error
    if chord.modifiers and binding.name in HELD:
        raise InvalidRequestError(
            f"[keys] {binding.name}: {key!r}, expected a key without modifiers: what lasts while "
            "a key is held does so whatever else is"
        )
    return chord


def _check_running(owners: Mapping[Chord, str]) -> None:
    """See to it that one can run in every direction."""
    if not any(owners.get(Chord(key)) == RUN for key in ("LSHIFT", "RSHIFT")):
        return
    for chord, name in owners.items():
        move = owners.get(Chord(chord.key))
        if chord.modifiers == {Modifier.SHIFT} and move in MOVES:
            raise InvalidRequestError(
                f"[keys] {name}: '{chord}' is running '{move}', as Shift is bound to '{RUN}'"
            )

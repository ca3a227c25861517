"""What a person asks for in one frame, as frozen data, whatever device it came from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from layerwalk_client.devices.chords import Modifier
from layerwalk_client.world.scene import Vector


class Command(StrEnum):
    """One thing asked for by one key."""

    QUIT = "quit"
    RELEASE = "release"
    HELP = "help"
    GUIDE = "guide"
    OVERVIEW = "overview"
    HOME = "home"
    NEXT_WALL = "next-wall"
    PREVIOUS_WALL = "previous-wall"
    MAP = "map"
    WALK = "walk"
    RIDE = "ride"
    BRANCH_LEFT = "branch-left"
    BRANCH_RIGHT = "branch-right"
    UNDO_CAMERA = "undo-camera"
    REDO_CAMERA = "redo-camera"
    SEARCH = "search"
    DATASET = "dataset"
    NOISE = "noise"
    NODE = "node"
    CHANNEL = "channel"
    MAXIMISE = "maximise"
    COLOURS = "colours"
    INPUT = "input"
    TIMELINE = "timeline"
    GRADIENTS = "gradients"
    RESULTS = "results"
    JOBS = "jobs"
    SETTINGS = "settings"
    FOLLOW_SIGNAL = "follow-signal"
    ATTRIBUTION = "attribution"
    SILENCE = "silence"
    RESET_WEIGHTS = "reset-weights"
    FOLD = "fold"
    FOLD_AROUND = "fold-around"
    FOLD_RUNS = "fold-runs"
    LAYOUT = "layout"
    PICTURES = "pictures"
    COMPARE = "compare"
    COMPARE_MODE = "compare-mode"
    COMPARE_SWAP = "compare-swap"
    COMPARE_TURN = "compare-turn"
    COMPARE_ACROSS = "compare-across"
    COMPARE_SPLIT = "compare-split"
    STEP_BACK = "step-back"
    STEP_FORWARD = "step-forward"
    NEWEST_STEP = "newest-step"
    PASTE = "paste"
    COPY = "copy"
    WEBCAM = "webcam"
    TAKE_WALL = "take-wall"
    PIN_WALL = "pin-wall"
    HIDE_WALL = "hide-wall"
    SHOW_WALLS = "show-walls"
    PUT_WALL_BACK = "put-wall-back"
    PUT_ALL_BACK = "put-all-back"
    UNDO = "undo"
    REDO = "redo"
    SAVE_ARRANGEMENT = "save-arrangement"
    RANGE_MODE = "range-mode"
    COLOUR_TABLE = "colour-table"
    MARK_RANGE = "mark-range"
    FULL_SCREEN = "full-screen"
    SCREENSHOT = "screenshot"
    LARGE_SCREENSHOT = "large-screenshot"
    RECORD = "record"
    LINK = "link"
    EXPORT = "export"
    SERVERS = "servers"
    HUD = "hud"
    BOOKMARK = "bookmark"
    SET_BOOKMARK = "set-bookmark"
    BOOKMARKS = "bookmarks"


class Key(StrEnum):
    """Keys that edit text."""

    ENTER = "enter"
    BACKSPACE = "backspace"
    DELETE = "delete"
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"
    HOME = "home"
    END = "end"
    TAB = "tab"
    ESCAPE = "escape"


@dataclass(frozen=True, slots=True)
class Typed:
    """One thing typed: text, or an editing key, pressed."""

    text: str = ""
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Ordered:
    """A command, with its number where it is one of several (bookmarks)."""

    command: Command
    number: int = 0


@dataclass(frozen=True, slots=True)
class Actions:
    """One frame of a person's wishes.

    Attributes:
        move: right, up, forward, each -1..1.
        look: yaw and pitch to add, radians (yaw is positive to the left, pitch up).
        is_running: faster.
        speed_steps: steps to change the speed by, positive is faster.
        wheel: the same wheel for a panel under the pointer, positive is up.
        pointer: where the pointer is, x right and y up, -1..1 over the view; (0, 0) is the
            crosshair.
        primary: presses (True) and releases (False) of the main button, in order.
        secondary: the same of the other button.
        is_primary_down, is_secondary_down: state at the end of the frame.
        clicks: clicks that were no drags, of the main button.
        is_double_click: the last of them was the second in a row.
        modifiers: Ctrl, Alt, Shift, as held at the end of the frame.
        click_modifiers: those held at the last click.
        ordered: commands, in order.
        typed: text and editing keys, while something takes text.
        stroke: key with its modifiers as in the settings, while one is listened for; "": none.
        dropped: paths of files let go over the window.
        is_any: something happened that may change the picture.
    """

    move: Vector = (0.0, 0.0, 0.0)
    look: tuple[float, float] = (0.0, 0.0)
    is_running: bool = False
    speed_steps: float = 0.0
    wheel: float = 0.0
    pointer: tuple[float, float] = (0.0, 0.0)
    primary: tuple[bool, ...] = ()
    secondary: tuple[bool, ...] = ()
    is_primary_down: bool = False
    is_secondary_down: bool = False
    clicks: int = 0
    is_double_click: bool = False
    modifiers: frozenset[Modifier] = frozenset()
    click_modifiers: frozenset[Modifier] = frozenset()
    ordered: tuple[Ordered, ...] = ()
    typed: tuple[Typed, ...] = ()
    stroke: str = ""
    dropped: tuple[str, ...] = ()
    is_any: bool = False

    @property
    def is_moving(self) -> bool:
        """Whether the eye moves or turns."""
        return any(self.move) or any(self.look)

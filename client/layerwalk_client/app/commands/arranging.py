"""Commands that move, hide and pin walls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from layerwalk_client.devices.actions import Command
from layerwalk_shared.errors import LayerwalkError

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker

NO_WALL = "point at a wall first"


def _take(walker: Walker, number: int) -> None:
    was_carrying = walker.handheld.arranger.carry is not None
    if not walker.handheld.arranger.take(walker.pointed):
        walker.say(NO_WALL)
    elif not was_carrying:
        walker.say("wheel: nearer; with Shift: turn, with Ctrl: size; click sets it down")


def _pin(walker: Walker, number: int) -> None:
    camera = walker.journey.camera
    if walker.handheld.arranger.pin(walker.pointed, camera, aspect=walker.aspect):
        walker.say("a copy: click sets it down, Esc puts it away")
    else:
        walker.say(NO_WALL)


def _hide(walker: Walker, number: int) -> None:
    walker.say(walker.handheld.arranger.hide(walker.pointed, walker.stub) or NO_WALL)


def _show_all(walker: Walker, number: int) -> None:
    count = walker.handheld.arranger.show_all()
    walls = "1 wall is" if count == 1 else f"{count} walls are"
    walker.say(f"{walls} back" if count else "no wall is hidden")


def _put_back(walker: Walker, number: int) -> None:
    node = walker.handheld.arranger.put_back(walker.pointed)
    walker.say(NO_WALL if node is None else f"{node} is where it was laid out")


def _put_all_back(walker: Walker, number: int) -> None:
    had = walker.handheld.arranger.put_all_back()
    walker.say("everything is as it was laid out" if had else "nothing was moved")


def _undo(walker: Walker, number: int) -> None:
    walker.say("undone" if walker.handheld.arranger.undo() else "nothing to undo")


def _redo(walker: Walker, number: int) -> None:
    walker.say("done again" if walker.handheld.arranger.redo() else "nothing to do again")


def _export(walker: Walker, number: int) -> None:
    try:
        path = walker.handheld.arranger.export_file(walker.start.pictures)
    except LayerwalkError as error:
        walker.say(str(error), is_warning=True)
        return
    if path is not None:
        walker.say(f"saved {path.name}")
        walker.trace.note("saved-arrangement", path=str(path))


ARRANGING: Mapping[Command, Callable[[Walker, int], None]] = {
    Command.TAKE_WALL: _take,
    Command.PIN_WALL: _pin,
    Command.HIDE_WALL: _hide,
    Command.SHOW_WALLS: _show_all,
    Command.PUT_WALL_BACK: _put_back,
    Command.PUT_ALL_BACK: _put_all_back,
    Command.UNDO: _undo,
    Command.REDO: _redo,
    Command.SAVE_ARRANGEMENT: _export,
}

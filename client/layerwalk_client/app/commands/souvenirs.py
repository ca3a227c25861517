"""Commands that take something out of the walk: pictures, recorded ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from layerwalk_client.devices.actions import Command

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker


def _screenshot(walker: Walker, number: int) -> None:
    walker.outbox.take_picture()


def _large_screenshot(walker: Walker, number: int) -> None:
    walker.outbox.take_picture(is_large=True)


def _record(walker: Walker, number: int) -> None:
    walker.outbox.toggle_recording(walker, walker.now_s)


def _link(walker: Walker, number: int) -> None:
    walker.outbox.copy_link(walker)


def _export(walker: Walker, number: int) -> None:
    pointed = walker.pointed
    node = pointed.wall.node if pointed is not None else None
    unit = pointed.hit.channel if pointed is not None else None
    if node is None and walker.selection is not None:
        node = walker.selection.node
        unit = walker.selection.channel if walker.selection.channel >= 0 else None
    if node is None and "export" not in walker.tools.panels.kinds:
        walker.say("point at a wall first")
        return
    walker.tools.toggle("export", walker.outlook(), node=node, unit=unit)


SOUVENIRS: Mapping[Command, Callable[[Walker, int], None]] = {
    Command.SCREENSHOT: _screenshot,
    Command.LARGE_SCREENSHOT: _large_screenshot,
    Command.RECORD: _record,
    Command.LINK: _link,
    Command.EXPORT: _export,
}

"""Letters: what is typed goes to the open panel that takes text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from layerwalk_client.app.panels import Panels
from layerwalk_client.devices.actions import Key, Typed
from layerwalk_client.ui.bookmarks import BookmarksPanel
from layerwalk_client.ui.dataset import DatasetPanel
from layerwalk_client.ui.input import InputPanel
from layerwalk_client.ui.intents import ClosePanel, Intent
from layerwalk_client.ui.maximise import MaximisePanel
from layerwalk_client.ui.search import SearchPanel

OPENING = {"search": "/"}
"""What no text in a panel begins with."""
Writer = SearchPanel | InputPanel | MaximisePanel | DatasetPanel | BookmarksPanel


def writer_of(panels: Panels) -> tuple[str, Writer] | None:
    """Return the open panel that takes text."""
    for kind in panels.kinds:
        content = panels.content(kind)
        if isinstance(content, Writer) and content.takes_text:
            return kind, content
    return None


def write(panels: Panels, typed: Sequence[Typed], carry_out: Callable[[str, Intent], None]) -> None:
    """Hand text to the panel that takes it.

    Args:
        panels: the open ones.
        typed: letters and editing keys, in order.
        carry_out: does what Enter asks for.
    """
    found = writer_of(panels)
    if found is None:
        return
    kind, content = found

    def enter() -> None:
        for intent in content.enter():
            carry_out(kind, intent)

    def leave() -> None:
        if isinstance(content, MaximisePanel | BookmarksPanel):
            content.complete()  # a panel of several fields stays
        else:
            carry_out(kind, ClosePanel())

    edits: dict[Key, Callable[[], Any]] = {
        Key.BACKSPACE: content.erase,
        Key.TAB: content.complete,
        Key.DOWN: lambda: content.step(1),
        Key.UP: lambda: content.step(-1),
        Key.ENTER: enter,
        Key.ESCAPE: leave,
    }
    if isinstance(content, DatasetPanel):
        pictures = content

        def complete() -> None:
            if pictures.text:
                pictures.complete()
            else:
                carry_out(kind, ClosePanel())  # Tab opened it

        edits |= {
            Key.TAB: complete,
            Key.LEFT: lambda: pictures.turn(-1),
            Key.RIGHT: lambda: pictures.turn(1),
            Key.HOME: lambda: pictures.go_end(is_last=False),
            Key.END: lambda: pictures.go_end(is_last=True),
        }
    for one in typed:
        if one.key is not None and one.key in edits:
            edits[one.key]()
        elif (one.text and one.text not in OPENING.get(kind, "")) or (one.text and content.text):
            content.type_text(one.text)
    panels.touch(kind)

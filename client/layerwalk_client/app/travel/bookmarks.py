"""Bookmarks: set by a digit or from their list, kept in the settings, flown to."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from layerwalk_client.source.arrivals import Arrival
from layerwalk_client.ui.bookmarks import BookmarksPanel
from layerwalk_client.ui.intents import (
    DropBookmark,
    GoToBookmark,
    Intent,
    NameBookmark,
    SetBookmark,
)
from layerwalk_client.world.bookmarks import (
    Bookmark,
    Names,
    Places,
    bookmarks,
    free_number,
    with_bookmark,
    without_bookmark,
)

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker


class BookmarkDesk:
    """Keeps the list of bookmarks. Mutable, owned by the main thread."""

    kind = "bookmarks"

    def __init__(self, walker: Walker) -> None:
        self._walker = walker
        self._panel = BookmarksPanel()

    def content(self, *, node: int | None, unit: int | None) -> BookmarksPanel:
        """Return the list."""
        self._panel = BookmarksPanel()
        self._panel.marks = self.marks()
        return self._panel

    def marks(self) -> tuple[Bookmark, ...]:
        """Return the bookmarks of the network that is shown."""
        kept = self._walker.settings
        return bookmarks(kept.bookmarks, kept.bookmark_names, self._network())

    def refresh(self) -> bool:
        """Bring the open list up to date; return whether it changed."""
        marks = self.marks()
        if marks == self._panel.marks:
            return False
        self._panel.marks = marks
        return True

    def take(self, arrival: Arrival) -> bool:
        """Nothing arrives for it."""
        return False

    def carry_out(self, intent: Intent) -> bool:
        """Do what was asked for through the list; return whether it is its to do."""
        if isinstance(intent, GoToBookmark):
            self.go(intent.number)
        elif isinstance(intent, SetBookmark):
            self.set(None)
        elif isinstance(intent, NameBookmark):
            self._name(intent.number, intent.name)
        elif isinstance(intent, DropBookmark):
            kept = self._walker.settings
            left = without_bookmark(
                kept.bookmarks, kept.bookmark_names, self._network(), intent.number
            )
            self._keep(*left)
        else:
            return False
        return True

    def renew(self) -> None:
        """Forget a name that is being written."""
        self._panel.edited = None

    def close(self) -> None:
        """Nothing is held."""

    def go(self, number: int) -> bool:
        """Fly to a bookmark; return whether there is one."""
        found = next((one for one in self.marks() if one.number == number), None)
        if found is None:
            self._walker.say(f"no bookmark {number} yet: Ctrl+{number} sets it")
            return False
        self._walker.journey.go(found.camera, self._walker.stage.arrays)
        if found.name:
            self._walker.say(found.name)
        return True

    def set(self, number: int | None) -> None:
        """Set a bookmark where the eye is, named after the place; None: of the first free
        number."""
        walker = self._walker
        network = self._network()
        if number is None:
            number = free_number(walker.settings.bookmarks, network)
        if number is None:
            walker.say("all nine bookmarks are set")
            return
        told = walker.ways.whereabouts(walker)
        parts = [] if told is None else [crumb.text for crumb in told.crumbs[1:]]
        name = ".".join([*parts, told.name]) if told is not None and told.name else "from afar"
        mark = Bookmark(number, name, walker.journey.camera)
        kept = walker.settings
        self._keep(*with_bookmark(kept.bookmarks, kept.bookmark_names, network, mark))
        walker.say(f"bookmark {number} is here: {name}")

    def _name(self, number: int, name: str) -> None:
        found = next((one for one in self.marks() if one.number == number), None)
        if found is not None:
            kept, named = self._walker.settings, dataclasses.replace(found, name=name)
            self._keep(*with_bookmark(kept.bookmarks, kept.bookmark_names, self._network(), named))

    def _keep(self, places: Places, names: Names) -> None:
        walker = self._walker
        walker.keep(dataclasses.replace(walker.settings, bookmarks=places, bookmark_names=names))
        self.refresh()

    def _network(self) -> str:
        network = self._walker.stage.network
        return "" if network is None else network.name

"""The desks that keep panels: each makes the content of one kind, feeds it what arrives, and does
what is asked for through it."""

from __future__ import annotations

from typing import Protocol

from layerwalk_client.app.panels import Content, Panels
from layerwalk_client.source.arrivals import Arrival
from layerwalk_client.ui.intents import Intent


class PanelDesk(Protocol):
    """What keeps the panels of one kind.

    Attributes:
        kind: name of the panel.
    """

    kind: str

    def content(self, *, node: int | None, unit: int | None) -> Content | None:
        """Return what the panel shows about a node or one of its units; None: there is nothing."""

    def refresh(self) -> bool:
        """Bring the open panel up to date; return whether it changed."""

    def take(self, arrival: Arrival) -> bool:
        """Take in what has arrived; return whether the panel changes."""

    def carry_out(self, intent: Intent) -> bool:
        """Do what was asked for; return whether it is this desk's to do."""

    def renew(self) -> None:
        """Forget what belonged to another network or server."""

    def close(self) -> None:
        """Release what is held."""


class Desks:
    """All of them. Mutable, owned by the main thread.

    Args:
        panels: the open ones.
    """

    def __init__(self, panels: Panels) -> None:
        self._panels = panels
        self._desks: dict[str, PanelDesk] = {}
        self._watching: set[str] = set()

    def add(self, desk: PanelDesk, *, is_watching: bool = False) -> None:
        """Keep panels of another kind.

        Args:
            desk: that keeps them.
            is_watching: it is brought up to date while its panel is closed, too.
        """
        self._desks[desk.kind] = desk
        if is_watching:
            self._watching.add(desk.kind)

    def keeps(self, kind: str) -> bool:
        """Whether panels of a kind are kept here."""
        return kind in self._desks

    def content(self, kind: str, *, node: int | None, unit: int | None) -> Content | None:
        """Return what a panel of a kind that is kept here shows."""
        return self._desks[kind].content(node=node, unit=unit)

    def refresh(self) -> bool:
        """Bring open panels up to date; return whether one changed."""
        changed = [
            kind
            for kind, desk in self._desks.items()
            if (kind in self._panels.kinds or kind in self._watching) and desk.refresh()
        ]
        for kind in changed:
            self._panels.touch(kind)
        return any(kind in self._panels.kinds for kind in changed)

    def take(self, arrival: Arrival) -> bool:
        """Hand on what has arrived; return whether an open panel changes."""
        changed = [kind for kind, desk in self._desks.items() if desk.take(arrival)]
        for kind in changed:
            self._panels.touch(kind)
        return any(kind in self._panels.kinds for kind in changed)

    def carry_out(self, intent: Intent) -> bool:
        """Let the desk do it whose it is; return whether there was one."""
        for kind, desk in self._desks.items():
            if desk.carry_out(intent):
                self._panels.touch(kind)
                return True
        return False

    def renew(self) -> None:
        """Forget what belonged to another network or server."""
        for desk in self._desks.values():
            desk.renew()

    def close(self) -> None:
        """Release what is held."""
        for desk in self._desks.values():
            desk.close()

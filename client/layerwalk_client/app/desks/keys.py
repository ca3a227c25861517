"""Keeps the page of keys: what was pressed becomes another key for an action."""

from __future__ import annotations

from collections.abc import Callable

from layerwalk_client.app.panels import Panels
from layerwalk_client.devices.bindings import rebound
from layerwalk_client.devices.desktop import Desktop
from layerwalk_client.devices.rebinding import (
    Changes,
    KeyTakenError,
    owner_of,
    rebind,
    with_usual,
)
from layerwalk_client.source.arrivals import Arrival
from layerwalk_client.ui.desk_intents import Rebind, ResetKeys
from layerwalk_client.ui.help import HelpPanel
from layerwalk_client.ui.intents import (
    Intent,
)
from layerwalk_shared.errors import InvalidRequestError


class KeyDesk:
    """Mutable, owned by the main thread.

    Args:
        changes: tells what differs from the table now.
        keep: takes other changes, and keeps them.
    """

    kind = "help"

    def __init__(self, *, changes: Callable[[], Changes], keep: Callable[[Changes], None]) -> None:
        self._changes = changes
        self._keep = keep
        self._panel: HelpPanel | None = None
        self._was_pressed = False

    @property
    def is_listening(self) -> bool:
        """Whether the next key is to say which it is."""
        return self._panel is not None and self._panel.listening is not None

    def content(self, *, node: int | None, unit: int | None) -> HelpPanel:
        """Return the page."""
        changes = self._changes()
        self._panel = HelpPanel(rebound(changes), changes)
        return self._panel

    def follow(self, desktop: Desktop, panels: Panels) -> None:
        """Let the keyboard tell the next key while the open page waits for one."""
        if self._panel is not None and panels.content(self.kind) is not self._panel:
            self._panel = None
        if self._was_pressed:
            panels.touch(self.kind)
            self._was_pressed = False
        desktop.set_listening(is_listening=self.is_listening)

    def press(self, key: str) -> None:
        """Take the key that was listened for."""
        self._was_pressed = True
        if self._panel is not None:
            for intent in self._panel.press(key):
                self.carry_out(intent)

    def refresh(self) -> bool:
        """Nothing but presses changes the page."""
        return False

    def take(self, arrival: Arrival) -> bool:
        """Nothing arrives for it."""
        return False

    def carry_out(self, intent: Intent) -> bool:
        """Give an action another key, or its usual ones."""
        if not isinstance(intent, Rebind | ResetKeys):
            return False
        try:
            if isinstance(intent, Rebind):
                found = rebind(self._changes(), intent.action, intent.key, swaps=intent.swaps)
            else:
                found = with_usual(self._changes(), intent.action)
        except KeyTakenError as error:
            self._ask(intent, str(error))
        except InvalidRequestError as error:
            self._say(str(error))
        else:
            self._keep(found)
            if self._panel is not None:
                self._panel.problem, self._panel.taken = "", None
                self._panel.show(rebound(found), found)
        return True

    def renew(self) -> None:
        """Keys are the same for every network."""

    def close(self) -> None:
        """Nothing is held."""

    def _ask(self, intent: Rebind | ResetKeys, problem: str) -> None:
        owner = owner_of(self._changes(), intent.key) if isinstance(intent, Rebind) else None
        if self._panel is None:
            return
        if isinstance(intent, Rebind) and owner is not None:
            self._panel.taken = (intent.action, intent.key, owner.text)
            self._panel.problem = ""
        else:
            self._say(problem)

    def _say(self, problem: str) -> None:
        if self._panel is not None:
            self._panel.problem = problem.removeprefix("[keys] ").removeprefix("[keys]: ")

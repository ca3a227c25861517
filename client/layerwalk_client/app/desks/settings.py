"""Keeps the panel of settings: changes are applied at once and written once a slider is let go."""

from __future__ import annotations

from collections.abc import Callable

from layerwalk_client.settings import Settings
from layerwalk_client.source.arrivals import Arrival
from layerwalk_client.ui.desk_intents import ChangeSetting
from layerwalk_client.ui.intents import (
    Intent,
)
from layerwalk_client.ui.setting_fields import GROUPS, Value
from layerwalk_client.ui.settings import SettingsPanel
from layerwalk_shared.errors import InvalidRequestError


class SettingDesk:
    """Mutable, owned by the main thread.

    Args:
        current: tells the settings of the walk as they are now.
        change: lets one setting have another value.
        keep: writes them.
        place: where they are kept, for people.
    """

    kind = "settings"

    def __init__(
        self,
        *,
        current: Callable[[], Settings],
        change: Callable[[str, Value], None],
        keep: Callable[[], None],
        place: str,
    ) -> None:
        self._current = current
        self._change = change
        self._keep = keep
        self._place = place
        self._panel: SettingsPanel | None = None
        self._is_unwritten = False

    def content(self, *, node: int | None, unit: int | None) -> SettingsPanel:
        """Return the panel."""
        now, usual = values_of(self._current()), values_of(Settings())
        self._panel = SettingsPanel(now, usual, place=self._place)
        return self._panel

    def refresh(self) -> bool:
        """Show what keys have changed meanwhile; write what a slider was drawn to."""
        panel = self._panel
        if panel is None or panel.dragged is not None:
            return False
        if self._is_unwritten:
            self._write()
        found = values_of(self._current())
        has_changed = found != panel.values
        panel.values = found
        return has_changed

    def take(self, arrival: Arrival) -> bool:
        """Nothing arrives for it."""
        return False

    def carry_out(self, intent: Intent) -> bool:
        """Let a setting have another value."""
        if not isinstance(intent, ChangeSetting):
            return False
        panel = self._panel
        try:
            self._change(intent.name, intent.value)
        except InvalidRequestError as error:
            if panel is not None:
                panel.problem = str(error)
            return True
        self._is_unwritten = True
        if panel is None or panel.dragged is None:
            self._write()
        return True

    def renew(self) -> None:
        """Settings are the same for every network."""

    def close(self) -> None:
        """Write what was not yet."""
        if self._is_unwritten:
            self._write()

    def _write(self) -> None:
        self._is_unwritten = False
        self._keep()


def values_of(settings: Settings) -> dict[str, Value]:
    """Return the settings that the panel offers, by name."""
    return {
        field.name: getattr(settings, field.name) for _, _, fields in GROUPS for field in fields
    }

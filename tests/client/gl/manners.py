"""Pictures of the pages of keys and settings, kept as goldens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from client.gl.exhibits import draw_panel
from layerwalk_client.app.setting_desk import values_of
from layerwalk_client.devices.bindings import Binding
from layerwalk_client.gl.panel import PanelPointer
from layerwalk_client.settings import Settings
from layerwalk_client.ui.help import HelpPanel
from layerwalk_client.ui.settings import SettingsPanel

Pixels = NDArray[np.uint8]
CHANGED = ("fold", "next-wall", "maximise")
BINDINGS = (
    Binding("forward", ("w", "UP"), "forward", "Move"),
    Binding("back", ("s", "DOWN"), "back", "Move"),
    Binding("up", ("SPACE",), "up", "Move"),
    Binding("run", ("LSHIFT",), "run, while held", "Move"),
    Binding("undo", ("ctrl+z",), "undo", "Arrange"),
    Binding("carry", ("p",), "take a wall, set it down", "Arrange"),
    Binding("next-wall", ("m",), "next wall along the data", "Go"),
    Binding("bookmark", tuple("123456789"), "bookmark", "Go"),
    Binding("search", ("SLASH",), "search walls, groups, classes", "Go"),
    Binding("maximise", ("n",), "maximise the wall or the channel", "Tools"),
    Binding("results", ("F5",), "what the network answers", "Tools"),
    Binding("release", ("ESCAPE",), "put away, close, free mouse", "Tools"),
    Binding("fold", ("ctrl+f",), "fold or open equal blocks", "View"),
    Binding("screenshot", ("F12",), "save a picture", "View"),
    Binding("quit", ("ctrl+q",), "leave", "View"),
)
"""A table of its own: the picture is of the page, not of what is bound today."""
GESTURES = (
    ("Move", "mouse", "look around"),
    ("Go", "double click", "fly to it"),
    ("Tools", "hold right", "magnify"),
)


def keys(*, listening: str | None = None, is_taken: bool = False) -> HelpPanel:
    """Return the page of keys, three of which are not the usual ones."""
    panel = HelpPanel(BINDINGS, CHANGED, gestures=GESTURES)
    panel.listening = listening
    if is_taken:
        panel.taken = ("noise", "ctrl+f", "fold or open equal blocks")
    return panel


def settings() -> SettingsPanel:
    """Return the panel of settings, some of which were changed."""
    changed = replace(
        Settings(), speed=2.5, table="magma", layout="serpentine", inverts_y=True, cache_mib=2048
    )
    place = "~/.config/layerwalk/settings.toml"
    return SettingsPanel(values_of(changed), values_of(Settings()), place=place)


MANNERS: dict[str, Callable[[], Pixels]] = {
    "keys-listening": lambda: draw_panel(keys(listening="fold")),
    "keys-taken": lambda: draw_panel(keys(is_taken=True)),
    "settings": lambda: draw_panel(settings(), [PanelPointer((500.0, 200.0))]),
}

"""Pictures of the pages of keys, settings and colours, kept as goldens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from imgui_bundle import imgui
from numpy.typing import NDArray

from client.gl.exhibits import draw_panel
from client.gl.facts import bell
from client.gl.facts import values_of as values_of_node
from layerwalk_client.app.desks.settings import values_of
from layerwalk_client.devices.bindings import Binding
from layerwalk_client.gl.panel import PanelPointer
from layerwalk_client.settings import Settings
from layerwalk_client.ui.colours import ColoursPanel
from layerwalk_client.ui.desk_intents import StepGuide
from layerwalk_client.ui.guide_card import GuideCard, draw_guide
from layerwalk_client.ui.help import HelpPanel
from layerwalk_client.ui.intents import (
    Intent,
)
from layerwalk_client.ui.settings import SettingsPanel
from layerwalk_client.ui.sheet import Sheet
from layerwalk_client.ui.style import Style
from layerwalk_client.world.legend import legend
from layerwalk_client.world.view import Appearance
from layerwalk_shared.colours import TABLES
from layerwalk_shared.messages import NodeStatistics

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


def colours(appearance: Appearance, *, locked: float | None = None) -> ColoursPanel:
    """Return the panel of colours at a wall."""
    panel = ColoursPanel(appearance)
    panel.statistics = values_of_node("block1.conv2", bell(32, 32, 32) - 0.8)
    limit = locked or 5.2
    panel.limit, panel.is_locked, panel.group = limit, locked is not None, "block1"
    panel.held = 3 if locked else 0
    numbers = NodeStatistics(
        shape=(32, 32, 32), pictures=(32, 32, 32), minimum=panel.statistics.minimum,
        maximum=panel.statistics.maximum,
    )  # fmt: skip
    is_diverging = TABLES[appearance.table].is_diverging
    panel.legend = legend(appearance, limit, is_diverging=is_diverging, statistics=numbers,
                          name="block1.conv2", is_locked=locked is not None)  # fmt: skip
    return panel


class Card:
    """The card of the guided tour as all that there is."""

    title = "card"
    size_wh = (640, 260)

    def draw(self, style: Style) -> list[Intent]:
        """Draw it."""
        ink = imgui.get_background_draw_list()
        text = (
            "In layer1.0 two ways meet at add: what went through the layers and what skipped them "
            "are added. Ribbons on the floor show the ways; click a wall to light its own."
        )
        size = imgui.get_io().display_size
        sheet = Sheet(style, ink, size.x, size.y)
        draw_guide(sheet, GuideCard("Ways that meet", text, 2, 8), hot=StepGuide(1))
        assert [one.intent for one in sheet.spots] == [StepGuide(1), StepGuide(-1), StepGuide(0)]
        return []


MANNERS: dict[str, Callable[[], Pixels]] = {
    "keys-listening": lambda: draw_panel(keys(listening="fold")),
    "keys-taken": lambda: draw_panel(keys(is_taken=True)),
    "guide-card": lambda: draw_panel(Card()),
    "colours-percentile": lambda: draw_panel(colours(Appearance(mode="percentile"))),
    "colours-locked": lambda: draw_panel(
        colours(Appearance(table="magma", mode="node", marks_out_of_range=True), locked=3.1)
    ),
    "settings": lambda: draw_panel(settings(), [PanelPointer((500.0, 200.0))]),
}

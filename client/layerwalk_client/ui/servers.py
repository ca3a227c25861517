"""The panel of servers: which answer, which networks they serve; a click goes there."""

from __future__ import annotations

from dataclasses import dataclass

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import button
from layerwalk_client.ui.intents import GoElsewhere, Intent
from layerwalk_client.ui.style import Style
from layerwalk_client.ui.widgets import panel, small, text_font


@dataclass(frozen=True, slots=True)
class NetworkLine:
    """A network that one can go to; `is_here`: one is there."""

    id: str
    name: str
    facts: str
    is_here: bool = False


@dataclass(frozen=True, slots=True)
class ServerLines:
    """A server with its networks, or why it does not tell them."""

    url: str
    networks: tuple[NetworkLine, ...] = ()
    problem: str = ""


@dataclass(slots=True)
class ServersPanel:
    """Mutable, owned by the main thread.

    Attributes:
        servers: those that have answered, the one that one is at first.
        is_waiting: others have not answered yet.
    """

    servers: tuple[ServerLines, ...] = ()
    is_waiting: bool = True

    title = "Servers"
    size_wh = (520, 320)

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel."""
        with panel(style, self.title) as intents:
            for server in self.servers:
                with text_font(style, 15, is_bold=True):
                    imgui.text_colored(imgui.ImVec4(*look.TEXT), server.url)
                if server.problem:
                    small(style, server.problem)
                for network in server.networks:
                    intents.extend(_line(style, server.url, network))
                imgui.dummy((1, style.px(6)))
            if self.is_waiting:
                small(style, "asking others \N{HORIZONTAL ELLIPSIS}")
            elif not self.servers:
                small(style, "no server answers")
        return intents


def _line(style: Style, url: str, network: NetworkLine) -> list[Intent]:
    pressed = button(
        style,
        "here" if network.is_here else "go",
        is_on=not network.is_here,
        width=style.px(56),
        name=f"{url} {network.id}",
    )
    imgui.same_line(0, style.px(12))
    imgui.set_cursor_pos_y(imgui.get_cursor_pos_y() + style.px(4))
    with text_font(style, 14):
        colour = look.MARK if network.is_here else look.BRIGHT
        imgui.text_colored(imgui.ImVec4(*colour), network.name)
    imgui.same_line(0, style.px(12))
    imgui.set_cursor_pos_y(imgui.get_cursor_pos_y() + style.px(4))
    small(style, network.facts)
    return [GoElsewhere(url, network.id)] if pressed else []

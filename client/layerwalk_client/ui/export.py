"""The panel that writes a node's maps to files."""

from __future__ import annotations

from dataclasses import dataclass

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import button, choice
from layerwalk_client.ui.intents import ExportNode, Intent
from layerwalk_client.ui.style import Style
from layerwalk_client.ui.widgets import panel, small
from layerwalk_client.world.terms import shape_line
from layerwalk_shared.graph import Node

ALL, ONE = "all", "one"
FORMS = (
    ("png", "PNG sheet", "side by side, with numbers and a legend"),
    ("npy", "NPY", "the exact values, float32"),
    ("npz", "NPZ", "the exact values, with node, network, input and channels"),
)


@dataclass(slots=True)
class ExportPanel:
    """Mutable, owned by the main thread.

    Attributes:
        node: what is exported.
        index: of the node in its graph.
        unit: that was pointed at; None: none.
        said: what came of the last export.
        is_wrong: it failed.
        part: all channels, or the one.
    """

    node: Node
    index: int
    unit: int | None = None
    said: str = ""
    is_wrong: bool = False
    part: str = ALL

    size_wh = (430, 240)

    @property
    def title(self) -> str:
        return f"Export {self.node.id}"

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel."""
        with panel(style, self.title) as intents:
            small(style, f"{self.node.operation}   {shape_line(self.node)}")
            imgui.dummy((1, style.px(4)))
            if self.unit is not None:
                options = ((ALL, "all channels"), (ONE, f"channel {self.unit}"))
                self.part = choice(style, "part", options, self.part) or self.part
                imgui.dummy((1, style.px(4)))
            unit = self.unit if self.part == ONE else None
            for form, text, about in FORMS:
                if button(style, text, is_main=form == "png", width=style.px(104)):
                    intents.append(ExportNode(self.index, form, unit))  # type: ignore[arg-type]
                imgui.same_line(0, style.px(12))
                top = imgui.get_cursor_pos_y()
                imgui.set_cursor_pos_y(top + style.px(5))
                small(style, about)
            imgui.dummy((1, style.px(2)))
            small(style, self.said or " ", colour=look.DANGER if self.is_wrong else look.GOOD)
        return intents

"""The panel of one node: what it is, its numbers, how its values and its weights look."""

from __future__ import annotations

from dataclasses import dataclass

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import button
from layerwalk_client.ui.intents import Intent, OpenMaximise
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import bars, panel, short_number, small, text_font
from layerwalk_client.world.terms import shape_line
from layerwalk_shared.graph import Node
from layerwalk_shared.messages import ValueStatistics


@dataclass(slots=True)
class NodePanel:
    """Mutable, owned by the main thread: facts arrive after the panel was opened.

    Attributes:
        node: what the panel is about.
        index: of the node in its graph.
        unit: that was pointed at; None: none.
        statistics: None while on their way.
        kernels: picture of the weights; None while on their way, or when there are none.
        problem: why something is missing, for people.
    """

    node: Node
    index: int = 0
    unit: int | None = None
    statistics: ValueStatistics | None = None
    kernels: Picture | None = None
    problem: str = ""

    size_wh = (460, 560)

    @property
    def title(self) -> str:
        return self.node.id

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel."""
        node = self.node
        with panel(style, node.id) as intents:
            facts = [node.operation, shape_line(node), node.dtype]
            if node.parameters:
                facts.append(f"{node.parameters:,} parameters".replace(",", " "))
            small(style, "   ".join(facts))
            if node.kind != "input" and not node.error:
                intents.extend(self._maximise(style))
            if node.error:
                imgui.text_colored(imgui.ImVec4(*look.MARK), node.error)
            if self.statistics is None:
                small(style, self.problem or "…")
            else:
                self._numbers(style, self.statistics)
                self._histogram(style, self.statistics)
            if self.kernels is not None:
                self._weights(style, self.kernels)
            if self.problem and self.statistics is not None:
                small(style, self.problem)
        return intents

    def _maximise(self, style: Style) -> list[Intent]:
        intents: list[Intent] = []
        if button(style, "maximise", colour=look.ACCENT):
            intents.append(OpenMaximise(self.index))
        if self.unit is not None:
            imgui.same_line(0, style.px(6))
            if button(style, f"maximise channel {self.unit}", colour=look.ACCENT):
                intents.append(OpenMaximise(self.index, self.unit))
        return intents

    def _numbers(self, style: Style, found: ValueStatistics) -> None:
        rows = [
            ("minimum", short_number(found.minimum)),
            ("maximum", short_number(found.maximum)),
            ("mean", short_number(found.mean)),
            ("deviation", short_number(found.std)),
            ("zeros", f"{100 * found.zeros:.1f} %"),
            ("dead channels", str(len(found.dead_channels))),
        ]
        if found.not_finite:
            rows.append(("not finite", str(found.not_finite)))
        if imgui.begin_table("numbers", 4):
            for name, value in rows:
                imgui.table_next_column()
                small(style, name)
                imgui.table_next_column()
                colour = look.DANGER if name == "not finite" else look.BRIGHT
                with text_font(style, 15):
                    imgui.text_colored(imgui.ImVec4(*colour), value)
            imgui.end_table()

    def _histogram(self, style: Style, found: ValueStatistics) -> None:
        wide = imgui.get_content_region_avail().x
        counts, edges = found.histogram.counts, found.histogram.edges
        hovered = bars(style, counts, size_wh=(wide, style.px(130)), colour=look.ACCENT)
        if hovered is not None:
            low, high = edges[hovered], edges[hovered + 1]
            small(
                style,
                f"{counts[hovered]} values from {short_number(low)} to {short_number(high)}",
                colour=look.MARK,
            )
        elif edges:
            small(style, f"values from {short_number(edges[0])} to {short_number(edges[-1])}")

    def _weights(self, style: Style, kernels: Picture) -> None:
        small(style, "kernels")
        room = imgui.get_content_region_avail()
        width, height = kernels.size_wh
        factor = min(room.x / width, room.y / height)
        if factor <= 0:
            return
        corner = imgui.get_cursor_screen_pos()
        draw = imgui.get_window_draw_list()
        draw.add_image(
            imgui.ImTextureRef(kernels.texture), corner,
            (corner.x + width * factor, corner.y + height * factor),
            kernels.uv0, kernels.uv1, packed((1.0, 1.0, 1.0, 1.0)),
        )  # fmt: skip
        imgui.dummy((width * factor, height * factor))

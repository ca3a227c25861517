"""The box that finds a node: type, choose, fly there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.intents import ClosePanel, GoTo, Intent
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import panel, text_font
from layerwalk_client.world.terms import kind_line
from layerwalk_shared.graph import Graph

SHOWN = 9


@dataclass(frozen=True, slots=True)
class Found:
    """One line of the answer: node index, its id, and what it is."""

    node: int
    id: str
    detail: str


def find_nodes(graph: Graph, text: str, *, limit: int = SHOWN) -> list[Found]:
    """Return the nodes that fit `text`, the best first.

    Every word must occur in the id, the operation or the shape; ids that begin with the text come
    first, then those where it stands at a boundary, then those whose id has all words, then the
    rest; equals keep their order.
    """
    words = text.lower().split()
    ranked: list[tuple[int, int, Found]] = []
    for index, node in enumerate(graph.nodes):
        node_id = node.id.lower()
        detail = kind_line(node)
        searched = f"{node_id} {node.operation.lower()} {' '.join(map(str, node.shape))}"
        if not all(word in searched for word in words):
            continue
        rank = 0
        if words:
            first = words[0]
            parts = node_id.replace(":", ".").split(".")
            is_boundary = any(part.startswith(first) for part in parts)
            rank = 0 if node_id.startswith(first) else 1 if is_boundary else 2
            rank = 3 if not all(word in node_id for word in words) else rank
            rank = -1 if node_id == text.lower().strip() else rank
        ranked.append((rank, index, Found(index, node.id, detail)))
    ranked.sort(key=lambda row: row[:2])
    return [found for _, _, found in ranked[:limit]]


def completed(found: Sequence[Found], text: str) -> str:
    """Return `text` lengthened to what all found ids that begin with it have in common."""
    ids = [one.id for one in found if one.id.lower().startswith(text.lower())]
    if not ids or not text:
        return text
    common = ids[0]
    for other in ids[1:]:
        while not other.lower().startswith(common.lower()):
            common = common[:-1]
    return common if len(common) > len(text) else text


class SearchPanel:
    """Mutable, owned by the main thread: the text and the chosen line."""

    title = "Go to a node"
    size_wh = (560, 430)
    takes_text = True

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.text = ""
        self.chosen = 0

    def type_text(self, text: str) -> None:
        """Add to the text."""
        self.text += text
        self.chosen = 0

    def erase(self) -> None:
        """Take the last character away."""
        self.text = self.text[:-1]
        self.chosen = 0

    def complete(self) -> None:
        """Lengthen the text as far as it is clear."""
        self.text = completed(self.found(), self.text)

    def step(self, by: int) -> None:
        """Choose a line further down, or up."""
        self.chosen = max(0, min(len(self.found()) - 1, self.chosen + by))

    def found(self) -> list[Found]:
        """Return the lines that the text gives."""
        return find_nodes(self._graph, self.text)

    def enter(self) -> list[Intent]:
        """Return the intent to go to the chosen line."""
        found = self.found()
        return [GoTo(found[self.chosen].node), ClosePanel()] if found else []

    def draw(self, style: Style) -> list[Intent]:
        """Draw the box and its lines."""
        found = self.found()
        with panel(style, self.title) as intents:
            wide = imgui.get_content_region_avail().x
            corner = imgui.get_cursor_screen_pos()
            high = style.px(36)
            draw = imgui.get_window_draw_list()
            draw.add_rect_filled(
                corner, (corner.x + wide, corner.y + high), packed(look.FIELD), style.px(6)
            )
            inset = (corner.x + style.px(12), corner.y + style.px(8))
            if self.text:
                draw.add_text(inset, packed(look.BRIGHT), self.text)
            else:
                draw.add_text(inset, packed(look.QUIET), "name, operation or shape")
            caret = inset[0] + imgui.calc_text_size(self.text).x + style.px(1)
            draw.add_line(
                (caret, inset[1]), (caret, inset[1] + style.px(19)), packed(look.ACCENT), 2.0
            )
            imgui.dummy((wide, high + style.px(4)))
            for place, one in enumerate(found):
                if self._line(style, one, wide, is_chosen=place == self.chosen):
                    intents += [GoTo(one.node), ClosePanel()]
            imgui.dummy((1, 1))
            if not found:
                imgui.text_colored(imgui.ImVec4(*look.MARK), "no node fits")
        return intents

    def _line(self, style: Style, one: Found, wide: float, *, is_chosen: bool) -> bool:
        corner = imgui.get_cursor_screen_pos()
        high = style.px(31)
        is_pressed: bool = imgui.invisible_button(f"line {one.node}", (wide, high))
        draw = imgui.get_window_draw_list()
        if is_chosen or imgui.is_item_hovered():
            draw.add_rect_filled(
                corner,
                (corner.x + wide, corner.y + high),
                packed(look.FIELD_ACTIVE if is_chosen else look.FIELD_HOVER),
                style.px(5),
            )
        top = corner.y + style.px(6)
        draw.add_text((corner.x + style.px(12), top), packed(look.BRIGHT), one.id)
        with text_font(style, 14):
            right = corner.x + wide - imgui.calc_text_size(one.detail).x - style.px(12)
            draw.add_text((right, top + style.px(2)), packed(look.QUIET), one.detail)
        imgui.set_cursor_screen_pos((corner.x, corner.y + high + style.px(2)))
        return is_pressed

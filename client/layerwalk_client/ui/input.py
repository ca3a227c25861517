"""The panel of what is on the input: one editor for each argument, and a switch between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.input_views import InputView, OnInput
from layerwalk_client.ui.intents import ClosePanel, Intent, PutOn
from layerwalk_client.ui.style import SMALL_PIXELS, Style, packed
from layerwalk_client.ui.widgets import panel, small, text_font
from layerwalk_client.world.terms import product
from layerwalk_shared.messages import ExampleInput, NamedInput, NoiseInput, TextInput

LONGEST_TEXT = 100_000
TITLE = 60
"""Characters of a text that its title tells."""
LONGEST_NAME = 28
"""Characters of an argument's name on the switch."""
STRENGTH = 0.25
"""Of the noise that the button puts on."""
TAKES = {
    "image": "drop a picture here, or pick one with Tab",
    "text": "drop a text file or an .npy of ids here",
    "sound": "drop a .wav here",
    "series": "drop a .csv here, a step in each row",
    "vector": "drop a .csv or an .npy here",
    "volume": "drop an .npy here",
    "tensor": "drop an .npy here",
}


@dataclass(slots=True)
class InputEditor:
    """Mutable, owned by the main thread: one argument, and what is written and not yet sent.

    Attributes:
        argument: its name, and what it takes.
        shown: what is on it now.
        text: what was written.
        problem: why something is missing, for people.
        seed: of the next noise.
    """

    argument: NamedInput
    shown: OnInput = field(default_factory=OnInput)
    text: str = ""
    problem: str = ""
    seed: int = 1

    @property
    def takes_text(self) -> bool:
        """Whether letters are written here."""
        return self.argument.spec.kind == "text" and self.argument.spec.has_tokenizer

    def complete(self) -> None:
        """Take what is on the input as the text, to write on from there."""
        if not self.text:
            self.text = "".join(self.shown.tokens).strip() or self.shown.title

    def put_text(self, argument: str | None) -> list[Intent]:
        """Return the intent to put the text on the input."""
        if not self.text.strip():
            return []
        title = self.text if len(self.text) <= TITLE else self.text[: TITLE - 1] + "…"
        return [PutOn(TextInput(text=self.text), title, argument)]

    def draw(self, style: Style, argument: str | None) -> list[Intent]:
        """Draw field, controls and what is on the argument."""
        intents: list[Intent] = []
        if self.takes_text:
            intents += self._field(style, argument)
        intents += self._controls(style, argument)
        if self.problem:
            small(style, self.problem, colour=look.MARK)
        InputView(self.argument.spec, self.shown).draw(style)
        return intents

    def _controls(self, style: Style, argument: str | None) -> list[Intent]:
        """Draw what it takes, and the buttons that need no file."""
        intents: list[Intent] = []
        spec = self.argument.spec
        with text_font(style, SMALL_PIXELS):
            if imgui.button("noise"):
                noise = NoiseInput(seed=self.seed, amplitude=STRENGTH)
                intents.append(PutOn(noise, f"noise, seed {self.seed}", argument))
                self.seed += 1
            imgui.same_line(0, style.px(6))
            if imgui.button("as it began"):
                intents.append(PutOn(ExampleInput(), "the example", argument))
        imgui.same_line(0, style.px(14))
        imgui.align_text_to_frame_padding()
        small(style, f"{spec.kind} {product(spec.shape)}   {TAKES[spec.kind]}")
        return intents

    def _field(self, style: Style, argument: str | None) -> list[Intent]:
        intents: list[Intent] = []
        room = imgui.get_content_region_avail().x
        button = style.px(84)
        wide = room - button - style.px(10)
        inner = wide - style.px(24)
        shown = self.text or "write words, Enter puts them on the input, Tab takes the ones there"
        size = imgui.calc_text_size(shown, False, inner)
        most = 4 * imgui.get_text_line_height()
        high = min(size.y, most) + style.px(16)
        corner = imgui.get_cursor_screen_pos()
        ink = imgui.get_window_draw_list()
        end = (corner.x + wide, corner.y + high)
        ink.add_rect_filled(corner, end, packed(look.FIELD), style.px(6))
        ink.push_clip_rect((corner.x, corner.y + style.px(4)), end, True)
        top = corner.y + style.px(8) - max(0.0, size.y - most)  # the end stays in view
        imgui.set_cursor_screen_pos((corner.x + style.px(12), top))
        imgui.push_text_wrap_pos(imgui.get_cursor_pos_x() + inner)
        colour = look.BRIGHT if self.text else look.QUIET
        ink.add_text(
            imgui.get_font(), imgui.get_font_size(), (corner.x + style.px(12), top),
            packed(colour), shown + ("|" if self.text else ""), inner,
        )  # fmt: skip
        imgui.pop_text_wrap_pos()
        ink.pop_clip_rect()
        imgui.set_cursor_screen_pos((end[0] + style.px(10), corner.y))
        if imgui.button("put it", (button, min(high, style.px(36)))):
            intents += self.put_text(argument)
        imgui.set_cursor_screen_pos((corner.x, end[1] + style.px(8)))
        imgui.dummy((1, 1))
        return intents


class InputPanel:
    """Mutable, owned by the main thread: an editor for each argument, and which one is open.

    Args:
        arguments: what can be put on, the shown one first.
    """

    title = "Input"
    size_wh = (860, 500)

    def __init__(self, arguments: Sequence[NamedInput]) -> None:
        self.editors = tuple(InputEditor(one) for one in arguments)
        self.chosen = 0

    @property
    def editor(self) -> InputEditor:
        """The one that is open."""
        return self.editors[self.chosen]

    @property
    def argument(self) -> str | None:
        """Name of the argument that is open; None where there is but one."""
        return self.editor.argument.name if len(self.editors) > 1 else None

    @property
    def takes_text(self) -> bool:
        """Whether letters are written here."""
        return self.editor.takes_text

    @property
    def text(self) -> str:
        """What is written and not yet sent."""
        return self.editor.text

    def type_text(self, text: str) -> None:
        """Add to the text."""
        self.editor.text = (self.editor.text + text)[:LONGEST_TEXT]

    def erase(self) -> None:
        """Take the last character away."""
        self.editor.text = self.editor.text[:-1]

    def complete(self) -> None:
        """Take what is on the input as the text, to write on from there."""
        self.editor.complete()

    def step(self, by: int) -> None:
        """Open another argument."""
        self.chosen = min(len(self.editors) - 1, max(0, self.chosen + by))

    def enter(self) -> list[Intent]:
        """Return what Enter asks for: the text goes on the input."""
        return self._closing(self.editor.put_text(self.argument))

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel."""
        with panel(style, self.title, detail=self.editor.shown.title) as intents:
            if len(self.editors) > 1:
                self._switch(style)
            asked = self.editor.draw(style, self.argument)
            intents.extend(self._closing(asked) if self.takes_text else asked)
        return intents

    def _closing(self, asked: list[Intent]) -> list[Intent]:
        """Close with a text that was put on, unless there are more arguments to see to."""
        is_put = any(isinstance(one, PutOn) and isinstance(one.image, TextInput) for one in asked)
        return [*asked, ClosePanel()] if is_put and len(self.editors) == 1 else asked

    def _switch(self, style: Style) -> None:
        """Draw the arguments beside each other, the open one marked."""
        right = imgui.get_cursor_screen_pos().x + imgui.get_content_region_avail().x
        ink = imgui.get_window_draw_list()
        for place, one in enumerate(self.editors):
            name = one.argument.name
            name = name if len(name) <= LONGEST_NAME else "…" + name[1 - LONGEST_NAME :]
            wide = imgui.calc_text_size(name).x + style.px(24)
            if place:
                imgui.same_line(0, style.px(4))
                if imgui.get_cursor_screen_pos().x + wide > right:
                    imgui.new_line()
            is_open = place == self.chosen
            corner = imgui.get_cursor_screen_pos()
            high = style.px(34)
            if imgui.invisible_button(f"argument {place}", (wide, high)):
                self.chosen = place
            end = (corner.x + wide, corner.y + high)
            if is_open or imgui.is_item_hovered():
                ground = look.FIELD if is_open else look.FIELD_HOVER
                ink.add_rect_filled(corner, end, packed(ground), style.px(6))
            if is_open:
                ink.add_line((corner.x, end[1]), end, packed(look.ACCENT), style.px(2))
            colour = look.BRIGHT if is_open else look.QUIET
            at = (corner.x + style.px(12), corner.y + style.px(7))
            ink.add_text(at, packed(colour), name)

"""The panel of what is on the input, where that is no picture: words, sounds, columns, numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from imgui_bundle import imgui
from numpy.typing import NDArray

from layerwalk_client.ui import style as look
from layerwalk_client.ui.intents import ClosePanel, Intent, PutText
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.plots import Frame, axis_number, draw_lines, frame
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import panel, short_number, small, text_font
from layerwalk_client.world.curves import Axis, axis_of, lines
from layerwalk_client.world.scene import Colour
from layerwalk_client.world.tokens import readable
from layerwalk_shared.messages import InputSpec

LONGEST_TEXT = 100_000
MOST_CHIPS = 2048
MOST_BARS = 512
MOST_COLUMNS = 32


@dataclass(frozen=True, slots=True, eq=False)
class OnInput:
    """What is on the input.

    Attributes:
        title: for people.
        values: the tensor, float32 of the input's shape; None while on its way.
        tokens: of texts: what each position reads.
        spectrogram: of sounds: a picture of it, low frequencies below; None where there is none.
        highest_hz: the frequency at its upper edge.
    """

    title: str = ""
    values: NDArray[np.float32] | None = None
    tokens: tuple[str, ...] = ()
    spectrogram: Picture | None = None
    highest_hz: float = 0.0


@dataclass(slots=True)
class InputPanel:
    """Mutable, owned by the main thread: what is written and not yet sent.

    Attributes:
        spec: what the network takes.
        shown: what is on the input now.
        text: what was written.
        problem: why something is missing, for people.
    """

    spec: InputSpec
    shown: OnInput = field(default_factory=OnInput)
    text: str = ""
    problem: str = ""

    title = "Input"
    size_wh = (860, 470)

    @property
    def takes_text(self) -> bool:
        """Whether letters are written here."""
        return self.spec.kind == "text" and self.spec.has_tokenizer

    def type_text(self, text: str) -> None:
        """Add to the text."""
        self.text = (self.text + text)[:LONGEST_TEXT]

    def erase(self) -> None:
        """Take the last character away."""
        self.text = self.text[:-1]

    def complete(self) -> None:
        """Take what is on the input as the text, to write on from there."""
        if not self.text:
            self.text = "".join(self.shown.tokens).strip() or self.shown.title

    def step(self, by: int) -> None:
        """There is nothing to choose from."""

    def enter(self) -> list[Intent]:
        """Return the intent to put the text on the input."""
        return [PutText(self.text), ClosePanel()] if self.text.strip() else []

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel."""
        with panel(style, self.title, detail=self.shown.title) as intents:
            if self.takes_text:
                intents.extend(self._field(style))
            if self.problem:
                small(style, self.problem, colour=look.MARK)
            kinds = {
                "text": self._tokens,
                "sound": self._sound,
                "series": self._series,
                "vector": self._bars,
            }
            show = kinds.get(self.spec.kind)
            if show is None:
                small(style, "pictures are picked with Tab, or dropped on the window")
            elif self.shown.values is None and not self.shown.tokens:
                small(style, "…")
            else:
                show(style)
        return intents

    # Words.

    def _field(self, style: Style) -> list[Intent]:
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
        if imgui.button("put it", (button, min(high, style.px(36)))) and self.text.strip():
            intents += [PutText(self.text), ClosePanel()]
        imgui.set_cursor_screen_pos((corner.x, end[1] + style.px(8)))
        imgui.dummy((1, 1))
        return intents

    def _tokens(self, style: Style) -> None:
        """Draw each position as a chip: number, what it reads, and its id."""
        tokens, values = self.shown.tokens, self.shown.values
        ids = None if values is None else np.rint(values).astype(np.int64).reshape(-1)
        count = max(len(tokens), 0 if ids is None else len(ids))
        small(style, f"{count} tokens")
        imgui.begin_child("tokens", (0, 0))
        room = imgui.get_content_region_avail().x
        corner = imgui.get_cursor_screen_pos()
        x, y = 0.0, 0.0
        high, gap = style.px(42), style.px(5)
        ink = imgui.get_window_draw_list()
        for place in range(min(count, MOST_CHIPS)):
            text = readable(tokens[place]) if place < len(tokens) else ""
            below = f"{place}" if ids is None or place >= len(ids) else f"{place}:{ids[place]}"
            with text_font(style, 15):
                wide = imgui.calc_text_size(text).x
            with text_font(style, 11):
                wide = max(wide, imgui.calc_text_size(below).x) + style.px(14)
            if x and x + wide > room:
                x, y = 0.0, y + high + gap
            left, top = corner.x + x, corner.y + y
            ink.add_rect_filled(
                (left, top), (left + wide, top + high), packed(look.FIELD), style.px(6)
            )
            with text_font(style, 15):
                ink.add_text((left + style.px(7), top + style.px(4)), packed(look.BRIGHT), text)
            with text_font(style, 11):
                ink.add_text((left + style.px(7), top + style.px(25)), packed(look.QUIET), below)
            x += wide + gap
        imgui.dummy((room, y + high))
        if count > MOST_CHIPS:
            small(style, f"and {count - MOST_CHIPS} more")
        imgui.end_child()

    # Sounds and series.

    def _by_time(self) -> NDArray[np.float32]:
        """Return the values as `[columns, T]`."""
        assert self.shown.values is not None
        values = self.shown.values
        if values.ndim < 2:
            return values.reshape(1, -1)
        moved = np.moveaxis(values, min(self.spec.time_axis, values.ndim - 1), -1)
        return moved.reshape(-1, moved.shape[-1])

    def _time_axis(self, count: int) -> tuple[Axis, str]:
        rate = self.spec.sample_rate
        if rate is None:
            return Axis(0.0, float(max(1, count - 1))), "step"
        return Axis(0.0, max(1, count) / rate), "s"

    def _sound(self, style: Style) -> None:
        columns = self._by_time()
        across, unit = self._time_axis(columns.shape[1])
        room = imgui.get_content_region_avail()
        high = room.y - style.px(24)
        largest = max(1e-3, float(np.nanmax(np.abs(columns))))
        plot = frame(
            style, "wave", (room.x, high * 0.4), across=across, up=Axis(-largest, largest),
            margins=(52, 0), counts=(0, 2),
        )  # fmt: skip
        self._line(style, plot, columns[0], look.ACCENT)
        top = Axis(0.0, self.shown.highest_hz or 1.0)
        ground = frame(style, "spectrogram", (room.x, high * 0.6), across=across, up=top, counts=(6, 4))  # fmt: skip
        picture = self.shown.spectrogram
        if picture is not None:
            box = ((ground.left, ground.top), (ground.right, ground.bottom))
            ground.ink.add_image(
                imgui.ImTextureRef(picture.texture), *box, picture.uv0, picture.uv1
            )
        self._sound_readout(style, plot, ground, columns[0], unit=unit)

    def _sound_readout(
        self, style: Style, plot: Frame, ground: Frame, samples: NDArray[np.float32], *, unit: str
    ) -> None:
        pointed = plot if plot.pointer is not None else ground
        if pointed.pointer is None:
            rate = self.spec.sample_rate
            said = f"{axis_number(len(samples))} samples"
            small(style, said if rate is None else f"{said} at {axis_number(rate)} a second")
            return
        at = pointed.across.value(pointed.pointer[0])
        rate = self.spec.sample_rate or 1.0
        index = min(len(samples) - 1, max(0, int(at * rate)))
        text = f"{at:.4g} {unit}   sample {index}   {short_number(float(samples[index]))}"
        if pointed is ground:
            text += f"   {pointed.up.value(pointed.pointer[1]):.0f} Hz"
        small(style, text.replace("-", "\N{MINUS SIGN}"), colour=look.MARK)

    def _line(self, style: Style, plot: Frame, values: NDArray[np.float32], colour: Colour) -> None:
        count = len(values)
        rate = self.spec.sample_rate
        times = np.arange(count, dtype=np.float64) / (1.0 if rate is None else rate)
        width = max(16, int((plot.right - plot.left) / max(1.0, style.px(1))))
        parts = lines(times, np.asarray(values, np.float64), columns=width)
        draw_lines(style, plot, parts, colour=colour, width=1.3)

    def _series(self, style: Style) -> None:
        columns = self._by_time()[:MOST_COLUMNS]
        across, unit = self._time_axis(columns.shape[1])
        room = imgui.get_content_region_avail()
        known = [np.asarray(columns, np.float64)]
        plot = frame(style, "series", (room.x, room.y - style.px(50)), across=across, up=axis_of(known))  # fmt: skip
        for place, values in enumerate(columns):
            self._line(style, plot, values, look.SERIES[place % len(look.SERIES)])
        index = None
        if plot.pointer is not None:
            at = plot.across.value(plot.pointer[0])
            rate = self.spec.sample_rate or 1.0
            index = min(columns.shape[1] - 1, max(0, round(at * rate)))
            small(style, f"{at:.4g} {unit}   step {index}", colour=look.TEXT)
        else:
            small(style, f"{columns.shape[1]} steps of {len(columns)} columns")
        for place in range(len(columns)):
            if place:
                imgui.same_line(0, style.px(16))
            text = self._column_name(place)
            if index is not None:
                text += f" {short_number(float(columns[place, index]))}"
            colour = look.SERIES[place % len(look.SERIES)]
            small(style, text.replace("-", "\N{MINUS SIGN}"), colour=colour)

    def _column_name(self, place: int) -> str:
        names = self.spec.names
        return names[place] if place < len(names) else f"column {place}"

    # Vectors.

    def _bars(self, style: Style) -> None:
        assert self.shown.values is not None
        values = self.shown.values.reshape(-1)
        count = min(len(values), MOST_BARS)
        room = imgui.get_content_region_avail()
        known = np.append(np.asarray(values[:count], np.float64), 0.0)
        has_names = count <= 16 and bool(self.spec.names)
        below = style.px(48 if has_names else 24)
        plot = frame(
            style, "bars", (room.x, room.y - below), across=Axis(-0.5, count - 0.5),
            up=axis_of([known]), margins=(52, 0), counts=(0, 5),
        )  # fmt: skip
        half = 0.36 * (plot.right - plot.left) / count
        zero = plot.y(0.0)
        pointed = None if plot.pointer is None else round(plot.across.value(plot.pointer[0]))
        for place in range(count):
            if not np.isfinite(values[place]):
                continue
            x, y = plot.x(place), plot.y(float(values[place]))
            ink = packed(look.MARK if place == pointed else look.ACCENT)
            plot.ink.add_rect_filled(
                (x - half, min(y, zero)), (x + half, max(y, zero, min(y, zero) + 1)), ink
            )
            if has_names:
                with text_font(style, 12):
                    name = self._column_name(place)
                    left = x - imgui.calc_text_size(name).x / 2
                    colour = packed(look.BRIGHT if place == pointed else look.QUIET)
                    plot.ink.add_text((left, plot.bottom + style.px(6)), colour, name)
        plot.ink.add_line((plot.left, zero), (plot.right, zero), packed(look.QUIET, 0.6), 1.0)
        if has_names:
            imgui.dummy((1, style.px(14)))
        if pointed is None:
            small(style, f"{len(values)} values")
        else:
            name = self._column_name(pointed) if self.spec.names else f"element {pointed}"
            text = f"{name}   {short_number(float(values[pointed]))}"
            small(style, text.replace("-", "\N{MINUS SIGN}"), colour=look.MARK)

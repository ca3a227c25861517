"""What is on one argument, drawn: words, sounds, columns, numbers, pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from imgui_bundle import imgui
from numpy.typing import NDArray

from layerwalk_client.ui import style as look
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.plots import Frame, axis_number, draw_lines, frame
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import short_number, small, text_font
from layerwalk_client.world.curves import Axis, axis_of, lines
from layerwalk_client.world.scene import Colour
from layerwalk_client.world.tokens import readable
from layerwalk_shared.messages import InputSpec

MOST_CHIPS = 2048
MOST_BARS = 512
MOST_COLUMNS = 32


@dataclass(frozen=True, slots=True, eq=False)
class OnInput:
    """What is on an argument.

    Attributes:
        title: for people.
        values: the tensor, float32 of the argument's shape; None while on its way.
        tokens: of texts: what each position reads.
        picture: of sounds the spectrogram, low frequencies below; of pictures and of whatever has
            more than two axes what is seen; None where there is none.
        highest_hz: the frequency at a spectrogram's upper edge.
    """

    title: str = ""
    values: NDArray[np.float32] | None = None
    tokens: tuple[str, ...] = ()
    picture: Picture | None = None
    highest_hz: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class InputView:
    """Draws what is on an argument.

    Attributes:
        spec: what the argument takes.
        shown: what is on it.
    """

    spec: InputSpec
    shown: OnInput

    def draw(self, style: Style) -> None:
        """Draw it into the room that is left."""
        kinds = {
            "text": self._tokens,
            "sound": self._sound,
            "series": self._series,
            "vector": self._bars,
        }
        show = kinds.get(self.spec.kind, self._picture)
        if self.spec.kind == "tensor" and len(self.spec.shape) <= 2:
            show = self._bars if len(self.spec.shape) < 2 else self._series
        drawn = {self._tokens: self.shown.tokens, self._picture: self.shown.picture}
        if self.shown.values is None and not drawn.get(show):
            small(style, "\N{HORIZONTAL ELLIPSIS}")
        else:
            show(style)

    # Pictures, volumes.

    def _picture(self, style: Style) -> None:
        """Draw the picture, or the slices, as large as there is room."""
        picture = self.shown.picture
        if picture is None:
            small(style, "it stands on its wall")
            return
        room = imgui.get_content_region_avail()
        width, height = picture.size_wh
        scale = min(room.x / width, (room.y - style.px(4)) / height)
        if scale > 1:
            scale = min(scale, 24.0)
        size = (width * scale, height * scale)
        corner = imgui.get_cursor_screen_pos()
        left = corner.x + (room.x - size[0]) / 2
        end = (left + size[0], corner.y + size[1])
        ink = imgui.get_window_draw_list()
        ink.add_image(
            imgui.ImTextureRef(picture.texture), (left, corner.y), end, picture.uv0, picture.uv1
        )
        ink.add_rect((left, corner.y), end, packed(look.BORDER))
        imgui.dummy((room.x, size[1]))

    # Words.

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
            token = "" if ids is None or place >= len(ids) else str(ids[place])
            text = readable(tokens[place]) if place < len(tokens) else token
            below = f"{place}:{token}" if token and text != token else f"{place}"
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
        picture = self.shown.picture
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
            seconds = f"{at:.4g} s   " if unit == "s" else ""
            small(style, f"{seconds}step {index}", colour=look.TEXT)
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

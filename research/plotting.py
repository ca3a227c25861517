"""Line diagrams: axes, ticks, a legend; drawn large and made small, so that lines are smooth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
FINE = 3
"""Pixels that are drawn for each pixel of the result, along a side."""
INK: Colour = (32, 32, 36)
PALE: Colour = (226, 226, 230)
PAPER: Colour = (255, 255, 255)
MARGIN = (66, 34, 16, 46)
"""Pixels left, above, right and below of the frame."""
LEGEND_ROW = 18
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Line:
    """One curve.

    Attributes:
        label: of the legend.
        points: (x, y), by x.
        colour: of line and marks.
        is_dashed: drawn in dashes, its marks hollow.
    """

    label: str
    points: tuple[tuple[float, float], ...]
    colour: Colour
    is_dashed: bool = False


def font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font that comes with Pillow, `size` pixels high."""
    return ImageFont.load_default(size)


def ticks(low: float, high: float, *, about: int = 6) -> list[float]:
    """Return round numbers that lie between two, both ends included where they are round."""
    if not low < high:
        raise ValueError(f"an axis from {low} to {high}, expected the smaller number first")
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in STEPS if factor * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def draw_lines(
    lines: Sequence[Line],
    *,
    title: str,
    x_label: str,
    y_label: str,
    size_wh: tuple[int, int] = (680, 420),
) -> Image.Image:
    """Draw curves into one frame, the axis of y from zero where all values are positive.

    Args:
        lines: at least one, with at least two different x among them.
        title: above the frame.
        x_label, y_label: of the axes.
        size_wh: of the picture, in pixels.

    Returns:
        An RGB picture.
    """
    values = [value for line in lines for _, value in line.points]
    places = [place for line in lines for place, _ in line.points]
    spread = max(values) - min(values) or 1.0
    low, high = min(values) - 0.06 * spread, max(values) + 0.06 * spread
    if min(values) >= 0 and min(values) < 0.7 * max(values):
        low = 0.0
    frame = _Frame(size_wh, (min(places), max(places)), (low, high), rows=-(-len(lines) // 2))
    frame.axes(title=title, x_label=x_label, y_label=y_label)
    for line in lines:
        frame.curve(line)
    frame.legend(lines)
    return frame.picture()


def stack(pictures: Sequence[Image.Image]) -> Image.Image:
    """Return pictures under one another, on white."""
    width = max(picture.width for picture in pictures)
    whole = Image.new("RGB", (width, sum(picture.height for picture in pictures)), PAPER)
    top = 0
    for picture in pictures:
        whole.paste(picture, ((width - picture.width) // 2, top))
        top += picture.height
    return whole


class _Frame:
    """A diagram that is being drawn; mutable, used once."""

    def __init__(
        self,
        size_wh: tuple[int, int],
        x_range: tuple[float, float],
        y_range: tuple[float, float],
        *,
        rows: int,
    ) -> None:
        width, height = size_wh
        self._size = size_wh
        self._image = Image.new("RGB", (width * FINE, height * FINE), PAPER)
        self._draw = ImageDraw.Draw(self._image)
        left, above, right, below = MARGIN
        self._legend_top = height - rows * LEGEND_ROW - 6
        self._box = (left, above, width - right, self._legend_top - below)
        self._x, self._y = x_range, y_range

    def axes(self, *, title: str, x_label: str, y_label: str) -> None:
        left, top, right, bottom = self._box
        for value in ticks(*self._x):
            x, _ = self._at(value, self._y[0])
            self._stroke([(x, top), (x, bottom)], PALE, 1)
            self._text((x, bottom + 5), f"{value:g}", 12, "ma")
        for value in ticks(*self._y):
            _, y = self._at(self._x[0], value)
            self._stroke([(left, y), (right, y)], PALE, 1)
            self._text((left - 6, y), f"{value:g}", 12, "rm")
        self._stroke([(left, top), (left, bottom), (right, bottom)], INK, 1)
        self._text(((left + right) / 2, 9), title, 15, "ma")
        self._text(((left + right) / 2, bottom + 22), x_label, 13, "ma")
        self._upright((16, (top + bottom) / 2), y_label, 13)

    def curve(self, line: Line) -> None:
        places = [self._at(*point) for point in line.points]
        for first, last in pairwise(places):
            for part in _dashes(first, last) if line.is_dashed else [(first, last)]:
                self._stroke(list(part), line.colour, 2)
        for place in places:
            self._mark(place, line)

    def legend(self, lines: Sequence[Line]) -> None:
        left, _, right, _ = self._box
        for index, line in enumerate(lines):
            x = left + (index % 2) * (right - left) / 2
            y = self._legend_top + (index // 2) * LEGEND_ROW + LEGEND_ROW / 2
            first, last = (x, y), (x + 34, y)
            for part in _dashes(first, last) if line.is_dashed else [(first, last)]:
                self._stroke(list(part), line.colour, 2)
            self._mark((x + 17, y), line)
            self._text((x + 42, y), line.label, 13, "lm")

    def picture(self) -> Image.Image:
        return self._image.resize(self._size, Image.Resampling.LANCZOS)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        left, top, right, bottom = self._box
        across = (x - self._x[0]) / (self._x[1] - self._x[0])
        up = (y - self._y[0]) / (self._y[1] - self._y[0])
        inset = 10
        return left + inset + across * (right - left - 2 * inset), bottom - up * (bottom - top)

    def _stroke(self, places: Sequence[tuple[float, float]], colour: Colour, width: float) -> None:
        fine = [(x * FINE, y * FINE) for x, y in places]
        self._draw.line(fine, fill=colour, width=round(width * FINE), joint="curve")

    def _mark(self, place: tuple[float, float], line: Line) -> None:
        x, y = (value * FINE for value in place)
        radius = 3.5 * FINE
        self._draw.ellipse(
            (x - radius, y - radius, x + radius, y + radius),
            fill=PAPER if line.is_dashed else line.colour,
            outline=line.colour,
            width=round(1.5 * FINE),
        )

    def _text(self, place: tuple[float, float], text: str, size: int, anchor: str) -> None:
        x, y = (value * FINE for value in place)
        self._draw.text((x, y), text, fill=INK, font=font(size * FINE), anchor=anchor)

    def _upright(self, place: tuple[float, float], text: str, size: int) -> None:
        """Write upwards, centred at a place."""
        letters = font(size * FINE)
        length = math.ceil(letters.getlength(text))
        strip = Image.new("RGB", (length, 2 * size * FINE), PAPER)
        ImageDraw.Draw(strip).text((0, size * FINE), text, fill=INK, font=letters, anchor="lm")
        strip = strip.transpose(Image.Transpose.ROTATE_90)
        x, y = (round(value * FINE) for value in place)
        self._image.paste(strip, (x - strip.width // 2, y - strip.height // 2))


def _dashes(
    first: tuple[float, float], last: tuple[float, float]
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return dashes of about 6 pixels between two places."""
    length = math.dist(first, last)
    count = max(1, round(length / 10))
    dx, dy = last[0] - first[0], last[1] - first[1]

    def along(share: float) -> tuple[float, float]:
        return first[0] + share * dx, first[1] + share * dy

    return [(along(index / count), along((index + 0.6) / count)) for index in range(count)]

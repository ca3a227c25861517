"""A page of maps: pictures of channels side by side, numbers, what they are, and the range. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from layerwalk.inputs.pictures import Picture
from layerwalk.papers import (
    FAINT,
    GAP,
    INK,
    LINE,
    MARGIN,
    NARROWEST,
    PAPER,
    SOFT,
    cell_size,
    font_of,
    resized,
    shortened,
)
from layerwalk.pyramid import Pictures
from layerwalk_shared.colours import DEFAULT_TABLE, TABLES, paint
from layerwalk_shared.errors import InvalidRequestError, NotFoundError, TooLargeError
from layerwalk_shared.messages import RangeMode
from layerwalk_shared.views import grid_shape

MOST_CHANNELS = 4096
"""Of one sheet."""
MOST_PIXELS = 2**27
"""Of one sheet: 400 MB while it is drawn."""
FINE_OF = ((64, 140), (256, 84), (1024, 56))
"""Up to so many channels -> pixels that small maps are enlarged to; of more, `FINEST`."""
FINEST = 36
_BAR_WH = (300, 14)
_TEXT_FROM = 48
"""Cells narrower than this have no numbers under them: the order tells."""


@dataclass(frozen=True, slots=True)
class Looks:
    """How a sheet's values become colours, see `drawing.channel_picture`."""

    table: str = DEFAULT_TABLE
    mode: RangeMode = "percentile"
    manual: float = 1.0
    percentile: float = 99.0


def draw_page(
    pictures: Pictures,
    chosen: Sequence[int],
    *,
    title: str,
    facts: Sequence[str],
    looks: Looks,
    ends: NDArray[np.float32] | float,
    names: Sequence[str] = (),
) -> bytes:
    """Return a PNG file with channels side by side and what they are.

    Args:
        pictures: all channels of a node.
        chosen: which of them, in this order; at least one.
        title: of the page.
        facts: under it, in one line.
        looks: table and range.
        ends: what the table's end stands for, `[C]` of each channel or of all alike.
        names: of the channels, such as classes; () none.

    Raises:
        TooLargeError: the page would be too large.
    """
    drawn = [_picture(pictures, channel, ends, looks.table) for channel in chosen]
    fine = next((fine for most, fine in FINE_OF if len(chosen) <= most), FINEST)
    cell_wh = cell_size(drawn[0], fine=fine)
    has_text = cell_wh[0] >= _TEXT_FROM and not (pictures.is_image and len(chosen) == 1)
    gap = GAP if has_text else 4
    row_h = cell_wh[1] + gap + (10 + LINE * (1 + bool(names)) if has_text else 0)
    _, columns = grid_shape(len(chosen))
    fitting = (NARROWEST - 2 * MARGIN + gap) // (cell_wh[0] + gap)
    columns = min(len(chosen), max(columns, fitting))
    rows = math.ceil(len(chosen) / columns)
    width = max(NARROWEST, 2 * MARGIN + columns * (cell_wh[0] + gap) - gap)
    top = MARGIN + 66
    legend_top = top + rows * row_h + GAP - gap
    height = legend_top + (MARGIN if pictures.is_image else 62) + MARGIN // 2
    if width * height > MOST_PIXELS:
        raise TooLargeError(
            f"a sheet of {len(chosen)} channels would have {width} x {height} pixels: choose fewer"
        )
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    across = width - 2 * MARGIN
    cut = shortened(draw, title, font_of(26), across)
    draw.text((MARGIN, MARGIN - 8), cut, INK, font_of(26))
    line = shortened(draw, "  ·  ".join(facts), font_of(14), across)
    draw.text((MARGIN, MARGIN + 28), line, SOFT, font_of(14))
    for at, (channel, picture) in enumerate(zip(chosen, drawn, strict=True)):
        left = MARGIN + at % columns * (cell_wh[0] + gap)
        upper = top + at // columns * row_h
        sheet.paste(resized(picture, cell_wh), (left, upper))
        if has_text:
            under = [str(channel), *([names[channel]] if channel < len(names) else [])]
            for row, text in enumerate(under):
                place = (left, upper + cell_wh[1] + 5 + row * LINE)
                cut = shortened(draw, text, font_of(12), cell_wh[0])
                draw.text(place, cut, SOFT if row else INK, font_of(12))
    if not pictures.is_image:
        draw.line([(MARGIN, legend_top), (width - MARGIN, legend_top)], FAINT)
        _write_legend(sheet, draw, (MARGIN, legend_top + 18), looks, ends)
    stream = BytesIO()
    sheet.save(stream, "PNG")
    return stream.getvalue()


def check_chosen(chosen: Sequence[int], count: int, *, node: str) -> None:
    """See to it that there are channels to draw.

    Raises:
        InvalidRequestError: none is asked for.
        NotFoundError: there is no such channel.
    """
    if not chosen:
        raise InvalidRequestError(f"no channel of node {node!r} is asked for")
    for channel in chosen:
        if not 0 <= channel < count:
            raise NotFoundError(f"channel {channel} is not in node {node!r} (0 to {count - 1})")


def percentile_end(values: NDArray[np.generic], percentile: float) -> float:
    """Return a percentile of the finite magnitudes, 0 where there are none."""
    magnitudes = np.abs(values.astype(np.float32, copy=False))
    known = magnitudes[np.isfinite(magnitudes)]
    return float(np.percentile(known, percentile)) if known.size else 0.0


def _picture(
    pictures: Pictures, channel: int, ends: NDArray[np.float32] | float, table: str
) -> Picture:
    if pictures.is_image:
        planes = pictures.values.numpy()[3 * channel : 3 * channel + 3]
        colours: Picture = np.rint(planes.transpose(1, 2, 0) * 255).astype(np.uint8)
        return colours
    end = float(ends if isinstance(ends, float | int) else ends[channel])
    return paint(pictures.values.numpy()[channel] / (end or 1.0), table)


def _write_legend(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    left_top: tuple[int, int],
    looks: Looks,
    ends: NDArray[np.float32] | float,
) -> None:
    """Draw the colour table with the numbers of its ends, and whose range it is."""
    left, top = left_top
    wide, high = _BAR_WH
    is_diverging = TABLES[looks.table].is_diverging
    ramp = np.linspace(-1.0 if is_diverging else 0.0, 1.0, wide, dtype=np.float32)
    bar = paint(np.repeat(ramp[None], high, axis=0), looks.table)
    sheet.paste(Image.fromarray(bar), (left, top))
    end = f"{float(ends):.4g}" if isinstance(ends, float | int) else "largest"
    texts = [(f"-{end}", 0.0), ("0", 0.5), (end, 1.0)] if is_diverging else [("0", 0.0), (end, 1.0)]
    for text, share in texts:
        room = draw.textlength(text, font_of(12))
        draw.text((left + share * (wide - room), top + high + 4), text, SOFT, font_of(12))
    said = {
        "channel": "each channel to its largest magnitude",
        "node": "to the largest magnitude of the node",
        "shared": "to the largest magnitude of all nodes",
        "percentile": f"to the {looks.percentile:g}th percentile of the node's magnitudes",
        "manual": "by hand",
    }[looks.mode]
    draw.text((left + wide + 24, top - 2), f"{looks.table}, {said}", SOFT, font_of(14))

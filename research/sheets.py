"""Sheets of small pictures in rows and columns, each with numbers under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from research.plotting import FINE, INK, PAPER, Colour, font

GAP = 10
LINE = 15
"""Height of a line of numbers, in pixels."""
EDGE: Colour = (170, 170, 176)


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One picture of a sheet.

    Attributes:
        picture: `[H, W]` or `[H, W, 3]`, 0 to 1; clipped.
        notes: lines under it, each with its colour.
    """

    picture: NDArray[np.floating]
    notes: tuple[tuple[str, Colour], ...] = ()


def draw_sheet(
    rows: Sequence[Sequence[Cell | None]],
    *,
    row_names: Sequence[str],
    column_names: Sequence[str],
    side: int = 84,
    names_px: int = 90,
) -> Image.Image:
    """Draw rows of pictures; every pixel of a picture stays a sharp square.

    Args:
        rows: of equal length; None leaves a place empty.
        row_names: left of the rows; `\\n` begins a line.
        column_names: above the columns; likewise.
        side: of a picture, in pixels; best a multiple of its own.
        names_px: width of the row names.

    Returns:
        An RGB picture.
    """
    lines = max(len(cell.notes) for row in rows for cell in row if cell is not None)
    top = GAP + LINE * max((name.count("\n") + 1 for name in column_names), default=0)
    height = side + LINE * lines + GAP
    size = (names_px + len(column_names) * (side + GAP) + GAP, top + len(rows) * height + GAP)
    sheet = Image.new("RGB", (size[0] * FINE, size[1] * FINE), PAPER)
    draw = ImageDraw.Draw(sheet)

    def write(x: float, y: float, text: str, colour: Colour, anchor: str) -> None:
        letters = font(12 * FINE)
        for index, line in enumerate(text.split("\n")):
            place = (x * FINE, (y + index * LINE) * FINE)
            draw.text(place, line, fill=colour, font=letters, anchor=anchor)

    for column, name in enumerate(column_names):
        write(names_px + GAP + column * (side + GAP) + side / 2, GAP - 4, name, INK, "ma")
    for number, (row, name) in enumerate(zip(rows, row_names, strict=True)):
        y = top + number * height + GAP / 2
        write(names_px - 2, y + side / 2 - LINE * name.count("\n") / 2, name, INK, "rm")
        for column, cell in enumerate(row):
            if cell is None:
                continue
            x = names_px + GAP + column * (side + GAP)
            outer = (x * FINE, y * FINE, (x + side) * FINE - 1, (y + side) * FINE - 1)
            shown = Image.fromarray(np.uint8(np.clip(cell.picture, 0, 1) * 255 + 0.5))
            shown = shown.convert("RGB").resize(
                (side * FINE, side * FINE), Image.Resampling.NEAREST
            )
            sheet.paste(shown, (round(x * FINE), round(y * FINE)))
            draw.rectangle(outer, outline=EDGE, width=FINE)
            for index, (text, colour) in enumerate(cell.notes):
                write(x + side / 2, y + side + 3 + index * LINE, text, colour, "ma")
    return sheet.resize(size, Image.Resampling.BOX)

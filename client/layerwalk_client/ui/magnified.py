"""What is seen through the magnifier: the picture with its pixel grid, and a number in each cell."""

from __future__ import annotations

from dataclasses import dataclass

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.sheet import Sheet
from layerwalk_client.ui.style import packed
from layerwalk_client.world.magnification import Enlarged, Room, seen_cells
from layerwalk_client.world.scene import Colour

GRID_FROM_PX, GRID_TO_PX = 6.0, 14.0
"""The grid begins to be seen at pixels of the first size, and is clear at the second."""
MINUS = "\N{MINUS SIGN}"
TEXT_SHARE = 0.25
"""Height of a number over the side of its cell."""
TEXT_LIMITS = 10.0, 26.0
"""Pixels."""
NARROWER = 0.88
"""Share of a cell that a number may take."""
NEGATIVE = {False: (0.77, 0.89, 1.0, 1.0), True: (0.03, 0.11, 0.42, 1.0)}
POSITIVE = {False: (0.96, 0.97, 0.99, 1.0), True: (0.05, 0.06, 0.08, 1.0)}
ZERO = {False: (0.44, 0.49, 0.56, 1.0), True: (0.3, 0.33, 0.37, 1.0)}
"""Of numbers by sign, on dark and on bright cells."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One pixel of the picture: its numbers, and whether it is bright."""

    row: int
    column: int
    texts: tuple[str, ...]
    is_bright: bool


@dataclass(frozen=True, slots=True)
class Magnified:
    """A picture under the glass.

    Attributes:
        room: for it.
        where: it is.
        focus: (row, column) of the pixel that is looked at.
        cells: those whose numbers are written.
        alpha: of the numbers.
        value: of the focus, "" where it is not known.
    """

    room: Room
    where: Enlarged
    focus: tuple[int, int]
    cells: tuple[Cell, ...] = ()
    alpha: float = 1.0
    value: str = ""


def room_for(size_wh: tuple[int, int]) -> Room:
    """Return where a magnified picture may be in a view of so many pixels."""
    width, height = size_wh
    edge, below = round(0.035 * height), round(0.105 * height)
    return Room(edge, edge, max(1, width - 2 * edge), max(1, height - edge - below))


def draw_magnified(
    sheet: Sheet, picture: Picture, seen: Magnified, *, title: str, note: str
) -> None:
    """Draw over the whole view.

    Args:
        sheet: drawn on.
        picture: that is magnified.
        seen: where it is, and what stands in its cells.
        title, note: for the line below.
    """
    wide, high = picture.size_wh
    room, where = seen.room, seen.where
    ink = sheet.ink
    left, top = where.left, where.top
    box = ((left, top), (left + wide * where.cell, top + high * where.cell))
    ink.push_clip_rect(
        (room.left, room.top), (room.left + room.width, room.top + room.height), True
    )
    ink.add_image(
        imgui.ImTextureRef(picture.texture), *box, picture.uv0, picture.uv1,
        packed((1.0, 1.0, 1.0, 1.0)),
    )  # fmt: skip
    _grid(sheet, seen, (wide, high))
    _numbers(sheet, seen)
    _focus(sheet, seen)
    ink.pop_clip_rect()
    _caption(sheet, picture, seen, title=title, note=note)


def _grid(sheet: Sheet, seen: Magnified, picture_wh: tuple[int, int]) -> None:
    where = seen.where
    alpha = min(max((where.cell - GRID_FROM_PX) / (GRID_TO_PX - GRID_FROM_PX), 0.0), 1.0)
    if alpha <= 0:
        return
    rows, columns = seen_cells(where, picture_wh, seen.room)
    line = packed((0.5, 0.55, 0.62, 0.3 * alpha))
    top, bottom = where.top + rows.start * where.cell, where.top + rows.stop * where.cell
    left, right = where.left + columns.start * where.cell, where.left + columns.stop * where.cell
    for column in range(columns.start, columns.stop + 1):
        x = where.left + column * where.cell
        sheet.ink.add_line((x, top), (x, bottom), line, 1.0)
    for row in range(rows.start, rows.stop + 1):
        y = where.top + row * where.cell
        sheet.ink.add_line((left, y), (right, y), line, 1.0)


def _numbers(sheet: Sheet, seen: Magnified) -> None:
    if not seen.cells:
        return
    cell, lines = seen.where.cell, max(len(one.texts) for one in seen.cells)
    size = round(min(max(TEXT_SHARE * cell, TEXT_LIMITS[0]), TEXT_LIMITS[1]))
    if lines:
        size = min(size, int(0.29 * cell)) if lines > 1 else size
    font = sheet.style.regular
    widest = max((len(text) for one in seen.cells for text in one.texts), default=1)
    imgui.push_font(font, size)
    longest = imgui.calc_text_size("0" * widest).x
    if longest > NARROWER * cell:
        imgui.pop_font()
        size = max(int(size * NARROWER * cell / longest), 8)
        imgui.push_font(font, size)
    high = 1.08 * size
    for one in seen.cells:
        middle = seen.where.left + (one.column + 0.5) * cell
        y = seen.where.top + (one.row + 0.5) * cell - high * len(one.texts) / 2
        for text in one.texts:
            half = imgui.calc_text_size(text).x / 2
            at = (round(middle - half), round(y))
            sheet.ink.add_text(font, size, at, packed(_colour(one, text), seen.alpha), text)
            y += high
    imgui.pop_font()


def _colour(cell: Cell, text: str) -> Colour:
    if len(cell.texts) > 1:
        return POSITIVE[cell.is_bright]
    if text == "0":
        return ZERO[cell.is_bright]
    return (NEGATIVE if text.startswith(MINUS) else POSITIVE)[cell.is_bright]


def _focus(sheet: Sheet, seen: Magnified) -> None:
    """Frame the pixel that is looked at."""
    row, column = seen.focus
    cell = seen.where.cell
    if cell < GRID_FROM_PX:
        return
    left, top = seen.where.left + column * cell, seen.where.top + row * cell
    sheet.ink.add_rect(
        (left - 1, top - 1), (left + cell + 2, top + cell + 2), packed(look.MARK), 0.0, 2.0
    )


def _caption(sheet: Sheet, picture: Picture, seen: Magnified, *, title: str, note: str) -> None:
    """Write what it is, and the place and value that are looked at, below the picture."""
    px = sheet.style.px
    wide, high = picture.size_wh
    row, column = seen.focus
    first = f"{title}   {wide} \N{MULTIPLICATION SIGN} {high}"
    if note:
        first += f"   {note.replace('-', MINUS)}"
    second = f"row {row}, column {column}"
    parts = [(first, look.TEXT), (second, look.QUIET), (seen.value, look.MARK)]
    shown = [(text, colour) for text, colour in parts if text]
    gap = px(24)
    total = sum(sheet.measure(text, 16) for text, _ in shown) + gap * (len(shown) - 1)
    left = (sheet.width - total) / 2
    bottom = min(seen.where.top + high * seen.where.cell, seen.room.top + seen.room.height)
    for text, colour in shown:
        sheet.write(text, (left, bottom + px(16)), pixels=16, colour=colour)
        left += sheet.measure(text, 16) + gap

"""Two answers on one board: what each says, and how sure both are of the classes that changed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from layerwalk_client.world.answer import BOARD_WH, LINES, Frame, percent
from layerwalk_client.world.compared import ComparedView
from layerwalk_client.world.comparison import titles_of
from layerwalk_client.world.palette import Palette
from layerwalk_client.world.scene import Board, Colour, Label, Wall
from layerwalk_shared.messages import ClassChange, SnapshotManifest

MINUS = "\N{MINUS SIGN}"
NAME_ROOM = 1.26
BARS_FROM = 1.58
BARS_TO = 2.86
THIN = 0.062
"""Metres of one of the two bars of a class."""
SMALLEST_BAR = 0.004


def compared_board(
    view: ComparedView, place: Wall, *, palette: Palette, scale: float = 1.0
) -> tuple[list[Board], list[Label]]:
    """Return board, bars and texts of two answers.

    Each class has two bars on one scale from 0 to 1, the first one's above the second one's, and
    its change in points of a hundred.

    Args:
        view: the comparison.
        place: where the board stands: its centre, size and yaw are used.
    """
    frame = Frame(place, scale)
    width, height = BOARD_WH
    boards = [
        Board(
            frame.point(width / 2, height / 2, before=0.0),
            (width * scale, height * scale),
            palette.panel,
            border_colour=palette.panel_border,
            border=0.012 * scale,
            yaw=place.yaw,
        )
    ]
    labels: list[Label] = []
    titles = titles_of(view.compared)
    sides = (("A", view.first, palette.accent), ("B", view.second, palette.mark))
    for line, ((letter, manifest, colour), title) in enumerate(zip(sides, titles, strict=True)):
        side = _Side(letter, title, colour, manifest)
        labels += _heading(frame, 0.27 + 0.31 * line, side, palette)
    note = frame.text("the largest changes, in points of 100", 0.22, 0.86, 0.07, palette.detail)
    labels.append(note)
    for line, change in enumerate(view.compared.changes[:LINES]):
        y = 1.08 + 0.225 * line
        name = frame.text(change.name, 0.22, y, 0.085, palette.panel_text)
        labels.append(replace(name, max_width=NAME_ROOM * scale))
        amount = frame.text(points(change), width - 0.22, y, 0.085, _change_colour(change, palette))
        labels.append(replace(amount, anchor="right-centre"))
        for row, (sure, colour) in enumerate(
            ((change.first, palette.accent), (change.second, palette.mark))
        ):
            at_y = y + (row - 0.5) * (THIN + 0.012)
            room = BARS_TO - BARS_FROM
            boards.append(frame.bar(BARS_FROM, at_y, (room, THIN), palette.track))
            share = min(1.0, max(0.0, sure or 0.0)) * room
            if share >= SMALLEST_BAR:
                boards.append(frame.bar(BARS_FROM, at_y, (share, THIN), colour))
    return boards, labels


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two as the board tells of it."""

    letter: str
    title: str
    colour: Colour
    manifest: SnapshotManifest


def _heading(frame: Frame, y: float, told: _Side, palette: Palette) -> list[Label]:
    width = BOARD_WH[0]
    side = replace(frame.text(told.letter, 0.22, y, 0.15, told.colour), is_bold=True)
    called = frame.text(told.title, 0.5, y, 0.085, palette.detail)
    found = [side, replace(called, max_width=0.95 * frame.scale)]
    if told.manifest.top:
        best = told.manifest.top[0]
        text = frame.text(best.name, 1.5, y, 0.13, palette.panel_text)
        sure = frame.text(percent(best.probability), width - 0.22, y, 0.13, told.colour)
        found += [
            replace(text, is_bold=True, max_width=(width - 1.5 - 0.82) * frame.scale),
            replace(sure, is_bold=True, anchor="right-centre"),
        ]
    return found


def points(change: ClassChange) -> str:
    """Return how a class changed, in points of a hundred: `+31`, `−0.4`, `0`; `?` where one of the
    two is not known."""
    if change.first is None or change.second is None:
        return "?"
    value = 100 * (change.second - change.first)
    text = f"{abs(value):.0f}" if abs(value) >= 9.95 else f"{abs(value):.1f}"
    if float(text) == 0:
        return "0"
    return f"+{text}" if value > 0 else f"{MINUS}{text}"


def _change_colour(change: ClassChange, palette: Palette) -> Colour:
    if change.first is None or change.second is None or points(change) == "0":
        return palette.detail
    return palette.mark if change.second > change.first else palette.accent

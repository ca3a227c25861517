"""Colour tables: how a value becomes a colour, on screens and in PNG files alike.

A table has 256 entries. Entries of a diverging table stand for -1..1 as an int8 value does: entry
`i` for `(i - 128) / 127`, so that zero is exactly entry 128 (entry 0 repeats entry 1). Entries of a
sequential table stand for 0..1: entry `i` for `i / 255`; values below zero take entry 0. A value is
first divided by its range, so 1 is the end of the table. Anchors are joined by straight lines in
sRGB.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from layerwalk_shared.errors import InvalidRequestError, nearest_hint

ENTRIES = 256
ZERO_ENTRY = 128
"""Entry of a diverging table that stands for zero."""
ABOVE = "#FF2E88"
"""Marks values above the range, where marking is asked for."""
BELOW = "#00FFD0"
"""Marks values below the range, where marking is asked for."""


@dataclass(frozen=True, slots=True)
class ColourTable:
    """A colour table as data.

    Attributes:
        name: by which it is asked for.
        title: what a person reads.
        is_diverging: it spans -1..1 with zero in the middle, else 0..1.
        anchors: `(position, "#RRGGBB")`, positions ascending over the whole span.
    """

    name: str
    title: str
    is_diverging: bool
    anchors: tuple[tuple[float, str], ...]


def _even(*colours: str) -> tuple[tuple[float, str], ...]:
    last = len(colours) - 1
    return tuple((index / last, colour) for index, colour in enumerate(colours))


TABLES: dict[str, ColourTable] = {
    table.name: table
    for table in (
        ColourTable(
            "coolblack",
            "blue, black, white",
            is_diverging=True,
            anchors=((-1.0, "#5AA9FF"), (-0.5, "#0B3BFF"), (0.0, "#000000"), (1.0, "#FFFFFF")),
        ),
        ColourTable(
            "blue-orange",
            "blue, black, orange (colour-blind safe)",
            is_diverging=True,
            anchors=(
                (-1.0, "#B8E1FF"),
                (-0.5, "#2B83D1"),
                (0.0, "#000000"),
                (0.5, "#D9730D"),
                (1.0, "#FFE3B3"),
            ),
        ),
        # Nine and ten equally spaced colours of the published tables: magma by van der Walt and
        # Smith (2015), cividis by Nunez, Anderton and Renslow (2018).
        ColourTable(
            "magma",
            "black, purple, cream",
            is_diverging=False,
            anchors=_even(
                "#000004", "#1D1147", "#51127C", "#822681", "#B63679",
                "#E65164", "#FB8861", "#FEC287", "#FCFDBF",
            ),
        ),
        ColourTable(
            "cividis",
            "blue, grey, yellow (colour-blind safe)",
            is_diverging=False,
            anchors=_even(
                "#00204D", "#00336F", "#39486B", "#575C6D", "#707173",
                "#8A8779", "#A69D75", "#C4B56C", "#E4CF5B", "#FFEA46",
            ),
        ),
        ColourTable("grey", "black, white", is_diverging=False, anchors=_even("#000000", "#FFFFFF")),
    )
}  # fmt: skip
"""Every table by its name; the first is the default."""
DEFAULT_TABLE = next(iter(TABLES))


def rgb(colour: str) -> tuple[int, int, int]:
    """Return the (red, green, blue) of `"#RRGGBB"`, 0..255 each."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def describe_table(name: str) -> ColourTable:
    """Return the table of that name.

    Raises:
        InvalidRequestError: there is none; the message names all.
    """
    found = TABLES.get(name)
    if found is None:
        raise InvalidRequestError(
            f"colour table {name!r} is not one of {', '.join(TABLES)}{nearest_hint(name, TABLES)}"
        )
    return found


@cache
def table(name: str) -> NDArray[np.uint8]:
    """Return the entries of a table, uint8 sRGB `[256, 3]`, read-only.

    Raises:
        InvalidRequestError: there is no such table.
    """
    described = describe_table(name)
    entries = np.arange(ENTRIES, dtype=np.float64)
    positions = (
        np.maximum(entries - ZERO_ENTRY, -127) / 127 if described.is_diverging else entries / 255
    )
    at = [position for position, _ in described.anchors]
    colours = np.array([rgb(colour) for _, colour in described.anchors], dtype=np.float64)
    made = np.stack([np.interp(positions, at, colours[:, axis]) for axis in range(3)], axis=1)
    result = np.rint(made).astype(np.uint8)
    result.flags.writeable = False
    return result


def entry_of(values: NDArray[np.floating], name: str) -> NDArray[np.uint8]:
    """Return the table entry of each value.

    Args:
        values: any shape, in units of the range: 1 is the end of the table. NaN counts as 0.
        name: of the table.

    Returns:
        uint8 of the same shape.
    """
    known: NDArray[np.floating] = np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=-1.0)
    if describe_table(name).is_diverging:
        entries = ZERO_ENTRY + np.rint(np.clip(known, -1, 1) * 127)
    else:
        entries = np.rint(np.clip(known, 0, 1) * 255)
    found: NDArray[np.uint8] = entries.astype(np.uint8)
    return found


def paint(values: NDArray[np.floating], name: str) -> NDArray[np.uint8]:
    """Return the colours of values, uint8 sRGB `[..., 3]`; see `entry_of`."""
    colours: NDArray[np.uint8] = table(name)[entry_of(values, name)]
    return colours

"""How much room text takes, without a font at hand.

Figures of Roboto, in units of its cap height (0.711 em): the mean advance of mixed identifiers
and numbers is 0.80 regular and 0.84 bold. Layout needs no more; exact widths are the renderer's.
"""

from __future__ import annotations

REGULAR_ADVANCE = 0.80
BOLD_ADVANCE = 0.84


def text_width(text: str, height: float, *, is_bold: bool = False) -> float:
    """Return the width of a line whose capitals are `height` metres high, metres."""
    return len(text) * height * (BOLD_ADVANCE if is_bold else REGULAR_ADVANCE)


def fitting_height(text: str, width: float, *, largest: float, is_bold: bool = False) -> float:
    """Return the cap height, at most `largest`, at which the line is no wider than `width`."""
    return min(largest, width / max(1e-9, text_width(text, 1.0, is_bold=is_bold)))

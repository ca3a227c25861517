"""Sets lines of text: which glyph stands where, how wide a line is, where it is cut short."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.gl.glyphs import CAP_HEIGHT, GlyphAtlas, Typeface

KEPT_LINES = 20_000
"""Set lines that are remembered: most stay when the rest of a world changes."""
_FALLBACK = "\N{REPLACEMENT CHARACTER}"
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One set line.

    Attributes:
        boxes: `[N, 4]` float32: left, bottom, right, top of each visible glyph, em, from the pen's
            start on the baseline.
        uvs: `[N, 4]` float32: the same edges in the atlas, pixels.
        width: em, from the first pen position to the last.
        text: what is shown, shortened or not.
    """

    boxes: NDArray[np.float32]
    uvs: NDArray[np.float32]
    width: float
    text: str


class Typesetter:
    """Sets lines in two weights. Mutable (caches), owned by the main thread."""

    def __init__(self, atlas: GlyphAtlas) -> None:
        """Set with the glyphs of `atlas`."""
        self._atlas = atlas
        self._faces = {is_bold: Typeface(is_bold=is_bold) for is_bold in (False, True)}
        self._lines: dict[tuple[str, bool, float], Line] = {}

    def set_line(self, text: str, *, is_bold: bool = False, max_em: float = 0.0) -> Line:
        """Return a line; longer than `max_em` (0 = no limit), it ends in an ellipsis.

        Control characters and line ends become spaces; characters that the typeface lacks become
        a box.
        """
        place = (text, is_bold, max_em)
        line = self._lines.get(place)
        if line is None:
            if len(self._lines) >= KEPT_LINES:
                self._lines.clear()
            line = self._lines[place] = self._set(text, is_bold=is_bold, max_em=max_em)
        return line

    def _set(self, text: str, *, is_bold: bool, max_em: float) -> Line:
        shown = "".join(self._known(character, is_bold=is_bold) for character in text)
        pens, width = self._pens(shown, is_bold=is_bold)
        if 0 < max_em < width:
            kept = len(shown)
            room = max_em - self._faces[is_bold].advance(_ELLIPSIS)
            while (
                kept > 0 and pens[kept - 1] + self._faces[is_bold].advance(shown[kept - 1]) > room
            ):
                kept -= 1
            shown = shown[:kept].rstrip() + _ELLIPSIS
            pens, width = self._pens(shown, is_bold=is_bold)
        glyphs = [
            (pen, self._atlas.glyphs[character, is_bold])
            for pen, character in zip(pens, shown, strict=True)
            if character != " "
        ]
        boxes = np.array(
            [(pen + g.box[0], g.box[1], pen + g.box[2], g.box[3]) for pen, g in glyphs], np.float32
        ).reshape(-1, 4)
        uvs = np.array([g.uv for _, g in glyphs], np.float32).reshape(-1, 4)
        return Line(boxes, uvs, width, shown)

    def _known(self, character: str, *, is_bold: bool) -> str:
        if character.isspace() or ord(character) < 32 or character == "\xad":
            return " "
        return character if (character, is_bold) in self._atlas.glyphs else _FALLBACK

    def _pens(self, text: str, *, is_bold: bool) -> tuple[list[float], float]:
        face, pens, at, last = self._faces[is_bold], [], 0.0, ""
        for character in text:
            if last:
                at += face.kerning(last, character)
            pens.append(at)
            at += face.advance(character)
            last = character
        return pens, at


def anchor_shift(anchor: str, width: float) -> tuple[float, float]:
    """Return what to add to em coordinates so that `anchor` of the text's box lies at (0, 0).

    The box reaches from the baseline to the height of a capital letter; descenders hang below it.
    """
    horizontal, vertical = anchor.split("-")
    x = {"left": 0.0, "centre": -width / 2, "right": -width}[horizontal]
    y = {"bottom": 0.0, "centre": -CAP_HEIGHT / 2, "top": -CAP_HEIGHT}[vertical]
    return x, y

"""Glyphs as signed distances: rasterised once by Pillow, turned into distances by NumPy.

A distance field is sharp at every size and slant from one small texture. Typeface: Roboto, regular
and bold, which come with imgui-bundle, so that pictures do not depend on the host's fonts. Arrows
and marks that Roboto lacks are drawn here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, features

from layerwalk_client.gl.packing import pack
from layerwalk_shared.errors import GraphicsError

EM_PX = 56
"""Pixels of the em square in the atlas."""
SPREAD_PX = 8
"""Distances are kept up to so many atlas pixels; so text is smooth down to 7 pixels an em."""
CAP_HEIGHT = 1456 / 2048
"""Height of a capital letter, em (Roboto)."""
_MEASURED_PX = 512
_ATLAS_SIDE = 2048
_FALLBACK = "\N{REPLACEMENT CHARACTER}"

Characters = str
CHARACTERS: Characters = (
    "".join(chr(code) for code in (*range(33, 127), *range(161, 256)) if code != 173)
    + "–—‘’“”•…−∞≈≠≤≥√∂∑∏∆αβγδεθλµπσφω€"
)


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character's picture in the atlas.

    Attributes:
        box: left, bottom, right, top; em, from the pen on the baseline, spread included.
        uv: the same edges in the atlas, pixels: left, bottom, right, top (y down: bottom > top).
    """

    box: tuple[float, float, float, float]
    uv: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class GlyphAtlas:
    """Distances of all glyphs of both weights.

    Attributes:
        distances: `[H, W]` uint8; 128 lies on the outline, above it inside, 127 steps = SPREAD_PX.
        glyphs: (character, is bold) -> glyph.
    """

    distances: NDArray[np.uint8]
    glyphs: dict[tuple[str, bool], Glyph]


def font_path(*, is_bold: bool) -> Path:
    """Return the file of a weight.

    Raises:
        GraphicsError: imgui-bundle, which carries it, is not installed.
    """
    spec = find_spec("imgui_bundle")
    if spec is None or spec.origin is None:
        raise GraphicsError("imgui-bundle is not installed: pip install 'layerwalk[client]'")
    name = "Roboto-Bold.ttf" if is_bold else "Roboto-Regular.ttf"
    path = Path(spec.origin).parent / "assets" / "fonts" / "Roboto" / name
    if not path.exists():
        raise GraphicsError(f"imgui-bundle carries no {name} (looked in {path.parent})")
    return path


class Typeface:
    """One weight: widths and kerning, em. Mutable (a cache of pairs), owned by the main thread."""

    def __init__(self, *, is_bold: bool) -> None:
        """Open the font.

        Raises:
            GraphicsError: it is not there.
        """
        layout = ImageFont.Layout.RAQM if features.check("raqm") else ImageFont.Layout.BASIC
        self._font = ImageFont.truetype(
            str(font_path(is_bold=is_bold)), _MEASURED_PX, layout_engine=layout
        )
        self._advances: dict[str, float] = {}
        self._kerning: dict[str, float] = {}

    def advance(self, character: str) -> float:
        """Return how far the pen moves."""
        found = self._advances.get(character)
        if found is None:
            drawn = _DRAWN.get(character)
            found = drawn[0] if drawn else self._font.getlength(character) / _MEASURED_PX
            self._advances[character] = found
        return found

    def kerning(self, first: str, second: str) -> float:
        """Return how much closer (negative) the pair stands."""
        pair = first + second
        found = self._kerning.get(pair)
        if found is None:
            if first in _DRAWN or second in _DRAWN:
                found = 0.0
            else:
                together = self._font.getlength(pair) / _MEASURED_PX
                found = together - self.advance(first) - self.advance(second)
            self._kerning[pair] = found
        return found


def _arrow(turns: int) -> Image.Image:
    """Return an arrow to the right, turned left by quarter turns; drawn four times too large."""
    side = EM_PX * 4
    image = Image.new("L", (side, side))
    draw = ImageDraw.Draw(image)
    middle, thick, left, right = side * 0.5, side * 0.036, side * 0.12, side * 0.88
    head = side * 0.2
    draw.rectangle((left, middle - thick, right - thick, middle + thick), fill=255)
    draw.line(
        [(right - head, middle - head), (right - thick, middle), (right - head, middle + head)],
        fill=255, width=round(2 * thick), joint="curve",
    )  # fmt: skip
    return image.rotate(90 * turns).reduce(4)


def _mark(kind: str) -> Image.Image:
    side = EM_PX * 4
    image = Image.new("L", (side, side))
    draw = ImageDraw.Draw(image)
    low, high, thick = side * 0.22, side * 0.78, round(side * 0.08)
    if kind == "disc":
        draw.ellipse((low, low, high, high), fill=255)
    elif kind == "check":
        draw.line([(low, side * 0.55), (side * 0.42, high - thick / 2), (high, low + thick)],
                  fill=255, width=thick, joint="curve")  # fmt: skip
    elif kind == "cross":
        draw.line([(low, low), (high, high)], fill=255, width=thick)
        draw.line([(low, high), (high, low)], fill=255, width=thick)
    elif kind == "box":
        draw.rectangle((low, side * 0.1, high, side * 0.9), outline=255, width=thick // 2)
    else:
        middle = side / 2
        draw.polygon([(low, high), (middle, low), (high, high)], fill=255)
        if kind == "down":
            image = image.rotate(180)
    return image.reduce(4)


_DRAWN: dict[str, tuple[float, str, int]] = {
    "→": (1.0, "arrow", 0), "↑": (1.0, "arrow", 1), "←": (1.0, "arrow", 2), "↓": (1.0, "arrow", 3),
    "●": (0.9, "disc", 0), "✓": (0.9, "check", 0), "✕": (0.9, "cross", 0),
    "▲": (0.9, "up", 0), "▼": (0.9, "down", 0), _FALLBACK: (0.8, "box", 0),
}  # fmt: skip
"""Characters that Roboto lacks: (advance in em, kind, quarter turns)."""


def _bitmaps(*, is_bold: bool) -> dict[str, tuple[NDArray[np.uint8], int, int]]:
    """Return coverage `[h, w]` of each character, and its left and upper edge from the pen."""
    font = ImageFont.truetype(
        str(font_path(is_bold=is_bold)), EM_PX, layout_engine=ImageFont.Layout.BASIC
    )
    found: dict[str, tuple[NDArray[np.uint8], int, int]] = {}
    for character in CHARACTERS:
        mask, (left, top) = font.getmask2(character, mode="L", anchor="ls")
        width, height = mask.size
        pixels = np.frombuffer(bytes(mask), np.uint8).reshape(height, width)
        found[character] = (pixels, left, top)
    raise_by = round(EM_PX * (CAP_HEIGHT / 2 + 0.5))
    for character, (_, kind, turns) in _DRAWN.items():
        image = _arrow(turns) if kind == "arrow" else _mark(kind)
        found[character] = (np.asarray(image), 0, -raise_by)
    return found


def signed_distances(coverage: NDArray[np.uint8], spread: int) -> NDArray[np.float32]:
    """Return the distance to the outline, pixels, positive inside, cut off at `spread`.

    Euclidean distances between pixels, by two passes of minima over the window (the separable form
    of Felzenszwalb and Huttenlocher, 2012, here by brute force); pixels that the outline crosses
    start at their distance to it, taken from their coverage. Squares are kept in 1/64 as int16,
    which is exact to 1/16 pixel next to the outline and finer away from it.

    Args:
        coverage: `[H, W]`, 0 outside, 255 inside.
        spread: pixels, at most 10.
    """
    if not 1 <= spread <= 10:
        raise ValueError(f"a spread of {spread} pixels, expected 1 to 10")
    edge = np.maximum(0, 0.5 - np.arange(256) / 255) ** 2 * _FINE
    starts = np.rint(edge).astype(np.int16)
    starts[0] = _FINE * 2 * (spread + 1) ** 2  # far: nothing of the shape is in this pixel
    outside = _nearest_squares(starts[coverage], spread)
    inside = _nearest_squares(starts[255 - coverage], spread)
    roots = np.sqrt(np.arange(int(starts[0]) + 1, dtype=np.float32) / _FINE)
    distances: NDArray[np.float32] = np.clip(roots[inside] - roots[outside], -spread, spread)
    return distances


_FINE = 64


def _nearest_squares(squares: NDArray[np.int16], spread: int) -> NDArray[np.int16]:
    """Return the least `squares[y + b, x + a] + a * a + b * b` over the window, in 1 / 64."""
    for _ in range(2):
        found = squares.copy()
        shifted = np.empty_like(squares)
        for step in range(1, min(spread, len(squares) - 1) + 1):
            np.add(squares, np.int16(step * step * _FINE), out=shifted)
            np.minimum(found[step:], shifted[:-step], out=found[step:])
            np.minimum(found[:-step], shifted[step:], out=found[:-step])
        squares = np.ascontiguousarray(found.T)
    return squares


@cache
def make_glyph_atlas() -> GlyphAtlas:
    """Return the distance fields of all characters in both weights; made once a process.

    Raises:
        GraphicsError: the font is not there.
    """
    drawn = {
        (character, is_bold): bitmap
        for is_bold in (False, True)
        for character, bitmap in _bitmaps(is_bold=is_bold).items()
    }
    sizes = [
        (bitmap.shape[1] + 2 * SPREAD_PX, bitmap.shape[0] + 2 * SPREAD_PX)
        for bitmap, _, _ in drawn.values()
    ]
    places, pages = pack(sizes, _ATLAS_SIDE)
    width, height = pages[0]
    coverage = np.zeros((height, width), np.uint8)
    glyphs: dict[tuple[str, bool], Glyph] = {}
    for (key, (bitmap, left, top)), place, size in zip(drawn.items(), places, sizes, strict=True):
        x, y = place.x + SPREAD_PX, place.y + SPREAD_PX
        coverage[y : y + bitmap.shape[0], x : x + bitmap.shape[1]] = bitmap
        box_left, box_top = left - SPREAD_PX, -(top - SPREAD_PX)
        glyphs[key] = Glyph(
            (
                box_left / EM_PX,
                (box_top - size[1]) / EM_PX,
                (box_left + size[0]) / EM_PX,
                box_top / EM_PX,
            ),
            (place.x, place.y + size[1], place.x + size[0], place.y),
        )
    distances = signed_distances(coverage, SPREAD_PX)
    stored = np.rint(128 + distances * (127 / SPREAD_PX)).astype(np.uint8)
    stored.flags.writeable = False
    return GlyphAtlas(stored, glyphs)

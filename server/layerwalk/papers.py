"""The paper of sheets: colours, margins, letters, and pictures in cells. Pure."""

from __future__ import annotations

import math
import unicodedata

from PIL import Image, ImageDraw, ImageFont

from layerwalk.inputs.pictures import Picture

FINE, COARSE = 140, 224
"""Pixels of a picture on a sheet: smaller ones are enlarged to the first, larger ones reduced to the
second."""
MARGIN, GAP, LINE = 36, 18, 17
PAPER, INK, SOFT, FAINT, ALARM = "#FBFAF7", "#1C1F24", "#5B626C", "#DAD8D1", "#B3261E"
NARROWEST = 760
"""Pixels of a sheet's width at least, for its legend."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def cell_size(picture: Picture, *, fine: int = FINE) -> tuple[int, int]:
    """Return (width, height) of a picture on the sheet: whole multiples where it is enlarged, to
    `fine` pixels at least."""
    height, width = picture.shape[:2]
    longest = max(height, width)
    if longest > COARSE:
        return max(1, width * COARSE // longest), max(1, height * COARSE // longest)
    factor = max(1, math.ceil(fine / longest))
    return width * factor, height * factor


def resized(picture: Picture, size_wh: tuple[int, int]) -> Image.Image:
    """Return a picture in a cell: enlarged in hard squares, reduced by area."""
    image = Image.fromarray(picture)
    if image.size == size_wh:
        return image
    is_larger = size_wh[0] > image.width
    return image.resize(size_wh, Image.Resampling.NEAREST if is_larger else Image.Resampling.BOX)


def font_of(size: int) -> Font:
    """Return the font that comes with Pillow, so that sheets look the same on every machine."""
    return ImageFont.load_default(size)


def plain(text: str) -> str:
    """Return text in the letters that the font has."""
    known = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    kept = "".join(one for one in known if not unicodedata.combining(one))
    return "".join(one if one.isascii() or one in "·…" else "?" for one in kept)


def shortened(draw: ImageDraw.ImageDraw, text: str, font: Font, width: float) -> str:
    """Return text that is no wider than that, its end left off where it is."""
    text = plain(" ".join(text.split(" ")))
    if draw.textlength(text, font) <= width:
        return text
    while text and draw.textlength(text + "…", font) > width:
        text = text[:-1]
    return text.rstrip() + "…"

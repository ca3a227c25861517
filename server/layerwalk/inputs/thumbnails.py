"""Small pictures of what is no picture: the words of a text, a waveform, the curves of a table."""

from __future__ import annotations

import textwrap
import unicodedata
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from layerwalk.inputs.pictures import Picture
from layerwalk.inputs.series import read_csv
from layerwalk.inputs.sounds import read_wav

SIDE = 128
MARGIN = 6
LETTER_SIZE = 13
LINES, LETTERS = 7, 17
MOST_ROWS = 4096
MOST_SAMPLES = 200_000
FINER = 3
"""Curves are drawn so many times larger and reduced, so that their lines are smooth."""
GROUND = (0x0B, 0x10, 0x18)
INK = (0xE6, 0xED, 0xF5)
CURVES = ((0x6F, 0xC3, 0xFF), (0xFF, 0xB4, 0x54), (0x9B, 0xE2, 0x8A), (0xE2, 0x8A, 0xC8))
"""Colours of the first curves; a table of more columns shows its first four."""


def draw_text(data: bytes) -> Picture:
    """Return the beginning of a text, wrapped; what Pillow's own font lacks is a box.

    That font knows ASCII, so letters lose their accents.
    """
    text = data[: 8 * LINES * LETTERS].decode("utf-8", errors="ignore").lstrip("\ufeff")
    text = "".join(
        one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one)
    )
    lines = [line for part in text.splitlines() for line in textwrap.wrap(part, LETTERS)]
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], lines[LINES - 1][: LETTERS - 1] + "…"]
    image, draw = _canvas()
    font = ImageFont.load_default(LETTER_SIZE)
    draw.multiline_text((MARGIN, MARGIN), "\n".join(lines), fill=INK, font=font, spacing=3)
    return np.asarray(image)


def draw_waveform(data: bytes) -> Picture:
    """Return the whole of a sound: from its lowest to its highest sample in every column.

    Of a long one only so many samples are looked at, evenly.

    Raises:
        InputError: it is no WAV file.
    """
    sound = read_wav(data)
    step = -(-sound.count // MOST_SAMPLES)
    samples = replace(sound, raw=sound.raw[::step]).samples().mean(0)
    samples = samples / max(float(np.abs(samples).max()), 1e-9)
    image, draw = _canvas()
    width = SIDE - 2 * MARGIN
    ends = np.linspace(0, len(samples), width + 1).astype(int)
    for column, (start, stop) in enumerate(pairwise(ends.tolist())):
        part = samples[start : max(stop, start + 1)]
        top, bottom = _height(float(part.max())), _height(float(part.min()))
        draw.line((MARGIN + column, top, MARGIN + column, bottom), fill=CURVES[0])
    return np.asarray(image)


def draw_curves(data: bytes) -> Picture:
    """Return the first columns of a table over its rows, each in its own range.

    Raises:
        InputError: it is no table of numbers.
    """
    values = read_csv(data, most_rows=MOST_ROWS).values[:, : len(CURVES)]
    image, draw = _canvas(FINER)
    places = np.linspace(MARGIN, SIDE - MARGIN, len(values)) * FINER
    for curve, colour in zip(values.T, CURVES, strict=False):
        heights = _in_range(curve)
        points = [
            (float(x), FINER * _height(float(y))) for x, y in zip(places, heights, strict=True)
        ]
        draw.line(points * 2 if len(points) == 1 else points, fill=colour, width=FINER + 1)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX))


def _in_range(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    half = float(curve.max() / 2 - curve.min() / 2)
    middle = float(curve.max() / 2 + curve.min() / 2)
    scaled: NDArray[np.float64] = (curve - middle) / (half or 1.0)
    return scaled


def _height(value: float) -> float:
    return SIDE / 2 - value * (SIDE / 2 - MARGIN)


def _canvas(finer: int = 1) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (SIDE * finer, SIDE * finer), GROUND)
    return image, ImageDraw.Draw(image)

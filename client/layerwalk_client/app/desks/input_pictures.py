"""Pictures of what lies on an input: spectrograms, images, slices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.spectrogram import FLOOR_DB, fitting_window, spectrogram
from layerwalk_shared.colours import paint
from layerwalk_shared.messages import InputSpec
from layerwalk_shared.views import grid_shape

MOST_COLUMNS = 2048
"""Columns of a spectrogram's picture at most."""
MOST_SLICES = 64
GROUND = (7, 10, 16)
"""Between slices."""
BOARD_PX = (1024, 168, 256)
"""Width of a sound's board, heights of its wave and of its spectrogram."""
BETWEEN_PX = 8
WAVE = (79, 182, 255)
SMOOTH_SIDE = 64
"""Smaller pictures show their pixels."""

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class InputPicture:
    """Attributes:
    pixels: uint8 `[H, W, 3]`.
    is_smooth: drawn larger it is smoothed.
    highest_hz: of a spectrogram the frequency at its upper edge.
    """

    pixels: Pixels
    is_smooth: bool
    highest_hz: float = 0.0


def picture_of(values: Floats, spec: InputSpec) -> InputPicture | None:
    """Return a picture of an input, None where it is not one to be looked at.

    Args:
        values: of the input's shape.
        spec: what the input takes.
    """
    if not values.size:
        return None
    if spec.kind == "sound":
        pixels, highest_hz = picture_of_sound(values, spec)
        return InputPicture(pixels, is_smooth=True, highest_hz=highest_hz)
    if spec.kind == "image" and values.ndim == 3:
        pixels = _in_colour(_unit(values, spec)[:, None])[0]
    elif values.ndim > 2 and spec.kind in ("volume", "tensor"):
        pixels = picture_of_slices(values, spec)
    else:
        return None
    return InputPicture(pixels, is_smooth=max(pixels.shape[:2]) > SMOOTH_SIDE)


def picture_of_slices(values: Floats, spec: InputSpec) -> Pixels:
    """Return the slices `[..., H, W]` of a volume in a grid, `[H', W', 3]`; of three channels in
    colour, of others the first."""
    unit = _unit(values, spec)
    if spec.kind == "volume" and unit.ndim == 4:
        slices = _in_colour(unit)
    else:
        slices = _in_colour(unit.reshape(1, -1, *unit.shape[-2:]))
    slices = slices[:MOST_SLICES]
    count, height, width = slices.shape[:3]
    rows, columns = grid_shape(count)
    gap = max(1, round(0.04 * max(height, width)))
    sheet = np.empty((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), np.uint8)
    sheet[:] = GROUND
    for number, one in enumerate(slices):
        row, column = divmod(number, columns)
        top, left = row * (height + gap), column * (width + gap)
        sheet[top : top + height, left : left + width] = one
    return sheet


def picture_of_sound(values: Floats, spec: InputSpec) -> tuple[Pixels, float]:
    """Return the spectrogram of a sound's first channel, and the frequency at its upper edge.

    Args:
        values: of the input's shape.
        spec: says which axis is time, and how fast it goes.

    Returns:
        uint8 `[F, T, 3]`, high frequencies above; hertz (cycles a sample where no rate is known).
    """
    moved = np.moveaxis(values, min(spec.time_axis, values.ndim - 1), -1) if values.ndim else values
    samples = moved.reshape(-1, moved.shape[-1])[0]
    window, hop = fitting_window(len(samples))
    rate = 1.0 if spec.sample_rate is None else spec.sample_rate
    found = spectrogram(samples, rate, window=window, hop=hop)
    shares = 1 - found.decibels[::-1, :MOST_COLUMNS] / FLOOR_DB
    return np.ascontiguousarray(paint(shares, "magma")), float(found.frequencies[-1])


def picture_of_wave(values: Floats, spec: InputSpec) -> Pixels:
    """Return a sound's wave above its spectrogram, to be read from afar, `[H, W, 3]`."""
    width, wave_high, ground_high = BOARD_PX
    moved = np.moveaxis(values, min(spec.time_axis, values.ndim - 1), -1)
    samples = np.nan_to_num(moved.reshape(-1, moved.shape[-1])[0])
    starts = np.linspace(0, len(samples), width, endpoint=False).astype(int)
    high = np.maximum.reduceat(samples, starts)
    low = np.minimum.reduceat(samples, starts)
    largest = max(float(np.abs(samples).max()), 1e-6)
    rows = np.linspace(1.08, -1.08, wave_high)[:, None]
    thin = 2.16 / wave_high  # silence is still a line
    is_wave = (rows <= high / largest + thin) & (rows >= low / largest - thin)
    wave = np.where(is_wave[..., None], WAVE, GROUND).astype(np.uint8)
    heard, _ = picture_of_sound(values, spec)
    down = (np.arange(ground_high) * heard.shape[0] / ground_high).astype(int)
    across = (np.arange(width) * heard.shape[1] / width).astype(int)
    between = np.full((BETWEEN_PX, width, 3), GROUND, np.uint8)
    return np.concatenate([wave, between, heard[down][:, across]])


def _unit(values: Floats, spec: InputSpec) -> Floats:
    """Return values as shares of 0..1: as before the normalisation, else by their own range."""
    values = np.nan_to_num(np.asarray(values, np.float32))
    axes = (-1, *[1] * (values.ndim - 1))
    if spec.std and len(spec.std) == len(spec.mean) == values.shape[0]:
        values = values * np.reshape(spec.std, axes) + np.reshape(spec.mean, axes)
    low, high = float(values.min()), float(values.max())
    if not spec.std and (low < 0 or high > 1) and high > low:
        values = (values - low) / (high - low)
    clipped: Floats = np.clip(values, 0, 1).astype(np.float32)
    return clipped


def _in_colour(unit: Floats) -> Pixels:
    """Return `[C, N, H, W]` in 0..1 as `[N, H, W, 3]`."""
    planes = unit if unit.shape[0] == 3 else np.repeat(unit[:1], 3, axis=0)
    return np.ascontiguousarray(np.rint(planes.transpose(1, 2, 3, 0) * 255).astype(np.uint8))

"""A sound as a picture: how strong each frequency is over time, in decibels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FLOOR_DB = -80.0
"""What is weaker than the loudest by more is shown as nothing."""
_SILENCE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Spectrogram:
    """Attributes:
    decibels: `[frequencies, times]`, 0 is the loudest there is; at least `FLOOR_DB`.
    frequencies: `[F]` of the rows, ascending, hertz.
    times: `[T]` of the columns: the middle of each window, seconds.
    """

    decibels: Floats
    frequencies: Floats
    times: Floats


def spectrogram(
    samples: NDArray[np.floating],
    rate: float,
    *,
    window: int = 512,
    hop: int = 128,
) -> Spectrogram:
    """Return the short-time power spectrum of a sound.

    Windows of `window` samples under a Hann window (periodic: `0.5 - 0.5 cos(2 pi n / N)`), `hop`
    samples apart; the power `|X|^2` in decibels below the largest. A sound shorter than one window
    is filled up with silence.

    Args:
        samples: `[T]`.
        rate: samples in a second.
        window: samples; the frequencies are `k rate / window`.
        hop: samples between the beginnings of two windows.
    """
    sound = np.asarray(samples, np.float64).reshape(-1)
    if len(sound) < window:
        sound = np.concatenate([sound, np.zeros(window - len(sound))])
    sound = np.nan_to_num(sound, nan=0.0, posinf=0.0, neginf=0.0)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    pieces = np.lib.stride_tricks.sliding_window_view(sound, window)[::hop]
    power = np.abs(np.fft.rfft(pieces * hann, axis=1)).T ** 2
    largest = float(power.max())
    if largest <= _SILENCE:
        decibels = np.full(power.shape, FLOOR_DB)
    else:
        decibels = 10 * np.log10(np.maximum(power / largest, 10 ** (FLOOR_DB / 10)))
    times = (np.arange(len(pieces)) * hop + window / 2) / rate
    frequencies = np.arange(window // 2 + 1) * rate / window
    return Spectrogram(decibels, frequencies, np.asarray(times, np.float64))


def fitting_window(count: int, *, columns: int = 400) -> tuple[int, int]:
    """Return (window, hop) in samples that show `count` samples in about `columns` columns.

    The window is a power of two of four hops, 32 to 2048 samples.
    """
    hop = max(8, min(512, count // columns))
    window = 1 << max(5, min(11, (4 * hop - 1).bit_length()))
    return window, hop

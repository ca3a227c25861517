"""The spectrogram against scipy's, and against sounds whose frequencies are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from layerwalk_client.world.spectrogram import FLOOR_DB, fitting_window, spectrogram

RATE = 8000.0


@pytest.mark.parametrize(("window", "hop"), [(256, 64), (512, 128), (64, 64)])
def test_it_is_scipys(window, hop):
    sound = np.random.default_rng(window).normal(size=5000)
    found = spectrogram(sound, RATE, window=window, hop=hop)
    frequencies, times, power = signal.spectrogram(
        sound, RATE, window=signal.get_window("hann", window), nperseg=window,
        noverlap=window - hop, detrend=False, scaling="spectrum", mode="complex",
    )  # fmt: skip
    reference = 20 * np.log10(np.abs(power) / np.abs(power).max())
    assert found.frequencies == pytest.approx(frequencies)
    assert found.times == pytest.approx(times)
    assert found.decibels == pytest.approx(np.maximum(reference, FLOOR_DB), abs=1e-6)


@pytest.mark.parametrize("hertz", [250.0, 1000.0, 3000.0])
def test_a_tone_is_loudest_at_its_frequency(hertz):
    sound = np.sin(2 * np.pi * hertz * np.arange(8000) / RATE)
    found = spectrogram(sound, RATE)
    assert set(found.frequencies[found.decibels.argmax(axis=0)]) == {hertz}


def test_silence_short_sounds_and_what_is_not_finite_are_shown():
    assert (spectrogram(np.zeros(4000), RATE).decibels == FLOOR_DB).all()
    assert spectrogram(np.ones(10), RATE).decibels.shape == (257, 1)
    broken = np.ones(2000)
    broken[7] = np.nan
    assert np.isfinite(spectrogram(broken, RATE).decibels).all()


@pytest.mark.parametrize("count", [1, 100, 8000, 16000, 160_000, 10_000_000])
def test_a_fitting_window_overlaps_and_gives_a_picture_of_a_screens_width(count):
    window, hop = fitting_window(count)
    assert hop <= window // 2
    assert window & (window - 1) == 0
    assert 32 <= window <= 2048
    if 3200 <= count <= 200_000:
        assert 300 <= (count - window) // hop + 1 <= 420

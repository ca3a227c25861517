"""WAV files: every kind that is read gives its samples, every hostile header a sentence."""

from __future__ import annotations

import struct
import sys
import wave
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from layerwalk.inputs.sounds import read_wav, sound_input
from layerwalk_shared.errors import InputError
from layerwalk_shared.messages import InputSpec


def written(samples: NDArray[np.float64], *, rate: int = 8000, width: int = 2) -> bytes:
    """PCM of samples `[T, C]` in -1..1, written by the standard library."""
    whole = np.rint(samples * (2 ** (8 * width - 1) - 1)).astype(np.int64)
    if width == 1:
        raw = (whole + 128).astype(np.uint8).tobytes()
    else:
        raw = whole.astype("<i4").view(np.uint8).reshape(*whole.shape, 4)[..., :width].tobytes()
    stream = BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(raw)
    return stream.getvalue()


def floating(samples: NDArray[np.float64], *, kind: str = "<f4", rate: int = 8000) -> bytes:
    from scipy.io import wavfile

    stream = BytesIO()
    wavfile.write(stream, rate, samples.astype(kind))
    return stream.getvalue()


def tone(rate: int, seconds: float, *, hertz: float = 440) -> NDArray[np.float64]:
    return np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)[:, None]


@given(
    st.sampled_from((1, 2, 3, 4)), st.integers(1, 4), st.integers(1, 50), st.integers(0, 2**32 - 1)
)
@settings(max_examples=60, deadline=None)
def test_whole_numbers_of_every_width_come_back(
    width: int, channels: int, count: int, seed: int
) -> None:
    samples = np.random.default_rng(seed).uniform(-1, 1, (count, channels))
    sound = read_wav(written(samples, width=width, rate=11025))
    assert sound.rate == 11025
    found = sound.samples()
    assert found.shape == (channels, count)
    np.testing.assert_allclose(found, samples.T, rtol=0, atol=max(2.0 ** (2 - 8 * width), 1e-7))


@pytest.mark.parametrize("kind", ["<f4", "<f8"])
def test_floating_point_comes_back(kind: str) -> None:
    samples = np.random.default_rng(1).normal(size=(40, 2))
    found = read_wav(floating(samples, kind=kind)).samples()
    assert (found == samples.T.astype(np.float32)).all()


def test_an_extensible_header_and_chunks_before_the_samples_are_read() -> None:
    plain = written(tone(8000, 0.01))
    samples = plain[44:]
    form = struct.pack("<HHIIHH", 0xFFFE, 1, 8000, 16000, 2, 16)
    form += struct.pack("<HHI", 22, 16, 4) + struct.pack("<H", 1) + bytes(14)
    chunks = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    chunks += b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(samples)) + samples
    whole = b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks
    assert (read_wav(whole).samples() == read_wav(plain).samples()).all()
    piped = plain[:40] + b"\xff\xff\xff\xff" + samples
    assert (read_wav(piped).samples() == read_wav(plain).samples()).all()


def header(
    *, kind: int = 1, channels: int = 1, rate: int = 8000, block: int = 2, bits: int = 16
) -> bytes:
    form = struct.pack("<HHIIHH", kind, channels, rate, 0, block, bits)
    chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", 4) + bytes(4)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


HOSTILE = [
    (b"", "it is empty"),
    (b"RIFF....WEBP", "begins with b'RIFF....WEBP'"),
    (b"RIFF\0\0\0\0WAVE", "ends before its samples"),
    (header()[:30], "chunk b'fmt ' claims 16 bytes, 10 follow"),
    (header()[:-2], "claims 4 bytes of samples, 2 follow"),
    (header()[:40] + b"\0\0\0\0", "without a sample"),
    (header(kind=2), "format 2 with 16 bits"),
    (header(bits=12), "format 1 with 12 bits"),
    (header(kind=3), "format 3 with 16 bits"),
    (header(channels=0), "0 channels"),
    (header(channels=60000), "60000 channels: 1 to 16"),
    (header(rate=0), "0 Hz"),
    (header(rate=2**32 - 1), "4294967295 Hz"),
    (header(block=4), "4 bytes a sample for 1 channels of 16 bits, expected 2"),
    (b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd", "before their format"),
    (b"RIFF\0\0\0\0WAVEfmt \4\0\0\0abcd", "format of 4 bytes"),
]


@pytest.mark.parametrize(("data", "sentence"), HOSTILE)
def test_a_file_that_claims_what_is_not_there_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        read_wav(data)
    assert sentence in str(refused.value)


@given(st.binary(max_size=60))
@settings(max_examples=200)
def test_any_bytes_are_a_sound_or_refused(rest: bytes) -> None:
    for data in (rest, b"RIFF\0\0\0\0WAVE" + rest, header()[:36] + rest, header()[:20] + rest):
        try:
            found = read_wav(data)
        except InputError:
            continue
        assert found.count >= 1


def test_a_sample_that_is_no_number_is_named() -> None:
    samples = np.zeros((5, 1))
    samples[3] = np.nan
    with pytest.raises(InputError, match="sample 3 is NaN or infinite"):
        read_wav(floating(samples)).samples()


def spec(*shape: int, rate: float | None = 8000, time_axis: int = 0) -> InputSpec:
    return InputSpec(kind="sound", shape=shape, sample_rate=rate, time_axis=time_axis)


def test_a_sound_is_cut_or_padded_with_silence() -> None:
    sound = read_wav(floating(np.arange(1.0, 6.0)[:, None]))
    assert sound_input(sound, spec(3)).tolist() == [1, 2, 3]
    assert sound_input(sound, spec(1, 7, time_axis=1)).tolist() == [[1, 2, 3, 4, 5, 0, 0]]
    assert sound_input(sound, spec(2, 1)).tolist() == [[1], [2]]


def test_channels_are_averaged_or_repeated() -> None:
    stereo = read_wav(floating(np.array([[1.0, 3.0], [2.0, 6.0]])))
    assert sound_input(stereo, spec(2)).tolist() == [2, 4]
    assert sound_input(stereo, spec(2, 2, time_axis=1)).tolist() == [[1, 2], [3, 6]]
    mono = read_wav(floating(np.array([[1.0], [2.0]])))
    assert sound_input(mono, spec(2, 2, time_axis=1)).tolist() == [[1, 2], [1, 2]]
    with pytest.raises(InputError, match="sound of 2 channels, the network takes 3"):
        sound_input(stereo, spec(3, 2, time_axis=1))


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 44101])
def test_the_rate_is_changed_and_the_tone_stays(rate: int) -> None:
    made = sound_input(read_wav(written(tone(rate, 0.6), rate=rate)), spec(8000))
    expected = tone(8000, 0.6)[:, 0]
    np.testing.assert_allclose(made[200:4500], expected[200:4500], atol=0.02)
    assert np.abs(made[4900:]).max() < 1e-6


def test_only_what_is_needed_of_a_long_sound_is_resampled(monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy import signal

    seen: list[int] = []
    real = signal.resample_poly

    def watched(samples: NDArray[np.float64], *rest: object, **options: object) -> object:
        seen.append(samples.shape[1])
        return real(samples, *rest, **options)

    monkeypatch.setattr(signal, "resample_poly", watched)
    sound_input(read_wav(written(tone(1000, 30), rate=1000)), spec(8000, rate=384_000))
    assert seen == [22]


@pytest.mark.parametrize(("rate", "wanted"), [(383_999, 3), (1000, 1e9), (8000, 1e-3)])
def test_rates_that_are_worlds_apart_are_refused(rate: int, wanted: float) -> None:
    with pytest.raises(InputError, match=f"sound of {rate} Hz, .* too far from each other"):
        sound_input(read_wav(written(tone(1000, 0.1), rate=rate)), spec(100, rate=wanted))


def test_without_a_rate_the_samples_are_taken_as_they_come() -> None:
    sound = read_wav(floating(np.arange(1.0, 6.0)[:, None], rate=44100))
    assert sound_input(sound, spec(5, rate=None)).tolist() == [1, 2, 3, 4, 5]


def test_where_scipy_is_missing_the_same_rate_works_and_another_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "scipy.signal", None)
    sound = read_wav(written(tone(8000, 0.1)))
    assert sound_input(sound, spec(100)).shape == (100,)
    with pytest.raises(InputError, match=r"8000 Hz, the network takes 16000 Hz.*pip install scipy"):
        sound_input(sound, spec(100, rate=16000))


def test_a_network_that_takes_no_sound_says_so() -> None:
    other = InputSpec(kind="vector", shape=(100,))
    with pytest.raises(InputError, match=r"takes vector inputs of shape \[100\], no sound"):
        sound_input(read_wav(written(tone(8000, 0.1))), other)

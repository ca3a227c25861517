"""Sound files: WAV bytes to samples, samples to what a network takes.

Read by its chunks here, because the standard library's `wave` refuses floating point. Layout: RIFF
WAVE as in Microsoft's "Multimedia Programming Interface and Data Specifications 1.0" (1991), with
WAVE_FORMAT_EXTENSIBLE as in ksmedia.h.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from layerwalk_shared.errors import InputError
from layerwalk_shared.messages import InputSpec

MAX_CHANNELS = 16
RATES_HZ = (1_000, 384_000)
"""Rates that are taken: what devices record, with room on both sides."""
LARGEST_TERM = 2_000
"""Denominator of the fraction by which a rate is changed: bounds the filter."""
LARGEST_RATIO = 400
PITCH_TOLERANCE = 1e-4
"""How far that fraction may be off: a fiftieth of what a trained ear hears."""
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_UNKNOWN_LENGTH = 0xFFFFFFFF
_TYPES = {
    (_PCM, 8): "u1",
    (_PCM, 16): "<i2",
    (_PCM, 24): "u1",
    (_PCM, 32): "<i4",
    (_FLOAT, 32): "<f4",
    (_FLOAT, 64): "<f8",
}


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """Samples, not decoded yet.

    Attributes:
        raw: `[T, C]` as in the file; of 24 bit `[T, C, 3]` bytes.
        rate: samples in a second.
        is_pcm: whole numbers; their full range is -1..1.
    """

    raw: NDArray[np.generic]
    rate: int
    is_pcm: bool

    @property
    def count(self) -> int:
        return int(self.raw.shape[0])

    def samples(self, most: int | None = None) -> NDArray[np.float32]:
        """Return the first `most` samples `[C, T]`, whole numbers scaled to -1..1.

        Raises:
            InputError: a sample is NaN or infinite.
        """
        raw = self.raw[:most]
        if raw.ndim == 3:
            wide = np.zeros((*raw.shape[:2], 4), np.uint8)
            wide[..., 1:] = raw
            values = wide.view("<i4")[..., 0] / 2.0**31
        elif raw.dtype == np.uint8:
            values = raw.astype(np.float64) / 128.0 - 1.0
        elif self.is_pcm:
            values = raw.astype(np.float64) / 2.0 ** (8 * raw.dtype.itemsize - 1)
        else:
            values = raw.astype(np.float64)
        if not np.isfinite(values).all():
            first = int(np.flatnonzero(~np.isfinite(values).all(1))[0])
            raise InputError(f"sound: sample {first} is NaN or infinite")
        return np.ascontiguousarray(values.T.astype(np.float32))


def read_wav(data: bytes) -> Sound:
    """Return the sound of a WAV file; everything it claims is checked before it is decoded.

    Raises:
        InputError: it is no WAV file, of another kind than 8, 16, 24 or 32 bit PCM or 32 or 64 bit
            floating point, or it claims more than it holds.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise InputError(
            f"not a WAV file: begins with {data[:12]!r}" if data else "not a WAV file: it is empty"
        )
    form: tuple[int, int, int, int] | None = None
    place = 12
    while place + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, place)
        start = place + 8
        if name == b"data":
            if form is None:
                raise InputError("WAV file: its samples come before their format")
            return _sound(data, start, length, form)
        if start + length > len(data):
            raise InputError(
                f"WAV file: chunk {name!r} claims {length} bytes, {len(data) - start} follow"
            )
        if name == b"fmt ":
            form = _format(data[start : start + length])
        place = start + length + length % 2
    raise InputError(f"WAV file of {len(data)} bytes: it ends before its samples")


def _format(chunk: bytes) -> tuple[int, int, int, int]:
    """Return (kind, channels, rate, bits) that a format chunk tells, checked."""
    if len(chunk) < 16:
        raise InputError(f"WAV file: format of {len(chunk)} bytes, at least 16 are expected")
    kind, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", chunk)
    if kind == _EXTENSIBLE and len(chunk) >= 26:
        kind = struct.unpack_from("<H", chunk, 24)[0]
    if (kind, bits) not in _TYPES:
        raise InputError(
            f"WAV file of format {kind} with {bits} bits: 8, 16, 24, 32 bit PCM (1) and 32, 64 bit "
            "floating point (3) are read"
        )
    if not 1 <= channels <= MAX_CHANNELS:
        raise InputError(f"WAV file of {channels} channels: 1 to {MAX_CHANNELS} are read")
    if not RATES_HZ[0] <= rate <= RATES_HZ[1]:
        raise InputError(f"WAV file of {rate} Hz: {RATES_HZ[0]} to {RATES_HZ[1]} are read")
    if block != channels * bits // 8:
        raise InputError(
            f"WAV file: {block} bytes a sample for {channels} channels of {bits} bits, "
            f"expected {channels * bits // 8}"
        )
    return kind, channels, rate, bits


def _sound(data: bytes, start: int, length: int, form: tuple[int, int, int, int]) -> Sound:
    kind, channels, rate, bits = form
    there = len(data) - start
    if length == _UNKNOWN_LENGTH:  # written to a pipe, by who could not go back
        length = there
    if length > there:
        raise InputError(f"WAV file claims {length} bytes of samples, {there} follow")
    block = channels * bits // 8
    count = length // block
    if count == 0:
        raise InputError("WAV file without a sample")
    shape = (count, channels, 3) if bits == 24 else (count, channels)
    raw = np.frombuffer(data, _TYPES[kind, bits], math.prod(shape), start).reshape(shape)
    return Sound(raw, rate, kind == _PCM)


def sound_input(sound: Sound, spec: InputSpec) -> NDArray[np.float32]:
    """Return the input values of a sound: its rate changed, cut or padded with silence at its end.

    Where the network takes one channel, all are averaged; where it takes more, a single one is
    repeated.

    Args:
        sound: any rate and number of channels.
        spec: of kind `sound`, `[T]` or `[C, T]` (`[T, C]` where `time_axis` says so); without a
            `sample_rate` the samples are taken as they come.

    Raises:
        InputError: the network takes no sound, another number of channels, or the rate has to be
            changed and SciPy is not installed.
    """
    channels, length = sound_shape(spec)
    ratio = Fraction(1)
    if spec.sample_rate is not None:
        exact = Fraction(spec.sample_rate).limit_denominator(1000) / sound.rate
        ratio = exact.limit_denominator(LARGEST_TERM)
        if abs(ratio - exact) > PITCH_TOLERANCE * exact or exact > LARGEST_RATIO:
            raise InputError(
                f"sound of {sound.rate} Hz, the network takes {spec.sample_rate:g} Hz: too far from "
                "each other"
            )
    needed = math.ceil(length / ratio) + 1
    samples = sound.samples(needed)
    if channels == 1:
        samples = samples.mean(0, keepdims=True, dtype=np.float32)
    elif len(samples) == 1:
        samples = np.repeat(samples, channels, 0)
    elif len(samples) != channels:
        raise InputError(f"sound of {len(samples)} channels, the network takes {channels}")
    if ratio != 1:
        samples = _resampled(samples, ratio, sound.rate, spec)
    found = np.zeros((channels, length), np.float32)
    kept = min(length, samples.shape[1])
    found[:, :kept] = samples[:, :kept]
    if len(spec.shape) == 2 and spec.time_axis == 0:
        found = np.ascontiguousarray(found.T)
    return found.reshape(spec.shape)


def sound_shape(spec: InputSpec) -> tuple[int, int]:
    """Return (channels, samples) of the sound that a network takes.

    Raises:
        InputError: it takes none.
    """
    if spec.kind != "sound" or len(spec.shape) not in (1, 2):
        raise InputError(
            f"this network takes {spec.kind} inputs of shape {list(spec.shape)}, no sound; where it "
            "does, say so: kind sound, and a sample rate"
        )
    if len(spec.shape) == 1:
        return 1, spec.shape[0]
    return spec.shape[1 - spec.time_axis], spec.shape[spec.time_axis]


def _resampled(
    samples: NDArray[np.float32], ratio: Fraction, rate: int, spec: InputSpec
) -> NDArray[np.float32]:
    try:
        from scipy.signal import resample_poly
    except ModuleNotFoundError as error:
        raise InputError(
            f"sound of {rate} Hz, the network takes {spec.sample_rate:g} Hz: to change the rate, "
            "SciPy is needed (pip install scipy)"
        ) from error
    made: NDArray[np.float32] = resample_poly(
        samples.astype(np.float64), ratio.numerator, ratio.denominator, axis=1
    ).astype(np.float32)
    return made

"""Noise as an input: the same seed gives the same values, on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layerwalk.inputs.pictures import normalise
from layerwalk_shared.errors import InputError
from layerwalk_shared.messages import InputSpec, NoiseInput


def noise(request: NoiseInput, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return noise in picture space, 0..1, of `shape` (of a picture `[C, H, W]`).

    See `NoiseInput` for the three kinds; drawn by NumPy's PCG64 in the order of the axes.
    """
    picture: NDArray[np.float32] = np.clip(_drawn(request, shape, 0.5), 0.0, 1.0)
    return picture


def noise_input(
    request: NoiseInput, spec: InputSpec, *, is_integer: bool
) -> NDArray[np.float32] | NDArray[np.int64]:
    """Return noise as input values: what it is for each kind of input says `NoiseInput`.

    Raises:
        InputError: the network takes whole numbers, and how many there are is not known.
    """
    if is_integer:
        return _tokens(request, spec)
    if spec.kind in ("image", "volume"):
        return normalise(noise(request, spec.shape), spec)
    values = _drawn(request, spec.shape, 0.0)
    return np.clip(values, -1.0, 1.0) if spec.kind == "sound" else values


def _drawn(request: NoiseInput, shape: tuple[int, ...], middle: float) -> NDArray[np.float32]:
    generator = np.random.Generator(np.random.PCG64(request.seed))
    if request.noise == "constant":
        values = np.full(shape, request.amplitude)
    elif request.noise == "gaussian":
        values = middle + request.amplitude * generator.standard_normal(shape)
    else:
        values = middle + request.amplitude * generator.uniform(-1.0, 1.0, shape)
    return values.astype(np.float32)


def _tokens(request: NoiseInput, spec: InputSpec) -> NDArray[np.int64]:
    if spec.vocabulary is None:
        raise InputError(
            f"this network takes whole numbers {list(spec.shape)}, and how many there are is not "
            "known; say its vocabulary, or send an NPY array"
        )
    if request.noise == "constant":
        token = min(int(request.amplitude), spec.vocabulary - 1)
        return np.full(spec.shape, token, np.int64)
    generator = np.random.Generator(np.random.PCG64(request.seed))
    return generator.integers(0, spec.vocabulary, spec.shape, np.int64)

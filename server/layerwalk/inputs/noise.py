"""Noise as an input: the same seed gives the same picture, on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layerwalk_shared.messages import NoiseInput


def noise(request: NoiseInput, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return noise in picture space, 0..1, of `shape` (of a picture `[C, H, W]`).

    See `NoiseInput` for the three kinds; drawn by NumPy's PCG64 in the order of the axes.
    """
    generator = np.random.Generator(np.random.PCG64(request.seed))
    if request.noise == "constant":
        values = np.full(shape, request.amplitude)
    elif request.noise == "gaussian":
        values = 0.5 + request.amplitude * generator.standard_normal(shape)
    else:
        values = 0.5 + request.amplitude * generator.uniform(-1.0, 1.0, shape)
    picture: NDArray[np.float32] = np.clip(values, 0.0, 1.0).astype(np.float32)
    return picture

"""Noise of every kind of input is what its message says, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from layerwalk.inputs.noise import noise_input
from layerwalk_shared.errors import InputError
from layerwalk_shared.messages import InputSpec, NoiseInput

SHAPES = {
    "image": (3, 40, 50), "volume": (2, 10, 20, 15), "sound": (6000,), "series": (600, 10),
    "vector": (6000,), "tensor": (5, 30, 40),
}  # fmt: skip


def spec(kind: str) -> InputSpec:
    return InputSpec(kind=kind, shape=SHAPES[kind])  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", SHAPES)
def test_the_middle_the_spread_and_the_bounds(kind: str) -> None:
    middle = 0.5 if kind in ("image", "volume") else 0.0
    made = noise_input(NoiseInput(seed=3, amplitude=0.1), spec(kind), is_integer=False)
    assert made.shape == SHAPES[kind]
    assert made.dtype == np.float32
    assert made.mean() == pytest.approx(middle, abs=0.01)
    assert made.std() == pytest.approx(0.1, rel=0.05)
    uniform = NoiseInput(seed=3, amplitude=0.3, noise="uniform")
    even = noise_input(uniform, spec(kind), is_integer=False)
    assert np.abs(even - middle).max() == pytest.approx(0.3, rel=0.01)
    loud = noise_input(NoiseInput(seed=3, amplitude=5), spec(kind), is_integer=False)
    bounds = {"image": (0, 1), "volume": (0, 1), "sound": (-1, 1)}.get(kind)
    if bounds is None:
        assert np.abs(loud).max() > 10
    else:
        assert (loud.min(), loud.max()) == bounds
    flat = NoiseInput(noise="constant", amplitude=0.2)
    assert (noise_input(flat, spec(kind), is_integer=False) == np.float32(0.2)).all()


@pytest.mark.parametrize("kind", SHAPES)
def test_the_seed_decides(kind: str) -> None:
    def made(seed: int) -> np.ndarray:
        return noise_input(NoiseInput(seed=seed), spec(kind), is_integer=False)

    assert (made(5) == made(5)).all()
    assert (made(5) != made(6)).any()


def test_a_volume_is_normalised_by_its_channels() -> None:
    scaled = spec("volume").model_copy(update={"mean": (0.5, 0.5), "std": (0.1, 0.2)})
    made = noise_input(NoiseInput(amplitude=0.1), scaled, is_integer=False)
    assert made.std((1, 2, 3)) == pytest.approx([1, 0.5], rel=0.1)


def test_tokens_are_drawn_evenly_from_the_vocabulary() -> None:
    texts = InputSpec(kind="text", shape=(8000,), vocabulary=4)
    made = noise_input(NoiseInput(seed=1), texts, is_integer=True)
    assert made.dtype == np.int64
    assert np.bincount(made) / 8000 == pytest.approx([0.25] * 4, abs=0.02)


def test_tokens_of_an_unknown_vocabulary_cannot_be_drawn() -> None:
    with pytest.raises(InputError, match="how many there are is not known"):
        noise_input(NoiseInput(), InputSpec(kind="text", shape=(4,)), is_integer=True)

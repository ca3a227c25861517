"""Where the images of a run begin."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from layerwalk.maximisation.images import Fourier, Parameters, Phase, Pixels, fallback_spectrum
from layerwalk.maximisation.space import PictureSpace
from layerwalk_shared.errors import InputError, InvalidRequestError
from layerwalk_shared.recipes import ConstantStart, NoiseStart, Recipe

SHAKEN = 0.05
"""Noise that is added, times the number of the attempt, to a fixed start that led nowhere."""
GREY = 0.5


@dataclass(frozen=True, slots=True)
class Scale:
    """How the values of an input are a picture: `picture = input * std + mean`, per channel.

    Empty where nothing is known: then they are the picture. `is_picture`: the input is an image,
    whose middle is grey, else zero.
    """

    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    is_picture: bool = True

    @property
    def has_aim(self) -> bool:
        """Whether a mean and a deviation to blend to are known, or those of photographs will do."""
        return self.is_picture or (len(self.mean) > 0 and len(self.std) > 0)

    def space(self, shape: Sequence[int], device: torch.device | str = "cpu") -> PictureSpace:
        """Return it as tensors for inputs of that shape."""
        return PictureSpace(self.mean, self.std, shape=shape, device=device)


@dataclass(frozen=True, slots=True, eq=False)
class Beginning:
    """What images are before the first step.

    Attributes:
        start: by rule; None: as the recipe says.
        values: one input `[*shape]` that all begin with, instead of a rule.
        spectrum: magnitudes of a data set, of recipes whose image is `phase`; None: 1 / frequency.
        title: of `values`, for people.
    """

    start: NoiseStart | ConstantStart | None = None
    values: NDArray[np.generic] | None = None
    spectrum: NDArray[np.float32] | None = None
    title: str = "an input"

    def describe(self, recipe: Recipe) -> str:
        """Return where a run begins, for people."""
        if self.values is not None:
            return self.title
        start = self.start or recipe.start
        if isinstance(start, ConstantStart):
            return f"constant {start.value:g}"
        if recipe.image == "pixels":
            return f"noise {start.amplitude:g}"
        return "random spectrum" if recipe.image == "fourier" else "random phases"

    def key(self, recipe: Recipe) -> str:
        """Return text that differs where images begin otherwise."""
        parts = [self.describe(recipe) if self.values is None else _digest(self.values)]
        if recipe.image == "phase" and self.spectrum is not None:
            parts.append(_digest(self.spectrum))
        return " ".join(parts)

    def parameters(
        self,
        recipe: Recipe,
        *,
        shape: Sequence[int],
        scale: Scale,
        streams: Sequence[np.random.Generator],
        attempts: Sequence[int],
        device: torch.device,
    ) -> Parameters:
        """Return the images of a batch as they begin.

        Args:
            recipe: of the run.
            shape: of one input.
            scale: how inputs are pictures.
            streams: random numbers of each image.
            attempts: how often each was begun, this time included.
            device: where.

        Raises:
            InputError: `values` has another shape or is not finite.
            InvalidRequestError: the recipe is for images, and the input is none.
        """
        if recipe.image == "pixels":
            return Pixels(self._inputs(recipe, shape, scale, streams, attempts).to(device))
        check_recipe(recipe, shape, scale)
        is_fixed = self.values is not None or isinstance(self.start or recipe.start, ConstantStart)
        start = None
        if is_fixed:
            start = self._inputs(recipe, shape, scale, streams, attempts).to(device)
        if recipe.image == "fourier":
            return Fourier(
                shape,
                streams,
                deviation=recipe.spectrum_deviation,
                decay=recipe.spectrum_decay,
                is_decorrelated=recipe.is_decorrelated,
                mean=scale.mean,
                std=scale.std,
                start=start,
                device=device,
            )
        return Phase(
            shape,
            streams,
            spectrum=fallback_spectrum(shape) if self.spectrum is None else self.spectrum,
            is_decorrelated=recipe.is_decorrelated,
            mean=scale.mean,
            std=scale.std,
            start=start,
            device=device,
        )

    def _inputs(
        self,
        recipe: Recipe,
        shape: Sequence[int],
        scale: Scale,
        streams: Sequence[np.random.Generator],
        attempts: Sequence[int],
    ) -> Tensor:
        """Return `[N, *shape]` inputs."""
        space = scale.space(shape)
        start = self.start or recipe.start
        amplitudes = [SHAKEN * (attempt - 1) for attempt in attempts]
        if self.values is not None:
            image = torch.from_numpy(checked_start(self.values, shape).copy())
        elif isinstance(start, ConstantStart):
            image = space.images(torch.full(tuple(shape), start.value))
        else:
            amplitudes = [start.amplitude] * len(attempts)
            middle = GREY if scale.is_picture else 0.0
            image = space.images(torch.full(tuple(shape), middle))
        images = image.expand(len(attempts), *shape).clone()
        if any(amplitudes):
            # NumPy draws without Python's lock, so the images of a batch are drawn side by side.
            draw = partial(_shake, deviation=space.std)
            with ThreadPoolExecutor(min(len(streams), os.cpu_count() or 1)) as threads:
                list(threads.map(draw, images, streams, amplitudes))
        return images


def _shake(
    image: Tensor, stream: np.random.Generator, amplitude: float, *, deviation: Tensor
) -> None:
    """Add normal noise of an amplitude in picture space to an input, in place."""
    if amplitude:
        drawn = stream.standard_normal(tuple(image.shape), np.float32)
        with torch.no_grad():
            image += torch.from_numpy(drawn).mul_(amplitude) / deviation


def check_recipe(recipe: Recipe, shape: Sequence[int], scale: Scale) -> None:
    """Raise `InvalidRequestError` where a recipe makes images and the input is none."""
    if recipe.image != "pixels" and (len(shape) != 3 or not scale.is_picture):
        raise InvalidRequestError(
            f"recipe {recipe.name!r} makes images, the network's input has shape {list(shape)}"
        )


def checked_start(values: NDArray[np.generic], shape: Sequence[int]) -> NDArray[np.float32]:
    """Return an input to begin with as float32.

    Raises:
        InputError: it has another shape than the network's input, or is not finite.
    """
    if tuple(values.shape) != tuple(shape):
        raise InputError(
            f"the start has shape {list(values.shape)}, the network's input {list(shape)}"
        )
    found = np.ascontiguousarray(values, np.float32)
    if not np.isfinite(found).all():
        raise InputError("the start holds values that are not finite")
    return found


def streams_of(
    seed: int, unit: int | None, attempt: int
) -> tuple[np.random.Generator, np.random.Generator]:
    """Return the random numbers of an image: for its start, and for its transforms.

    They depend on nothing else, so an image comes out the same in every batch.
    """
    family = np.random.SeedSequence((seed, 0 if unit is None else unit + 1, attempt))
    start, moves = family.spawn(2)
    return np.random.default_rng(start), np.random.default_rng(moves)


def _digest(values: NDArray[np.generic]) -> str:
    array = np.ascontiguousarray(values, np.float32)
    return hashlib.sha256(repr(array.shape).encode() + array.tobytes()).hexdigest()

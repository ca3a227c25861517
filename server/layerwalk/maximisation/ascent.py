"""The ascent of one batch of images, step by step."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from layerwalk.maximisation.beginning import Scale
from layerwalk.maximisation.images import Parameters, Pixels
from layerwalk.maximisation.objectives import Goal
from layerwalk.maximisation.penalties import penalty_gradient
from layerwalk.maximisation.transforms import NUMBERS, Moves, blend
from layerwalk.maximisation.truncated import TruncatedNetwork
from layerwalk.tracking.running import error_text
from layerwalk_shared.errors import ModelError
from layerwalk_shared.recipes import Recipe

TINY = 1e-30
"""Norm of a gradient below which an image does not move; one over it still is a float32. Weak
gradients are as good as strong ones: those of a saturated softmax are 1e-15 and right."""


class Ascent:
    """Climbs with a batch of images, each on its own. Mutable, owned by the thread that runs it.

    Args:
        network: cut off behind the nodes of the goal.
        goal: what is climbed.
        units: of each image; None for objectives of a whole node.
        recipe: how.
        parameters: the images as they start.
        scale: how inputs are pictures.
        streams: random numbers of each image.

    Attributes:
        step: how many were taken.
        activations: what each image's node reached before the last step, `[N]`.
        has_failed: which images had a gradient or a value that was not finite, `[N]`; they stand
            still from then on.
        has_gradient: which images had a gradient other than zero at some step, `[N]`.
        highest: largest magnitude of what the node reached so far, `[N]`.
    """

    def __init__(
        self,
        network: TruncatedNetwork,
        goal: Goal,
        *,
        units: Sequence[int] | None,
        recipe: Recipe,
        parameters: Parameters,
        scale: Scale,
        streams: Sequence[np.random.Generator],
    ) -> None:
        device = network.device
        count = len(streams)
        self._network, self._goal, self._recipe = network, goal, recipe
        self._parameters = parameters
        self._streams = streams
        self._scale, self._space = scale, scale.space(network.shape, device)
        transforms = recipe.transforms
        self._moves = None
        if len(network.shape) == 3 and not transforms.are_none:
            self._moves = Moves(
                transforms,
                shape=network.shape,
                reference_px=recipe.reference_px,
                mean=scale.mean,
                std=scale.std,
                device=device,
            )
        self._crops = transforms.crops if self._moves is not None else 1
        self._units = None
        if units is not None:
            self._units = torch.tensor(units, device=device).repeat_interleave(self._crops)
        self._bounds: tuple[Tensor, Tensor] | None = None
        if recipe.bounds is not None:
            low, high = (torch.tensor(bound, device=device) for bound in recipe.bounds)
            self._bounds = self._space.images(low), self._space.images(high)
        self._rate = rate_for(recipe, network.shape)
        self._optimiser: torch.optim.Optimizer | None = None
        if recipe.optimiser == "adam":
            self._optimiser = torch.optim.Adam(parameters.leaves, lr=recipe.rate)
        elif recipe.optimiser == "nadam":
            self._optimiser = torch.optim.NAdam(parameters.leaves, lr=recipe.rate)
        self.step = 0
        self.activations = self._reached = torch.zeros(count, device=device)
        self.has_failed = torch.zeros(count, dtype=torch.bool, device=device)
        self.has_gradient = torch.zeros(count, dtype=torch.bool, device=device)
        self._current: Tensor | None = None
        self.highest = torch.zeros(count, device=device)

    def images(self) -> Tensor:
        """Return the images as they are, `[N, *shape]` float32 inputs; a new tensor."""
        with torch.inference_mode(mode=False):
            return self._clipped(self._made().detach().float())

    def advance(self) -> None:
        """Take one step.

        Raises:
            ModelError: forward or backward raised.
        """
        with torch.inference_mode(mode=False), torch.enable_grad():
            if self._optimiser is None:
                self._climb_pixels()
            else:
                self._climb_parameters(self._optimiser)
        self.step += 1

    def _made(self) -> Tensor:
        """Return the images of the parameters, differentiable; made once between two steps."""
        if self._current is None:
            with torch.enable_grad():
                self._current = self._parameters.images()
        return self._current

    @property
    def _is_plain(self) -> bool:
        """Whether this step is one of the last, that go without transforms."""
        return self.step >= self._recipe.steps - self._recipe.plain_steps

    def _draw(self) -> NDArray[np.float64]:
        """Return uniform numbers for this step, `[N * crops, NUMBERS]`; each image has its own."""
        return np.concatenate([stream.random((self._crops, NUMBERS)) for stream in self._streams])

    def _looked_at(self, images: Tensor) -> Tensor:
        """Return what the network sees of the images: as they are, or in random views."""
        if self._moves is None or self._recipe.transforms.way != "view":
            return images
        if self._is_plain:
            return images.repeat_interleave(self._crops, 0) if self._crops > 1 else images
        progress = self.step / max(1, self._recipe.steps - 1)
        return self._moves.views(images, self._draw(), progress=progress)

    def _judge(self, seen: Tensor) -> Tensor:
        """Return what is climbed, one number; note what was reached."""
        total, own = self._goal(self._network.values(seen), self._units)
        reached = own.detach()
        if self._crops > 1:
            reached = reached.reshape(-1, self._crops).mean(1)
            total = total / self._crops
        self._reached = reached
        self.activations = torch.nan_to_num(reached)
        self.highest = torch.maximum(self.highest, self.activations.abs())
        return total.sum()

    def _climb_pixels(self) -> None:
        recipe = self._recipe
        assert isinstance(self._parameters, Pixels)
        (leaf,) = self._parameters.leaves
        x = leaf.detach()
        seen = (x.detach() if self._bounds is None else self._clipped(x)).requires_grad_(True)
        (gradient,) = gradients_of(self._judge(self._looked_at(seen)), [seen])
        with torch.no_grad():
            gradient = gradient.float()
            if self._bounds is not None:
                gradient = gradient * ((x > self._bounds[0]) & (x < self._bounds[1]))
            norm = self._noted([gradient])
            rate: float | Tensor = self._rate
            if recipe.is_normalised:
                # A norm that is not finite gives no NaN here, but the gradient itself holds one.
                rate = torch.where(norm > TINY, self._rate / norm, 0.0).to(gradient.dtype)
            moved = x + gradient * rate
            if recipe.total_variation or recipe.l1:
                against = penalty_gradient(
                    x,
                    total_variation_weight=recipe.total_variation,
                    l1_weight=recipe.l1,
                    space=self._space,
                )
                moved = moved - recipe.rate * against
            if not self._is_plain:
                if self._moves is not None and recipe.transforms.way == "step":
                    moved = self._moves.step(moved, self._draw())
                if recipe.blend and self._scale.has_aim:
                    moved = blend(moved, recipe.blend, mean=self._scale.mean, std=self._scale.std)
            self.has_failed |= ~torch.isfinite(moved.flatten(1).sum(1))
            leaf.copy_(torch.where(self._by_image(self.has_failed, x), x, moved))

    def _climb_parameters(self, optimiser: torch.optim.Optimizer) -> None:
        leaves = self._parameters.leaves
        gradients = gradients_of(self._judge(self._looked_at(self._made())), leaves)
        self._current = None
        with torch.no_grad():
            self._noted(gradients)
            before = [leaf.detach().clone() for leaf in leaves]
            for leaf, gradient in zip(leaves, gradients, strict=True):
                stands = self._by_image(self.has_failed, gradient)
                leaf.grad = torch.where(stands, 0.0, -gradient)
            optimiser.step()
            for leaf, old in zip(leaves, before, strict=True):  # momentum goes on without gradient
                leaf.copy_(torch.where(self._by_image(self.has_failed, leaf), old, leaf))

    def _noted(self, gradients: Sequence[Tensor]) -> Tensor:
        """Return the norm of each image's gradient, `[N, 1, ...]` float64; note what it tells, and
        what was reached."""
        squares = [
            torch.linalg.vector_norm(one.flatten(1), dim=1, dtype=torch.float64).square()
            for one in gradients
        ]
        norm = sum(squares[1:], squares[0]).sqrt()
        self.has_failed |= ~torch.isfinite(norm + self._reached)
        self.has_gradient |= norm > TINY
        return self._by_image(norm, gradients[0])

    def _by_image(self, values: Tensor, like: Tensor) -> Tensor:
        """Return a value for each image so that it goes with tensors such as `like`."""
        return values.reshape(-1, *(1 for _ in like.shape[1:]))

    def _clipped(self, x: Tensor) -> Tensor:
        """Return a copy within the bounds."""
        if self._bounds is None:
            return x.clone()
        return torch.minimum(torch.maximum(x, self._bounds[0]), self._bounds[1])


def gradients_of(total: Tensor, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return the gradients of a number.

    Raises:
        ModelError: a backward pass raised.
    """
    try:
        return torch.autograd.grad(total, inputs)
    except Exception as error:  # it may be the user's code, which may raise anything
        raise ModelError(f"the backward pass raised {error_text(error)}") from error


def rate_for(recipe: Recipe, shape: Sequence[int]) -> float:
    """Return the length of a step for inputs of that shape; see `Recipe.rate`."""
    if not recipe.is_normalised or recipe.reference_px is None:
        return recipe.rate
    return recipe.rate * math.sqrt(math.prod(shape) / (3 * recipe.reference_px**2))

"""Small networks for the laws of maximisation, and a way to look at what must stay as it was."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

import layerwalk
from layerwalk.maximisation.run import Step
from layerwalk_shared.recipes import Recipe

CLIMB = Recipe(name="climb", steps=4, rate=1.0, is_normalised=True, reference_px=None)


def seeded(model: nn.Module, seed: int = 0) -> nn.Module:
    """Fill a model's parameters from a seed; put it into eval mode."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
        for name, buffer in model.named_buffers():
            if name.endswith("running_mean"):
                buffer.copy_(torch.randn(buffer.shape, generator=generator) * 0.3)
            if name.endswith("running_var"):
                buffer.copy_(torch.rand(buffer.shape, generator=generator) + 0.5)
    return model.eval()


def conv_net(channels: int = 3) -> nn.Module:
    """Two convolutions with batch normalisation, a classifier; any size of image."""
    return seeded(
        nn.Sequential(
            nn.Conv2d(channels, 6, 3, padding=1),
            nn.BatchNorm2d(6),
            nn.ReLU(inplace=True),
            nn.Conv2d(6, 8, 3, stride=2, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(8, 5),
        )
    )


def picture(px: int = 12, channels: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(px)
    return torch.rand(1, channels, px, px, generator=generator)


def finished(steps: Iterator[Step]) -> dict[int | None, Tensor]:
    """Return channel -> its image at the end."""
    found: dict[int | None, Tensor] = {}
    for step in steps:
        if step.is_last:
            found.update(zip(step.channels, step.images, strict=True))
    return found


def maximised(
    model: nn.Module, node: str, channels: object, **settings: object
) -> dict[int | None, Tensor]:
    """Return channel -> its image, in float32 unless told otherwise."""
    settings = {"recipe": CLIMB, "precision": "float32", **settings}
    return finished(layerwalk.maximise(model, node, channels, **settings))  # type: ignore[arg-type]


@contextmanager
def everything_as_it_was(model: nn.Module) -> Iterator[None]:
    """Fail where random states, modes, weights, flags or hooks are others afterwards."""

    def seen() -> list[object]:
        hooks = [
            (
                len(module._forward_hooks),
                len(module._forward_pre_hooks),
                len(module._backward_hooks),
            )
            for module in model.modules()
        ]
        state = {name: value.clone() for name, value in model.state_dict().items()}
        return [
            torch.get_rng_state().tolist(),
            random.getstate(),
            [np.asarray(part).tolist() for part in np.random.get_state()],  # noqa: NPY002
            torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.get_default_dtype(),
            torch.overrides._get_current_function_mode(),
            torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark,
            [module.training for module in model.modules()],
            [parameter.requires_grad for parameter in model.parameters()],
            [parameter.grad is None for parameter in model.parameters()],
            [buffer.requires_grad for buffer in model.buffers()],
            list(dict(model.named_modules())), hooks,
            {name: value.numpy().tobytes() for name, value in state.items()},
        ]  # fmt: skip

    before = seen()
    yield
    assert seen() == before

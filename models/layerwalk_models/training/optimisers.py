"""The optimisers that a recipe can name.

LAMB: You et al.: Large Batch Optimization for Deep Learning, ICLR 2020, algorithm 2, as Linse's
dissertation (2024), section 2.4, writes it. It comes from timm, which is well kept; the options
here make its step that one: no clipping of gradients, no bound on the trust ratio (the phi of the
text without its two constants), the ratio also for what has no weight decay. What is left of a
difference: timm adds epsilon outside of the square root, and a tensor that is all zeros moves
with ratio 1.
"""

from __future__ import annotations

from torch import nn
from torch.optim import SGD, Optimizer

from ..errors import TrainingError
from .recipe import Recipe

LAMB_EPSILON = 1e-6


def make_optimiser(network: nn.Module, recipe: Recipe) -> Optimizer:
    """Make the optimiser of `recipe`; weight decay is on weights only, not on norms and biases.

    Raises:
        TrainingError: It is LAMB, and timm is not installed or cannot be imported.
    """
    groups = [
        {
            "params": [p for p in network.parameters() if p.ndim > 1],
            "weight_decay": recipe.weight_decay,
        },
        {"params": [p for p in network.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if recipe.optimiser == "lamb":
        return _make_lamb(groups, rate=recipe.rate)
    return SGD(groups, lr=recipe.rate, momentum=recipe.momentum, nesterov=recipe.momentum > 0)


def _make_lamb(groups: list[dict[str, object]], *, rate: float) -> Optimizer:
    try:
        from timm.optim.lamb import Lamb
    except (ImportError, RuntimeError) as error:  # RuntimeError: torchvision of another torch
        raise TrainingError(
            f"the optimiser LAMB is timm's, and importing it raised {type(error).__name__}: "
            f"{error}; install it with: pip install 'layerwalk[integrations]'"
        ) from error
    made: Optimizer = Lamb(
        groups, lr=rate, eps=LAMB_EPSILON, max_grad_norm=None, trust_clip=False, always_adapt=True
    )
    return made

"""`layerwalk.maximise`: images that excite units of a model, in one call, without a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from layerwalk.inputkinds import spec_of
from layerwalk.maximisation.beginning import Beginning, Scale
from layerwalk.maximisation.plan import Plan
from layerwalk.maximisation.run import Step
from layerwalk.maximisation.truncated import Precision
from layerwalk.nodeviews import chosen_views, shown_as
from layerwalk.tracking import trace
from layerwalk.twin import make_example, make_twin
from layerwalk_shared.errors import InputError, ModelError
from layerwalk_shared.graph import View
from layerwalk_shared.recipes import (
    DEFAULT_RECIPE,
    ConstantStart,
    NoiseStart,
    Objective,
    Recipe,
    recipe_named,
)

MOST_CHANNELS = 1_000_000


def maximise(
    model: nn.Module,
    node: str,
    channels: int | Sequence[int] | None = None,
    recipe: Recipe | str = DEFAULT_RECIPE,
    *,
    start: NoiseStart | ConstantStart | Tensor | NDArray[np.generic] | None = None,
    seed: int = 0,
    example: object = None,
    objective: Objective | None = None,
    mean: Sequence[float] = (),
    std: Sequence[float] = (),
    spectrum: NDArray[np.float32] | None = None,
    batch: int | None = None,
    precision: Precision = "auto",
    views: Mapping[str, View] | None = None,
) -> Iterator[Step]:
    """Climb from a start to images that excite units of a node; yield after every step.

    It is a generator: progress, previews and giving up are the caller's.

        for step, images, activations in layerwalk.maximise(model, "layer4", [3, 7], example=x):
            ...

    Args:
        model: any module; it is copied, and not changed.
        node: id, as `layerwalk.trace` tells them.
        channels: units of the node; None: all, or of an objective of the whole node none.
        recipe: by name (`layerwalk_shared.recipes.RECIPES`), or one's own.
        start: where to begin: a rule, or an input as the network takes it, with or without a batch
            axis of 1; None: as the recipe says.
        seed: of every random number. Equal seeds give equal images, whatever the batch.
        example: arguments of a forward pass, see `layerwalk.watch`; may be left out where `start`
            is an input with its batch axis.
        objective: what is to be large; the mean of a channel by default.
        mean, std: of the data, per channel: input = (picture - mean) / std. Empty: the input is
            the picture.
        spectrum: of recipe `maco`: magnitudes of a data set, see
            `layerwalk.maximisation.images.spectrum_of`.
        batch: images at once; None: as memory allows, 32 at most.
        precision: "auto" calculates in bfloat16 where the machine multiplies it quickly.
        views: node id or pattern -> view, where it is not as guessed.

    Returns:
        An iterator of `Step`: step, `images` `[N, *shape]` of the batch that is climbed,
        `activations` `[N]`. What can be wrong is raised at once, before the first step. With the
        last step of a batch come `outcomes`: which images are done, and what went otherwise (a unit
        that was never active, a gradient that was not finite).

    Raises:
        NotFoundError: no such node, channel or recipe.
        InvalidRequestError: nothing passes a gradient back to the input, or the objective does
            not fit the node.
        InputError: no example, or the start has another shape.
        ModelError: the model cannot be copied, or its forward raises.
    """
    found = recipe_named(recipe) if isinstance(recipe, str) else recipe
    values = None
    if isinstance(start, Tensor | np.ndarray):
        if example is None:
            example = torch.as_tensor(start).to(_real_type(model))
        values = start.detach().float().cpu().numpy() if isinstance(start, Tensor) else start
        start = None
    if example is None:
        raise InputError("an example of the network's input is needed, or a start that is one")
    wanted = None if channels is None else tuple(int(one) for one in np.ravel(channels))
    with torch.inference_mode(mode=False), torch.no_grad():
        device = next((str(one.device) for one in model.parameters()), "cpu")
        twin = make_twin(model, device=device)
        arguments = make_example(example, device=device)
        if values is not None and values.shape == arguments.shown.shape:
            values = values[0]
        traced = trace(twin, arguments.args, arguments.kwargs)
        known = traced.plan.captures.get(node)
        if traced.error is not None and (known is None or known.kind == "none"):
            raise ModelError(f"forward raised {traced.error}, before a node {node!r} was reached")
        plan = Plan(
            twin,
            arguments,
            traced,
            shown_as(traced.graph, chosen_views(traced.graph, views or {})),
            node,
            found,
            objective=objective or Objective(),
            begins=Beginning(start, values, spectrum),
            scale=Scale(
                tuple(mean),
                tuple(std),
                is_picture=spec_of(arguments, model=twin).kind == "image",
            ),
            seed=seed,
            precision=precision,
            batch=batch,
        )
        units = plan.units(wanted, most=MOST_CHANNELS)
        return iter(plan.run(plan.network(), units))


def _real_type(model: nn.Module) -> torch.dtype:
    """Return the type of the numbers that a model calculates with."""
    types = (one.dtype for one in model.parameters() if one.is_floating_point())
    return next(types, torch.float32)

"""Occlusion: how much weaker a unit is where a part of the input is covered.

Zeiler, Fergus: Visualizing and understanding convolutional networks (ECCV 2014), section 4.2. A
window of nothing (zero: mid-grey of a normalised picture) moves over the input; a place gets the
mean of the losses of all windows that cover it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from layerwalk.attribution.entrance import Entrance
from layerwalk.attribution.found import Found, Step
from layerwalk.attribution.target import Target
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.graph import Graph, Node

MOST_WINDOWS = 20_000
Window = tuple[slice, ...]


def covered_axes(node: Node) -> tuple[int, ...]:
    """Return the axes of an input (no batch axis) that a window has: not those of colours."""
    count = len(node.shape)
    if count >= 3:
        return tuple(range(count - 2, count))
    return tuple(range(count)) if count == 1 else (0,)


def windows(shape: Sequence[int], axes: Sequence[int], *, window: int, stride: int) -> list[Window]:
    """Return the windows over an input of `shape`; they reach its end, the last ones may be cut.

    Raises:
        InvalidRequestError: there are too many.
    """
    starts = {axis: range(0, max(1, shape[axis] - window + stride), stride) for axis in axes}
    count = math.prod(len(one) for one in starts.values())
    if count > MOST_WINDOWS:
        raise InvalidRequestError(
            f"windows of {window} every {stride} over {[shape[axis] for axis in axes]} are {count}, "
            f"at most {MOST_WINDOWS}; take a larger stride"
        )
    every = [slice(None)] * len(shape)
    found = []
    for corner in itertools.product(*starts.values()):
        place = list(every)
        for axis, start in zip(axes, corner, strict=True):
            place[axis] = slice(start, min(start + window, shape[axis]))
        found.append(tuple(place))
    return found


def occlusion(
    entrance: Entrance, target: Target, graph: Graph, *, window: int, stride: int
) -> Iterator[Step]:
    """Yield after every batch of windows; the last step has what was found.

    Args:
        entrance: of the input.
        target: the unit.
        graph: of the network.
        window, stride: side of a window, and how far it moves.

    Raises:
        InvalidRequestError: there are too many windows.
        ModelError: forward raised.
    """
    node = graph.node(entrance.node)
    shape = node.shape
    whole = entrance.values
    places = windows(shape, covered_axes(node), window=window, stride=stride)
    value = float(entrance.evaluate(whole))
    lost = torch.zeros(shape, dtype=torch.float64)
    covers = torch.zeros(shape, dtype=torch.float64)
    done = 0
    while done < len(places):
        batch = places[done : done + entrance.at_once]
        covered = whole.expand(len(batch), *whole.shape[1:]).clone()
        for item, place in zip(covered, batch, strict=True):
            item[place] = 0
        for place, reached in zip(batch, entrance.evaluate(covered).tolist(), strict=True):
            lost[place] += value - reached
            covers[place] += 1
        done += len(batch)
        if done < len(places):
            yield Step(done, len(places))
    mean: Tensor = (lost / covers.clamp(min=1)).float()
    if node.view == "image":
        mean = mean[:1]  # a window covers all colours
    found = Found(
        target,
        value,
        {entrance.node: mean[None]},
        baseline=float(entrance.evaluate(torch.zeros_like(whole))),
        argument=entrance.node,
    )
    yield Step(len(places), len(places), found)

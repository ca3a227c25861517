"""What a network answers, where that is one vector: its strongest outputs, with names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from layerwalk_shared.messages import ClassScore

TOP = 10
"""Classes of the answer that a manifest names."""
DISTRIBUTION_TOLERANCE = 1e-3
"""Outputs in 0..1 whose sum is this close to 1 are probabilities already."""


def top_classes(outputs: object, classes: Sequence[str]) -> tuple[ClassScore, ...]:
    """Return the strongest outputs where the network answers with one vector, else ().

    Args:
        outputs: what forward returned: a tensor `[1, K]`, or a tuple, list or mapping whose first
            tensor is one.
        classes: names; where there are none, or another number, `class 17` stands in.

    Probabilities are the softmax of the outputs, or the outputs where they are a distribution
    already.
    """
    return top_classes_of_each(outputs, classes, count=1)[0]


def top_classes_of_each(
    outputs: object, classes: Sequence[str], *, count: int, most: int = TOP
) -> tuple[tuple[ClassScore, ...], ...]:
    """Return the strongest outputs for each item of a batch; () for each where they are no vectors.

    Args:
        outputs: as for `top_classes`, of `[count, K]`.
        classes: names.
        count: items of the batch.
        most: outputs of each.
    """
    answer = answer_of(outputs, count=count)
    if answer is None:
        return ((),) * count
    return tuple(_strongest(logits, classes, most) for logits in answer.unbind())


def answer_of(outputs: object, *, count: int) -> Tensor | None:
    """Return the answer `[count, K]` as float64 on the CPU; None where it is no vector of each."""
    answer = _first_tensor(outputs)
    if answer is None or answer.ndim != 2 or answer.shape[0] != count or answer.shape[1] < 2:
        return None
    return answer.detach().to("cpu", torch.float64)


def probabilities_of(answer: Tensor) -> Tensor:
    """Return the probabilities `[N, K]` behind answers `[N, K]`; see `top_classes`."""
    is_distribution = (answer.amin(1) >= 0) & ((answer.sum(1) - 1).abs() <= DISTRIBUTION_TOLERANCE)
    return torch.where(is_distribution[:, None], answer, torch.softmax(answer, 1))


def unnamed(index: int) -> str:
    """Return what an output is called that has no name."""
    return f"class {index}"


def _strongest(logits: Tensor, classes: Sequence[str], most: int) -> tuple[ClassScore, ...]:
    if not bool(torch.isfinite(logits).all()):
        return ()
    probabilities = probabilities_of(logits[None])[0]
    order = torch.argsort(logits, descending=True, stable=True)[:most].tolist()
    has_names = len(classes) == len(logits)
    return tuple(
        ClassScore(
            index=index,
            name=classes[index] if has_names else unnamed(index),
            probability=float(probabilities[index]),
            logit=float(logits[index]),
        )
        for index in order
    )


def _first_tensor(outputs: object) -> Tensor | None:
    if isinstance(outputs, Tensor):
        return outputs if outputs.is_floating_point() else None
    if isinstance(outputs, Mapping):
        outputs = tuple(outputs.values())
    if isinstance(outputs, tuple | list):
        return next((item for item in outputs if isinstance(item, Tensor)), None)
    return None

"""How often a network is right."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .bank import Views


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Shares of right answers in [0, 1].

    Attributes:
        top1: First answer right, over all images.
        top5: Right answer among the first five, over all images.
        mean_per_class: Mean over classes of a class's top-1 share.
        per_class: Top-1 share of each class; None for a class without images.
        count: Number of images.
    """

    top1: float
    top5: float
    mean_per_class: float
    per_class: tuple[float | None, ...]
    count: int


def normalise(images: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """Map uint8 [N, C, H, W] to float32 with the given statistics, channels last in memory."""
    values = images.float() / 255.0
    shift, scale = (values.new_tensor(entries).view(1, -1, 1, 1) for entries in (mean, std))
    return ((values - shift) / scale).contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def measure_accuracy(
    network: nn.Module,
    views: Views,
    *,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    classes: int,
    batch_size: int = 64,
) -> Accuracy:
    """Measure `network`, which must be in eval mode, on `views` (at least one image)."""
    if len(views.labels) == 0:
        raise ValueError("cannot measure an accuracy on no images")
    ranks = []
    for images, labels in zip(
        views.images.split(batch_size), views.labels.split(batch_size), strict=True
    ):
        logits = network(normalise(images, mean, std))
        own = logits.gather(1, labels.unsqueeze(1))
        ranks.append((logits > own).sum(dim=1))
    rank = torch.cat(ranks)
    right = (rank == 0).double()
    per_class = [
        right[views.labels == index].mean().item() if (views.labels == index).any() else None
        for index in range(classes)
    ]
    present = [share for share in per_class if share is not None]
    return Accuracy(
        top1=right.mean().item(),
        top5=(rank < 5).double().mean().item(),
        mean_per_class=sum(present) / len(present),
        per_class=tuple(per_class),
        count=len(rank),
    )

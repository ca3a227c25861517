"""Models of torchvision and timm, by the names that these libraries know them by."""

from __future__ import annotations

import inspect
from typing import Any

from torch import nn

from layerwalk.targets.cards import PICTURE_SHAPE, ModelCard
from layerwalk.targets.code import made_by
from layerwalk.targets.libraries import import_library
from layerwalk_shared.errors import TargetError, nearest_hint

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
FRAMES = 16
"""Of a clip, for torchvision's models of moving pictures."""
WARNING = ("googlenet", "inception_v3")
"""torchvision's models that warn where nobody says whether their random weights are to be drawn."""


def open_torchvision(name: str, *, asks: bool) -> tuple[nn.Module, ModelCard]:
    """Return torchvision's model `name`; `asks` for the published weights, which are fetched.

    Raises:
        TargetError: torchvision is missing, knows no such model, or making it raised.
    """
    target = f"torchvision:{name}"
    models = import_library("torchvision.models", target)
    known = models.list_models()
    if name not in known:
        raise TargetError(f"{target!r}: torchvision has no such model{nearest_hint(name, known)}")
    published = models.get_model_weights(name).DEFAULT
    settings: dict[str, Any] = {"weights": published if asks else None}
    if not asks:
        taken = inspect.signature(models.get_model_builder(name)).parameters
        if "weights_backbone" in taken:
            settings["weights_backbone"] = None  # else those would be fetched
        if name in WARNING:
            settings["init_weights"] = True
    made = made_by(lambda: models.get_model(name, **settings), target)
    classes = tuple(published.meta.get("categories", ())) if asks else ()
    return made, ModelCard(name, classes, _shape_of(published), IMAGENET_MEAN, IMAGENET_STD)


def open_timm(name: str, *, asks: bool) -> tuple[nn.Module, ModelCard]:
    """Return timm's model `name`; `asks` for the published weights, which are fetched.

    Raises:
        TargetError: timm is missing, knows no such model, or making it raised.
    """
    target = f"timm:{name}"
    timm = import_library("timm", target)
    known = timm.list_models()
    if name.partition(".")[0] not in known:
        raise TargetError(f"{target!r}: timm has no such model{nearest_hint(name, known)}")
    made = made_by(lambda: timm.create_model(name, pretrained=asks), target)
    config: dict[str, Any] = getattr(made, "pretrained_cfg", None) or {}
    return made, ModelCard(
        name,
        (),
        tuple(config.get("input_size", PICTURE_SHAPE)),
        tuple(config.get("mean", IMAGENET_MEAN)),
        tuple(config.get("std", IMAGENET_STD)),
    )


def _shape_of(published: Any) -> tuple[int, ...]:
    """Return the input shape that torchvision's weights were trained for, as they say."""
    transforms = (
        published.transforms() if callable(getattr(published, "transforms", None)) else None
    )
    crop = getattr(transforms, "crop_size", None) or PICTURE_SHAPE[-1:]
    height, width = (crop[0], crop[-1])
    # Transforms of clips have two numbers, a height and a width; those of pictures have one.
    return (3, FRAMES, height, width) if len(crop) == 2 else (3, height, width)

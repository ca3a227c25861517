"""Models of Hugging Face's transformers, by model type, architecture or configuration class."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from layerwalk.targets.cards import ModelCard
from layerwalk.targets.code import first_line, made_by
from layerwalk.targets.libraries import import_library
from layerwalk.targets.tiny import make_tiny
from layerwalk_shared.errors import TargetError, nearest_hint

MOST_VALUES = 1 << 30
"""Of a model that is made from its default configuration: 4 GiB of float32."""
TOKENS = 16
"""Of the example of a model that reads text."""
SAMPLES = 8000
"""Of the example of a model that hears: half a second, mostly."""


def open_transformers(name: str, *, asks: bool) -> tuple[nn.Module, ModelCard]:
    """Return the model that `name` stands for, with random weights.

    Args:
        name: a model type (`gpt2`), an architecture (`GPT2LMHeadModel`), or a configuration class
            (`GPT2Config`).
        asks: for a tiny one; else the default configuration holds.

    Raises:
        TargetError: transformers is missing, knows no such name, making the model raised, or its
            default configuration is too large to be made by accident.
    """
    target = f"transformers:{name}"
    transformers = import_library("transformers", target)
    architecture = _architecture(transformers, name, target)
    try:
        config = architecture.config_class()
        if asks:
            make_tiny(config)
        values = _count(architecture, config)
    except Exception as error:  # it is the library's code, which may raise anything
        raise TargetError(f"{target!r}: configuring it raised {first_line(error)}") from error
    if values > MOST_VALUES:
        raise TargetError(
            f"{target!r} has {values / 1e9:.1f} billion weights with its default configuration, "
            f"more than {MOST_VALUES / 1e9:.1f}; {target}:tiny makes a small one"
        )
    made = made_by(lambda: architecture(config), target)
    example = example_for(made)
    first = next(iter(example.values()), None)
    is_text = first is not None and not first.is_floating_point()
    return made, ModelCard(
        f"{name} (tiny)" if asks else name,
        input_shape=tuple(first.shape[1:]) if first is not None else None,
        kind="text" if is_text else None,
        vocabulary=_size(config, "vocab_size") if is_text else None,
        example=example,
    )


def example_for(model: Any) -> dict[str, Tensor]:
    """Return the arguments of one forward pass, batch of one, the model's main input first.

    Empty for a model whose main input is of an unknown kind. Token ids are spread over the
    vocabulary; pictures and sounds are a fixed noise.
    """
    config = model.config
    generator = torch.Generator().manual_seed(0)
    vocabulary = _size(config, "vocab_size") or 100

    def ids() -> Tensor:
        return torch.randint(vocabulary, (1, TOKENS), generator=generator)

    side = _size(config, "image_size") or 224
    height, width = (side, side) if isinstance(side, int) else (side[0], side[-1])
    frames = (config.num_frames,) if getattr(config, "num_frames", None) else ()
    makers = {
        "input_ids": ids,
        "pixel_values": lambda: torch.rand(
            (1, *frames, _size(config, "num_channels") or 3, height, width), generator=generator
        ),
        "input_values": lambda: torch.randn((1, SAMPLES), generator=generator) / 10,
        "input_features": lambda: torch.randn(
            (
                1,
                _size(config, "num_mel_bins") or 80,
                2 * (_size(config, "max_source_positions") or 1500),
            ),
            generator=generator,
        ),
    }
    main = getattr(model, "main_input_name", "")
    if main not in makers:
        return {}
    example = {main: makers[main]()}
    sees = hasattr(config, "vision_config") or hasattr(config, "image_size")
    if sees and main == "input_ids":
        example["pixel_values"] = makers["pixel_values"]()
    if getattr(config, "is_encoder_decoder", False) and main != "pixel_values":
        example["decoder_input_ids"] = ids()
    return example


def _size(config: Any, name: str) -> Any:
    """Return a number of a configuration, or of the one within it that has it; None if none has."""
    parts = [config, *(getattr(config, f"{part}_config", None) for part in ("text", "vision"))]
    return next((found for part in parts if (found := getattr(part, name, None))), None)


def _architecture(transformers: ModuleType, name: str, target: str) -> Any:
    auto = transformers.models.auto
    types: dict[str, str] = auto.configuration_auto.CONFIG_MAPPING_NAMES
    wanted = types.get(name, name)
    found = getattr(transformers, wanted, None) if wanted in dir(transformers) else None
    if isinstance(found, type) and issubclass(found, transformers.PreTrainedConfig):
        found = auto.modeling_auto.MODEL_MAPPING.get(found, None)
        found = found[0] if isinstance(found, tuple) else found
    is_model = isinstance(found, type) and issubclass(found, transformers.PreTrainedModel)
    if is_model and getattr(found, "config_class", None) is not None:
        return found
    known = [
        *types,
        *(one for one in dir(transformers) if one.endswith(("Model", "Config")) or "For" in one),
    ]
    raise TargetError(f"{target!r}: transformers has no such model{nearest_hint(name, known)}")


def _count(architecture: Any, config: Any) -> int:
    """Return the number of weights without making them."""
    with torch.device("meta"):
        model = architecture(config)
    return sum(parameter.numel() for parameter in model.parameters())

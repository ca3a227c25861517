"""Weights from a file into a model: safetensors, or what torch reads without unpickling code."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from layerwalk_shared.errors import WeightsError

SHOWN = 3
"""Keys of each kind of mismatch that a message names."""
_NESTS = ("state_dict", "model_state_dict", "model")
"""Where training scripts put the weights inside a checkpoint."""
_PREFIX = "module."
"""What DataParallel puts before every key."""


def load_weights(model: nn.Module, path: Path) -> None:
    """Load a weights file into a model, which it has to fit exactly.

    See `fitting_weights`.

    Raises:
        WeightsError: the file cannot be read, or does not fit; names the first keys that differ.
    """
    model.load_state_dict(dict(fitting_weights(model, path)))


def fitting_weights(model: nn.Module, path: Path) -> Mapping[str, Tensor]:
    """Return the entries of a weights file, which are exactly those of a model.

    Takes safetensors files, and files of `torch.save` with `weights_only=True`: tensors and plain
    containers, never code. A checkpoint with the weights under `state_dict` or `model`, and the
    `module.` of DataParallel, are seen through.

    Raises:
        WeightsError: the file cannot be read, or does not fit; names the first keys that differ.
    """
    found = _unwrapped(_read(path), path)
    own = model.state_dict()
    missing = [key for key in own if key not in found]
    unexpected = [key for key in found if key not in own]
    shapes = [
        f"{key} is {list(found[key].shape)}, expected {list(own[key].shape)}"
        for key in own
        if key in found and found[key].shape != own[key].shape
    ]
    problems = [
        _listed("missing", missing),
        _listed("unexpected", unexpected),
        _listed("of another shape", shapes),
    ]
    if any(problems):
        raise WeightsError(
            f"{path} does not fit {type(model).__name__} ({len(own)} entries): "
            + "; ".join(text for text in problems if text)
        )
    return found


def _read(path: Path) -> Any:
    if not path.is_file():
        raise WeightsError(f"weights file {str(path)!r} does not exist")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path} holds more than tensors, and code is not unpickled: save model.state_dict()"
        ) from error
    except (OSError, RuntimeError, ValueError, EOFError, KeyError) as error:
        raise WeightsError(f"{path} cannot be read: {_first_line(error)}") from error
    except Exception as error:  # safetensors raises a class of its own that derives from Exception
        if type(error).__name__ != "SafetensorError":
            raise
        raise WeightsError(f"{path} is no safetensors file: {_first_line(error)}") from error


def _unwrapped(content: Any, path: Path) -> Mapping[str, Tensor]:
    for nest in _NESTS:
        if isinstance(content, Mapping) and isinstance(content.get(nest), Mapping):
            content = content[nest]
            break
    if not isinstance(content, Mapping) or not content:
        raise WeightsError(f"{path} holds {type(content).__name__}, expected a state_dict")
    odd = next((key for key, value in content.items() if not isinstance(value, Tensor)), None)
    if odd is not None:
        raise WeightsError(f"{path}: entry {odd!r} is no tensor; expected a state_dict")
    if all(key.startswith(_PREFIX) for key in content):
        return {key.removeprefix(_PREFIX): value for key, value in content.items()}
    return dict(content)


def _listed(what: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return f"{len(items)} {what}: {', '.join(items[:SHOWN])}{more}"


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]

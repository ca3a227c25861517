"""TARGET of the command line: which model, by name.

`module:callable`, `path.py:callable`, a name of the zoo, `torchvision:NAME` or `timm:NAME`; the
last two take `:pretrained` behind, which fetches the published weights.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from layerwalk_shared.errors import LayerwalkError, TargetError, nearest_hint

ZOO = "layerwalk_models.zoo"
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
PICTURE_SHAPE = (3, 224, 224)
MOST_COLOURS = 4


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model says of itself, as far as it does.

    Attributes:
        name: for people.
        classes: names of the outputs, or ().
        input_shape: without batch axis, or None.
        mean, std: of the picture's colours, or ().
    """

    name: str
    classes: tuple[str, ...] = ()
    input_shape: tuple[int, ...] | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()


def open_target(target: str) -> tuple[nn.Module, ModelCard]:
    """Return the model that TARGET names, and what is known of it.

    Raises:
        TargetError: there is no such file, module, callable or network; importing or calling it
            raised; or what it gave is no nn.Module. Names the nearest name.
    """
    left, colon, name = target.partition(":")
    if not colon:
        return _from_zoo(target)
    if left in ("torchvision", "timm"):
        kind, _, extra = name.partition(":")
        if extra not in ("", "pretrained"):
            raise TargetError(f"{target!r}: after the name, only :pretrained may stand")
        return (_from_torchvision if left == "torchvision" else _from_timm)(kind, bool(extra))
    if left.endswith(".py") or "/" in left:
        module = _import_file(Path(left).expanduser(), target)
    else:
        module = _import_module(left, target)
    made = _call(_attribute(module, name, target), target)
    return made, read_card(made, name)


def read_card(model: nn.Module, name: str) -> ModelCard:
    """Return what a model says of itself in its attribute `layerwalk_card`, `name` standing in.

    Raises:
        TargetError: the card has a field that cannot be meant.
    """
    card = getattr(model, "layerwalk_card", None)
    try:
        shape = getattr(card, "input_shape", None)
        return ModelCard(
            name=str(getattr(card, "name", None) or name),
            classes=tuple(str(one) for one in getattr(card, "classes", None) or ()),
            input_shape=None if shape is None else tuple(int(size) for size in shape),
            mean=tuple(float(value) for value in getattr(card, "mean", None) or ()),
            std=tuple(float(value) for value in getattr(card, "std", None) or ()),
        )
    except (TypeError, ValueError) as error:
        raise TargetError(f"layerwalk_card of {name!r}: {error}") from error


def guess_shape(model: nn.Module) -> tuple[int, ...]:
    """Return an input shape that a model may take, by its first layer; a picture by default."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            # More channels are no picture's: something before it, of another kind, makes them.
            is_first = module.in_channels <= MOST_COLOURS
            return (module.in_channels, *PICTURE_SHAPE[1:]) if is_first else PICTURE_SHAPE
        if isinstance(module, nn.Linear):
            return (module.in_features,)
    return PICTURE_SHAPE


def _from_zoo(name: str) -> tuple[nn.Module, ModelCard]:
    zoo = _import_module(ZOO, name)
    networks: dict[str, Callable[[], nn.Module]] = zoo.NETWORKS
    if name not in networks:
        raise TargetError(
            f"{name!r} is not in the zoo ({', '.join(networks)}){nearest_hint(name, networks)}; "
            "a model of yours is named module:callable or path.py:callable"
        )
    made = _call(networks[name], name)
    return made, read_card(made, name)


def _from_torchvision(name: str, is_pretrained: bool) -> tuple[nn.Module, ModelCard]:  # noqa: FBT001
    target = f"torchvision:{name}"
    models = _import_module("torchvision.models", target)
    known = models.list_models()
    if name not in known:
        raise TargetError(f"{target!r}: torchvision has no such model{nearest_hint(name, known)}")
    weights = models.get_model_weights(name).DEFAULT if is_pretrained else None
    made = _call(lambda: models.get_model(name, weights=weights), target)
    classes = tuple(weights.meta.get("categories", ())) if weights is not None else ()
    return made, ModelCard(name, classes, PICTURE_SHAPE, IMAGENET_MEAN, IMAGENET_STD)


def _from_timm(name: str, is_pretrained: bool) -> tuple[nn.Module, ModelCard]:  # noqa: FBT001
    target = f"timm:{name}"
    timm = _import_module("timm", target)
    known = timm.list_models()
    if name not in known:
        raise TargetError(f"{target!r}: timm has no such model{nearest_hint(name, known)}")
    made = _call(lambda: timm.create_model(name, pretrained=is_pretrained), target)
    config: dict[str, Any] = getattr(made, "pretrained_cfg", None) or {}
    return made, ModelCard(
        name,
        (),
        tuple(config.get("input_size", PICTURE_SHAPE)),
        tuple(config.get("mean", IMAGENET_MEAN)),
        tuple(config.get("std", IMAGENET_STD)),
    )


def _import_module(name: str, target: str) -> ModuleType:
    if str(Path.cwd()) not in sys.path and "" not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        if name == missing or name.startswith(missing + "."):
            raise TargetError(f"{target!r}: there is no module {missing!r}") from error
        raise TargetError(f"{target!r}: {name} imports {missing!r}, which is not there") from error
    except Exception as error:  # importing runs the user's code, which may raise anything
        raise TargetError(f"{target!r}: importing {name} raised {_first_line(error)}") from error


def _import_file(path: Path, target: str) -> ModuleType:
    if not path.is_file():
        raise TargetError(f"{target!r}: there is no file {str(path)!r}")
    name = f"layerwalk_target_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise TargetError(f"{target!r}: {str(path)!r} is no Python file")
    module = importlib.util.module_from_spec(spec)
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # importing runs the user's code, which may raise anything
        del sys.modules[name]
        raise TargetError(f"{target!r}: importing {path} raised {_first_line(error)}") from error
    return module


def _attribute(module: ModuleType, name: str, target: str) -> Any:
    if not hasattr(module, name):
        known = [one for one in vars(module) if not one.startswith("_")]
        raise TargetError(
            f"{target!r}: {module.__name__.removeprefix('layerwalk_target_')} has no "
            f"{name!r}{nearest_hint(name, known)}"
        )
    return getattr(module, name)


def _call(found: Any, target: str) -> nn.Module:
    if isinstance(found, nn.Module):
        return found
    if not callable(found):
        raise TargetError(f"{target!r} is a {type(found).__name__}, expected a callable")
    try:
        made = found()
    except LayerwalkError:
        raise
    except Exception as error:  # it is the user's code, which may raise anything
        raise TargetError(f"{target!r}: calling it raised {_first_line(error)}") from error
    if not isinstance(made, nn.Module):
        raise TargetError(f"{target!r} gave a {type(made).__name__}, expected an nn.Module")
    return made


def _first_line(error: BaseException) -> str:
    line = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {line}" if line else type(error).__name__

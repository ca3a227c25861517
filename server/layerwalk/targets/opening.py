"""`open_target`: from the text of a TARGET to the model it names."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from layerwalk.targets.cards import ModelCard, read_card
from layerwalk.targets.code import attribute, import_file, import_module, made_by
from layerwalk.targets.transformer import open_transformers
from layerwalk.targets.vision import open_timm, open_torchvision
from layerwalk_shared.errors import TargetError, nearest_hint

ZOO = "layerwalk_models.zoo"
LIBRARIES = {
    "torchvision": (open_torchvision, "pretrained"),
    "timm": (open_timm, "pretrained"),
    "transformers": (open_transformers, "tiny"),
}
"""What opens a name of each library, and the one word that may stand behind the name."""


def open_target(target: str) -> tuple[nn.Module, ModelCard]:
    """Return the model that TARGET names, and what is known of it.

    Raises:
        TargetError: there is no such file, module, callable or network, or the library it is of is
            not installed; importing or calling it raised; or what it gave is no nn.Module. Names
            the nearest name.
    """
    left, colon, name = target.partition(":")
    if not colon:
        return _from_zoo(target)
    if left in LIBRARIES:
        opener, word = LIBRARIES[left]
        kind, _, extra = name.partition(":")
        if extra not in ("", word):
            raise TargetError(f"{target!r}: after the name, only :{word} may stand")
        return opener(kind, asks=bool(extra))
    if left.endswith(".py") or "/" in left:
        module = import_file(Path(left).expanduser(), target)
    else:
        module = import_module(left, target)
    made = made_by(attribute(module, name, target), target)
    return made, read_card(made, name)


def _from_zoo(name: str) -> tuple[nn.Module, ModelCard]:
    networks = import_module(ZOO, name).NETWORKS
    if name not in networks:
        raise TargetError(
            f"{name!r} is not in the zoo ({', '.join(networks)}){nearest_hint(name, networks)}; "
            "a model of yours is named module:callable or path.py:callable"
        )
    made = made_by(networks[name], name)
    return made, read_card(made, name)

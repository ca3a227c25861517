"""Importing the libraries whose models can be named: one sentence where one is missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from layerwalk.targets.code import first_line
from layerwalk.targets.shim import import_torchvision
from layerwalk_shared.errors import TargetError

EXTRA = "layerwalk[integrations]"


def import_library(name: str, target: str) -> ModuleType:
    """Return the library or one of its modules.

    timm needs torchvision, and transformers fails with one that does not import, so it is
    torchvision that comes first.

    Raises:
        TargetError: it is not installed (names the extra that holds it), or its import raised.
    """
    package = name.partition(".")[0]
    try:
        try:
            import_torchvision()
        except ModuleNotFoundError as error:
            if error.name != "torchvision" or package == "torchvision":
                raise
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise TargetError(
            f"{target!r}: {error.name or name} is not installed; pip install {EXTRA!r} brings it"
        ) from error
    except Exception as error:  # importing runs the library's code, which may raise anything
        raise TargetError(f"{target!r}: importing {name} raised {first_line(error)}") from error

"""Models of the user's own code: modules and files imported, callables called."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from layerwalk_shared.errors import LayerwalkError, TargetError, nearest_hint


def import_module(name: str, target: str) -> ModuleType:
    """Return the module `name`, looked for in the working folder too.

    Raises:
        TargetError: it, or what it imports, is not there, or importing it raised.
    """
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
        raise TargetError(f"{target!r}: importing {name} raised {first_line(error)}") from error


def import_file(path: Path, target: str) -> ModuleType:
    """Return the module that a Python file is; modules beside it can be imported.

    Raises:
        TargetError: there is no such file, or importing it raised.
    """
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
        raise TargetError(f"{target!r}: importing {path} raised {first_line(error)}") from error
    return module


def attribute(module: ModuleType, name: str, target: str) -> Any:
    """Return the object `name` of a module.

    Raises:
        TargetError: it has none; names the nearest.
    """
    if not hasattr(module, name):
        known = [one for one in vars(module) if not one.startswith("_")]
        raise TargetError(
            f"{target!r}: {module.__name__.removeprefix('layerwalk_target_')} has no "
            f"{name!r}{nearest_hint(name, known)}"
        )
    return getattr(module, name)


def made_by(found: Any, target: str) -> nn.Module:
    """Return the module that `found` is, or gives when called without arguments.

    Raises:
        TargetError: it is neither, or calling it raised.
    """
    if isinstance(found, nn.Module):
        return found
    if not callable(found):
        raise TargetError(f"{target!r} is a {type(found).__name__}, expected a callable")
    try:
        made = found()
    except LayerwalkError:
        raise
    except Exception as error:  # it is the user's code, which may raise anything
        raise TargetError(f"{target!r}: calling it raised {first_line(error)}") from error
    if not isinstance(made, nn.Module):
        raise TargetError(f"{target!r} gave a {type(made).__name__}, expected an nn.Module")
    return made


def first_line(error: BaseException) -> str:
    """Return the class of an error and the first line of what it says."""
    line = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {line}" if line else type(error).__name__

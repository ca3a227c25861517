"""Lets the desktop open `layerwalk://` links with this client (on Linux: a desktop entry)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from layerwalk_shared.errors import InvalidRequestError, LayerwalkError
from layerwalk_shared.links import SCHEMES

ENTRY = "layerwalk-link.desktop"
_TOOL_S = 20.0


def register(environment: Mapping[str, str] | None = None) -> list[str]:
    """Write the desktop entry and make it the handler of our schemes; return what was done.

    Raises:
        LayerwalkError: another platform, or the folder cannot be written.
    """
    path = entry_path(os.environ if environment is None else environment)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(entry_text(sys.executable), encoding="utf-8")
    except OSError as error:
        raise InvalidRequestError(f"{path} cannot be written: {error.strerror}") from error
    done = [f"wrote {path}"]
    done += _call(["update-desktop-database", str(path.parent)])
    for scheme in SCHEMES:
        done += _call(["xdg-mime", "default", ENTRY, f"x-scheme-handler/{scheme}"])
    return done


def unregister(environment: Mapping[str, str] | None = None) -> list[str]:
    """Take the desktop entry away; return what was done.

    Raises:
        LayerwalkError: another platform, or it cannot be removed.
    """
    path = entry_path(os.environ if environment is None else environment)
    if not path.exists():
        return [f"there is no {path}"]
    try:
        path.unlink()
    except OSError as error:
        raise InvalidRequestError(f"{path} cannot be removed: {error.strerror}") from error
    return [f"removed {path}", *_call(["update-desktop-database", str(path.parent)])]


def entry_path(environment: Mapping[str, str]) -> Path:
    """Return where the desktop entry belongs.

    Raises:
        LayerwalkError: this platform has none.
    """
    if not sys.platform.startswith("linux"):
        raise LayerwalkError(
            f"links are registered on Linux only, this is {sys.platform}: "
            "open one with `layerwalk view LINK`"
        )
    home = Path(environment.get("HOME") or Path.home())
    folder = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")
    return folder / "applications" / ENTRY


def entry_text(python: str) -> str:
    """Return the desktop entry that opens links with an interpreter."""
    types = "".join(f"x-scheme-handler/{scheme};" for scheme in SCHEMES)
    command = f"{_quoted(python)} -m layerwalk_shared.command view %u"
    return "\n".join(
        [
            "[Desktop Entry]",
            "Type=Application",
            "Name=Layerwalk",
            "Comment=Walk through a live PyTorch network in 3D",
            f"Exec={command}",
            f"MimeType={types}",
            "NoDisplay=true",
            "Terminal=false",
            "",
        ]
    )


def _quoted(word: str) -> str:
    """Return a word as the Exec key of a desktop entry quotes it (Desktop Entry Specification)."""
    for letter in '\\"`$':
        word = word.replace(letter, "\\" + letter)
    return '"' + word.replace("\\", "\\\\").replace("%", "%%") + '"'


def _call(words: Sequence[str]) -> list[str]:
    """Run a tool of the desktop where there is one; return what it did, for people."""
    if shutil.which(words[0]) is None:
        return [f"{words[0]} is not installed: not run"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=_TOOL_S, check=False)
    said = " ".join((done.stderr or done.stdout).split())
    return [f"ran {' '.join(words)}" + (f": {said}" if done.returncode else "")]

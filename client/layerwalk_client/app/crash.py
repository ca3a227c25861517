"""What is left of a crash: a file with the traceback and what this machine is, and one sentence."""

from __future__ import annotations

import functools
import os
import platform
import re
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from layerwalk_client.settings import settings_path, state_folder
from layerwalk_shared.errors import LayerwalkError

KEPT = 20
"""Reports that stay; older ones go."""
_TOKEN = re.compile(r"(--token[= ])\S+")
HIDDEN = "(hidden)"

Verb = Callable[[Sequence[str]], int]


def reported(verb: Verb) -> Verb:
    """Return a verb whose crashes leave a report; what is told as one of our errors is no crash."""

    @functools.wraps(verb)
    def run(argv: Sequence[str]) -> int:
        try:
            return verb(argv)
        except LayerwalkError:
            raise
        except Exception as error:
            said = f"{type(error).__name__}: {error}".splitlines()[0]
            words = [verb.__name__, *argv]
            try:
                path = write_report(error, words)
            except OSError as failure:
                traceback.print_exception(error)
                raise LayerwalkError(
                    f"crashed ({said}); no report could be written: {failure}"
                ) from error
            raise LayerwalkError(f"crashed ({said}); a report for its makers is {path}") from error

    return run


def write_report(error: BaseException, argv: Sequence[str], *, folder: Path | None = None) -> Path:
    """Write a report of a crash; return its path.

    Args:
        error: with its traceback; its notes are told, too.
        argv: words of the command.
        folder: None: the platform's for states.

    Raises:
        OSError: it cannot be written.
    """
    folder = state_folder() / "crashes" if folder is None else folder
    folder.mkdir(parents=True, exist_ok=True)
    text = report_text(error, argv)
    path = folder / f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    path.write_text(text, encoding="utf-8", errors="backslashreplace")
    for old in sorted(folder.glob("crash-*.txt"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def report_text(error: BaseException, argv: Sequence[str]) -> str:
    """Return what a report says; tokens are hidden."""
    parts = [
        ("command", "layerwalk " + " ".join(argv)),
        ("versions", _versions()),
        ("traceback", "".join(traceback.format_exception(error))),
        ("settings", _settings()),
        ("doctor", _doctor()),
    ]
    text = "\n\n".join(f"== {title}\n{content.strip()}" for title, content in parts) + "\n"
    text = _TOKEN.sub(rf"\g<1>{HIDDEN}", text)
    for secret in (os.environ.get("LAYERWALK_TOKEN"), _given_token(argv)):
        if secret:
            text = text.replace(secret, HIDDEN)
    return text


def _given_token(argv: Sequence[str]) -> str | None:
    for word, after in zip(argv, [*argv[1:], ""], strict=True):
        if word == "--token":
            return after
        if word.startswith("--token="):
            return word.removeprefix("--token=")
    return None


def _versions() -> str:
    lines = [f"Python {sys.version}", f"{platform.platform()}"]
    for name in ("layerwalk", "numpy", "pygame-ce", "PyOpenGL", "imgui-bundle", "pydantic"):
        try:
            lines.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            lines.append(f"{name} is not installed")
    return "\n".join(lines)


def _settings() -> str:
    path = settings_path()
    try:
        return f"{path}\n{path.read_text(encoding='utf-8', errors='replace')}"
    except OSError as error:
        return f"{path}: {error.strerror}"


def _doctor() -> str:
    try:
        from layerwalk_client.app.doctor import as_text, examine

        return as_text(examine())
    except Exception as error:  # noqa: BLE001  # a report is written whatever else is broken
        return "the doctor crashed, too\n" + "".join(traceback.format_exception(error))

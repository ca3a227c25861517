"""Files beside the screenshots: written whole or not at all, never over another one."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path

from layerwalk_shared.errors import InvalidRequestError

_LONGEST = 80


def write_file(folder: Path, name: str, content: bytes, *, ending: str) -> Path:
    """Write a file of a new name; return its path.

    Args:
        folder: where; made if it is not there.
        name: what it is; letters that file systems do not like are replaced.
        content: all of it.
        ending: without the dot.

    Raises:
        InvalidRequestError: it cannot be written; nothing is left behind.
    """
    stem = re.sub(r"[^\w.,+-]+", "-", name).strip("-.")[:_LONGEST] or "result"
    draft: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, made = tempfile.mkstemp(prefix=f".{stem}-", suffix=".part", dir=folder)
        draft = Path(made)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(0o644)
        path = _free_name(folder, stem, ending)
        draft.replace(path)
        return path
    except OSError as error:
        said = error.strerror or str(error)
        raise InvalidRequestError(f"{folder / stem}.{ending} cannot be written: {said}") from error
    finally:
        if draft is not None:
            with contextlib.suppress(OSError):
                draft.unlink()


def _free_name(folder: Path, stem: str, ending: str) -> Path:
    """Return the first path that no file has."""
    taken = {entry.name for entry in folder.iterdir()}
    names = (f"{stem}{'' if n == 1 else f'-{n}'}.{ending}" for n in range(1, len(taken) + 2))
    return folder / next(name for name in names if name not in taken)

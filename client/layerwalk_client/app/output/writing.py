"""Pictures and folders as files: whole or not at all; the ending names the format."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from layerwalk_shared.errors import InvalidRequestError

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


def write_picture(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write a picture whole or not at all; the ending names the format.

    Args:
        path: of the file.
        pixels: uint8 `[H, W, 3]`.

    Raises:
        InvalidRequestError: an unknown ending, or the file cannot be written.
    """
    kind = format_of(path)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **({"quality": 92} if kind == "JPEG" else {}))
    with drafted(path) as draft:
        draft.write_bytes(buffer.getvalue())


def check_writable(path: Path) -> None:
    """Refuse at once what could not be written after all the work.

    Raises:
        InvalidRequestError: it is a folder, there is no folder to write it in, or a read-only one.
    """
    if path.is_dir():
        raise InvalidRequestError(f"{path} is a folder, expected a file to write")
    folder = path.parent
    if not folder.is_dir():
        raise InvalidRequestError(f"{path} cannot be written: there is no folder {folder}")
    if not os.access(folder, os.W_OK):
        raise InvalidRequestError(f"{path} cannot be written: the folder is read-only")


def format_of(path: Path) -> str:
    """Return Pillow's name of the format that the ending stands for.

    Raises:
        InvalidRequestError: it stands for none of ours.
    """
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise InvalidRequestError(
            f"{path}: pictures end in {', '.join(FORMATS)}, not in {path.suffix or 'nothing'!r}"
        )
    return found


@contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """Yield an empty file beside `path` that takes its place at the end; nothing is left of it
    when something is raised, an interruption from the keyboard too.

    Raises:
        InvalidRequestError: it cannot be written.
    """
    draft: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
        os.close(handle)
        draft = Path(name)
        draft.chmod(0o644)
        yield draft
        draft.replace(path)
    except OSError as error:
        said = error.strerror or str(error)
        raise InvalidRequestError(f"{path} cannot be written: {said}") from error
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)


@contextmanager
def drafted_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path` that takes its place at the end; like `drafted`.

    Raises:
        InvalidRequestError: `path` holds something already, or cannot be written.
    """
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise InvalidRequestError(f"{path} holds something already: name a new or empty folder")
    draft: Path | None = None
    try:
        draft = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-"))
        draft.chmod(0o755)
        yield draft
        if path.is_dir():
            path.rmdir()
        draft.replace(path)
    except OSError as error:
        said = error.strerror or str(error)
        raise InvalidRequestError(f"{path} cannot be written: {said}") from error
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)

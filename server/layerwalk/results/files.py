"""The files of results: safetensors that carry their own key and record, named by their checksum.

So a file can be judged alone, and an index that is lost can be made again from them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from layerwalk.results.key import ResultKey, canonical_json
from layerwalk.results.result import Result
from layerwalk_shared.errors import LayerwalkError

FORMAT = 1
_ABOUT = "layerwalk"
"""The one entry of the metadata: several would be written in any order."""
_NAME = re.compile(r"([0-9a-f]{64})-[0-9a-f]{16}\.safetensors")
_PART = re.compile(r"[0-9a-f]{64}-[0-9a-f]{16}\.part")


def is_result(name: str) -> bool:
    """Return whether a file name is that of a result."""
    return _NAME.fullmatch(name) is not None


def is_part(name: str) -> bool:
    """Return whether a file name is that of a result that is not written whole."""
    return _PART.fullmatch(name) is not None


def encode(key: ResultKey, result: Result) -> bytes:
    """Return the content of a result's file."""
    arrays: dict[str, Any] = {"image": result.image}
    if result.frames is not None:
        arrays["frames"] = result.frames
        arrays["frame_steps"] = np.array(result.frame_steps, np.int64)
    about = {"format": FORMAT, "key": key.text, "record": result.record}
    return save(arrays, {_ABOUT: canonical_json(about)})


def decode(data: bytes, *, name: str) -> tuple[ResultKey, Result] | None:
    """Return what a file of that name holds; None where it is damaged or of another format."""
    match = _NAME.fullmatch(name)
    if match is None or hashlib.sha256(data).hexdigest() != match[1]:
        return None
    try:
        length = int.from_bytes(data[:8], "little")
        about = json.loads(json.loads(data[8 : 8 + length])["__metadata__"][_ABOUT])
        if about["format"] != FORMAT:
            return None
        arrays = load(data)
        frames = arrays.get("frames")
        result = Result(
            arrays["image"],
            about["record"],
            frames=frames,
            frame_steps=() if frames is None else tuple(arrays["frame_steps"].tolist()),
        )
        return ResultKey.from_text(about["key"]), result
    except (ValueError, KeyError, TypeError, SafetensorError, LayerwalkError):
        return None


def new_name(data: bytes) -> str:
    """Return a name for a file with that content, which no other file has."""
    return f"{hashlib.sha256(data).hexdigest()}-{secrets.token_hex(8)}.safetensors"


def write(folder: Path, name: str, data: bytes, *, used_ns: int) -> None:
    """Write a file whole and durably; until it is, it has another name.

    Args:
        folder: there.
        name: see `new_name`.
        data: its content.
        used_ns: when it was last used, nanoseconds since 1970; kept as its time.

    Raises:
        OSError: the disk is full, or the folder is gone or not writable.
    """
    part = folder / f"{name.removesuffix('.safetensors')}.part"
    with part.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.utime(part, ns=(used_ns, used_ns))
    part.rename(folder / name)
    _sync_folder(folder)


def remove(folder: Path, name: str) -> None:
    """Remove a file, and what there is of it under its first name; nothing where it is gone."""
    for path in (folder / name, folder / f"{name.removesuffix('.safetensors')}.part"):
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder cannot be opened
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

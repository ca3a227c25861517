"""Servers that one was at, the last first: a line each in the platform's folder for states."""

from __future__ import annotations

from pathlib import Path

from layerwalk_client.settings import state_folder
from layerwalk_client.source.connection import Address
from layerwalk_shared.errors import LayerwalkError

KEPT = 8
MAX_BYTES = 65_536


def known_path() -> Path:
    """Return where they are kept."""
    return state_folder() / "servers.txt"


def read_known(path: Path) -> tuple[str, ...]:
    """Return the servers in a file; what is no address is passed over, no file is none."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES).decode(errors="replace")
    except OSError:
        return ()
    found: dict[str, None] = {}
    for line in text.splitlines():
        if not line.isascii():
            continue
        try:
            found[str(Address.parse(line.strip()))] = None
        except LayerwalkError:
            continue
    return tuple(found)[:KEPT]


def note_known(path: Path, url: str) -> None:
    """Write a server before all others; a folder that cannot be written keeps nothing."""
    url = str(Address.parse(url))
    kept = [url, *(one for one in read_known(path) if one != url)][:KEPT]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{one}\n" for one in kept), encoding="utf-8")
    except OSError:
        return

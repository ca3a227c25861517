"""What an experiment has measured so far: a JSON file that is written whole after every part."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from layerwalk_shared.errors import InvalidRequestError


class Ledger:
    """Parts of an experiment by name. Mutable, owned by the script that measures.

    A script that was stopped begins again with what is in the file. Numbers of another set-up are
    never mixed with these.

    Args:
        path: of the file; made with its folder when the first part is kept.
        setup: every number that the parts depend on.

    Raises:
        InvalidRequestError: the file holds parts of another set-up.
    """

    def __init__(self, path: Path, setup: Mapping[str, Any]) -> None:
        self._path = path
        self._setup = json.loads(json.dumps(setup))
        self._parts: dict[str, Any] = {}
        if path.exists():
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["setup"] != self._setup:
                raise InvalidRequestError(
                    f"{path} holds numbers of another set-up ({kept['setup']}), "
                    f"expected {self._setup}; remove it or name another folder"
                )
            self._parts = kept["parts"]

    @property
    def parts(self) -> Mapping[str, Any]:
        """Name of a part -> what was measured."""
        return self._parts

    def keep(self, name: str, measured: object) -> None:
        """Add a part and write the file; one that was there before stays whole until then."""
        self._parts[name] = measured
        write_json(self._path, {"setup": self._setup, "parts": self._parts})


def write_json(path: Path, content: object) -> None:
    """Write a JSON file, in place of the old one only once it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(path.suffix + ".new")
    beside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)

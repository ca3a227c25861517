"""Snapshots on disk: one NPZ file each, brought back as they were.

A file holds the exact values of every node and, as text, the manifest. It holds no objects, and
none are read.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from layerwalk.snapshots import Snapshot, Values
from layerwalk_shared.errors import GoneError
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import InputSpec, SnapshotManifest

_MANIFEST = "manifest"


@dataclass(frozen=True, slots=True)
class _Entry:
    path: Path
    network: str
    graph: Graph
    input: InputSpec


class SnapshotArchive:
    """Snapshots in one folder. Mutable; `put` on the model thread, `get` on any.

    Args:
        folder: made where it does not exist; files of other sessions in it are left alone.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._entries: dict[str, _Entry] = {}
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Nothing more is written; what is here can still be read."""
        return self._is_closed

    def close(self) -> None:
        self._is_closed = True

    def __contains__(self, snapshot_id: object) -> bool:
        return snapshot_id in self._entries

    def put(self, snapshot: Snapshot) -> Path:
        """Write a snapshot; return its file. What cannot be written whole is not left half.

        Raises:
            OSError: the disk is full, or the folder is gone.
        """
        manifest = snapshot.manifest
        path = self._folder / f"step-{manifest.step or 0:09d}-{manifest.id}.npz"
        arrays: dict[str, NDArray[np.generic]] = {
            str(index): array
            for index, array in enumerate(snapshot.values)
            if array is not None and manifest.nodes[index].same_as is None
        }
        text = np.frombuffer(manifest.model_dump_json().encode(), np.uint8)
        half = path.with_suffix(".part")
        try:
            with half.open("wb") as file:
                np.savez(file, **{_MANIFEST: text}, **arrays)  # type: ignore[arg-type]
            half.rename(path)
        except OSError:
            half.unlink(missing_ok=True)
            raise
        self._entries[manifest.id] = _Entry(path, manifest.network, snapshot.graph, snapshot.input)
        return path

    def forget(self, network: str) -> None:
        """Bring no snapshot of a network back any more; their files stay."""
        self._entries = {
            key: entry for key, entry in self._entries.items() if entry.network != network
        }

    def get(self, snapshot_id: str) -> Snapshot:
        """Return a snapshot that was put here.

        Raises:
            KeyError: it was not.
            GoneError: its file cannot be read any more.
        """
        entry = self._entries[snapshot_id]
        try:
            with np.load(entry.path, allow_pickle=False) as file:
                manifest = SnapshotManifest.model_validate_json(file[_MANIFEST].tobytes())
                arrays = {name: file[name] for name in file.files if name != _MANIFEST}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise GoneError(
                f"snapshot {snapshot_id!r} was kept in {entry.path.name}, which cannot be read: "
                f"{error}"
            ) from error
        return Snapshot(manifest, entry.graph, _values(manifest, arrays), entry.input)


def _values(
    manifest: SnapshotManifest, arrays: dict[str, NDArray[np.generic]]
) -> tuple[Values | None, ...]:
    values: list[Values | None] = []
    for index, node in enumerate(manifest.nodes):
        values.append(arrays.get(str(index)) if node.same_as is None else values[node.same_as])
    return tuple(values)

"""Results that can be told from their key and a version alone, and a check of a whole folder."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import numpy as np

from layerwalk.results import Result, ResultCache, ResultKey

STEPS = (0, 10, 20)


def key(channel: int | None = 0, **changes: object) -> ResultKey:
    fields: dict[str, object] = {
        "fingerprint": "f1",
        "node": "layer1.0.conv1",
        "channel": channel,
        "recipe": '{"name": "walk", "rate": 20.0, "steps": 200}',
        "start": "noise",
        "seed": 0,
        "shape": (3, 16, 16),
    }
    return ResultKey(**{**fields, **changes})  # type: ignore[arg-type]


def result(of: ResultKey, version: int = 0) -> Result:
    """Return what is kept under a key; another version has other values everywhere."""
    seed = int.from_bytes(hashlib.sha256(f"{of.text} {version}".encode()).digest()[:8], "little")
    rng = np.random.default_rng(seed)
    return Result(
        rng.normal(size=of.shape).astype(np.float32),
        {"version": version, "activation": float(rng.normal()), "notes": ["é", None, [1, 2.5]]},
        frames=rng.integers(0, 256, (len(STEPS), *of.shape), np.uint8),
        frame_steps=STEPS,
    )


def check_equal(found: Result | None, wanted: Result) -> None:
    assert found is not None
    assert found.image.dtype == np.float32
    assert found.image.tobytes() == wanted.image.tobytes()
    assert found.image.shape == wanted.image.shape
    assert found.record == wanted.record
    assert (found.frames is None) == (wanted.frames is None)
    if found.frames is not None and wanted.frames is not None:
        assert found.frames.dtype == wanted.frames.dtype
        assert np.array_equal(found.frames, wanted.frames)
    assert found.frame_steps == wanted.frame_steps


def check_index(folder: Path) -> None:
    """See that each row of an index has its file before anything is swept."""
    database = sqlite3.connect(folder / "index.sqlite")
    try:
        rows = database.execute("SELECT file, nbytes FROM results").fetchall()
    finally:
        database.close()
    for file, nbytes in rows:
        assert (folder / "files" / file).stat().st_size == nbytes, file


def check_folder(folder: Path, *, budget_bytes: int) -> dict[int | None, int]:
    """Open a folder; see that it holds whole results and nothing else. Return channel -> version."""
    versions: dict[int | None, int] = {}
    with ResultCache(folder, budget_bytes=budget_bytes) as cache:
        summaries = cache.find()
        assert len(summaries) == len(cache)
        assert cache.nbytes <= budget_bytes
        files = list((folder / "files").iterdir())
        assert len(files) == len(summaries), "leftovers"
        assert {path.suffix for path in files} <= {".safetensors"}
        assert sum(path.stat().st_size for path in files) == cache.nbytes
        for summary in summaries:
            version = summary.record["version"]
            assert cache.contains(summary.key)
            check_equal(cache.get(summary.key), result(summary.key, version))
            versions[summary.key.channel] = version
        assert len(cache) == len(summaries)
    return versions

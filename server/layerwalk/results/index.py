"""The index of results: which file holds which key, as one SQLite table.

A rollback journal, no write-ahead log: it needs no shared memory, so the folder may lie on a disk
of another machine, and no more files than one.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layerwalk.results.key import ResultKey, canonical_json
from layerwalk.results.result import Summary

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE results (
    digest TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, node TEXT NOT NULL, key TEXT NOT NULL,
    record TEXT NOT NULL, file TEXT NOT NULL UNIQUE, nbytes INTEGER NOT NULL
);
CREATE INDEX by_node ON results (fingerprint, node);
"""
_BROKEN = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""Primary result codes of a file that is not, or no longer, this index."""


@dataclass(frozen=True, slots=True)
class Row:
    """A file of the index."""

    file: str
    nbytes: int


def is_broken(error: sqlite3.Error) -> bool:
    """Return whether an error says that the index is to be made anew."""
    return _code(error) in _BROKEN


def is_busy(error: sqlite3.Error) -> bool:
    """Return whether an error says that another process writes."""
    return _code(error) == sqlite3.SQLITE_BUSY


def is_full(error: sqlite3.Error) -> bool:
    """Return whether an error says that the disk is full."""
    return _code(error) == sqlite3.SQLITE_FULL


def _code(error: sqlite3.Error) -> int:
    code: int = getattr(error, "sqlite_errorcode", None) or 0
    return code & 0xFF


class Index:
    """The table. Mutable, one connection; whoever calls it sees to it that one thread does at once.

    Args:
        path: of the file; made where there is none.
        busy_s: longest wait for other processes, seconds.

    Raises:
        sqlite3.Error: it cannot be opened, or `is_broken`.
    """

    def __init__(self, path: Path, *, busy_s: float) -> None:
        self._path = path
        self._busy_s = busy_s
        self._database = sqlite3.connect(
            path, timeout=busy_s, isolation_level=None, check_same_thread=False
        )
        try:
            self._database.execute("PRAGMA synchronous = FULL")
            found = self._database.execute("PRAGMA quick_check(1)").fetchone()
            if found != ("ok",):
                raise _broken(f"the index is damaged: {found[0]}")
            if self._version() not in (0, SCHEMA_VERSION):
                raise _broken(f"index of version {self._version()}, expected {SCHEMA_VERSION}")
            self._identity = _identity(path)
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        self._database.close()

    @property
    def is_current(self) -> bool:
        """Whether the file is still the one that was opened."""
        return self._identity is not None and _identity(self._path) == self._identity

    @property
    def is_new(self) -> bool:
        """Whether it has no table yet."""
        return self._version() == 0

    def begin(self) -> None:
        """Make the table; within `writing`."""
        for statement in _SCHEMA.split(";"):
            self._database.execute(statement)
        self._database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextmanager
    def writing(self, *, wait_s: float | None = None) -> Iterator[None]:
        """All or nothing, and no other process writes meanwhile.

        Args:
            wait_s: longest wait for the lock, seconds; as long as for everything by default.

        Raises:
            sqlite3.Error: another process is too long about it, the disk is full.
        """
        self._wait(self._busy_s if wait_s is None else min(wait_s, self._busy_s))
        try:
            self._database.execute("BEGIN IMMEDIATE")
        finally:
            self._wait(self._busy_s)
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    @contextmanager
    def without_journal(self) -> Iterator[None]:
        """Write without the journal, for which a full disk has no room.

        A process that is killed while it writes so may leave a broken index, to be made anew.
        """
        self._database.execute("PRAGMA journal_mode = MEMORY")
        try:
            yield
        finally:
            self._database.execute("PRAGMA journal_mode = DELETE")

    def row(self, digest: str) -> Row | None:
        """Return where the key of that digest is kept."""
        found = self._database.execute(
            "SELECT file, nbytes FROM results WHERE digest = ?", (digest,)
        ).fetchone()
        return None if found is None else Row(*found)

    def rows(self) -> list[Row]:
        """Return all files."""
        return [Row(*one) for one in self._database.execute("SELECT file, nbytes FROM results")]

    def totals(self) -> tuple[int, int]:
        """Return how many there are, and their bytes together."""
        count, nbytes = self._database.execute(
            "SELECT COUNT(*), COALESCE(SUM(nbytes), 0) FROM results"
        ).fetchone()
        return count, nbytes

    def put(self, key: ResultKey, record: Any, row: Row) -> None:
        """Enter a file; it takes the place of one of the same key."""
        self._database.execute(
            "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                key.digest,
                key.fingerprint,
                key.node,
                key.text,
                canonical_json(record),
                row.file,
                row.nbytes,
            ),
        )

    def remove(self, files: Iterable[str]) -> None:
        """Take files out."""
        self._database.executemany(
            "DELETE FROM results WHERE file = ?", [(file,) for file in files]
        )

    def summaries(self, *, fingerprint: str | None, node: str | None) -> list[tuple[Summary, str]]:
        """Return what is told of the results of a network, a node or all, each with its file."""
        found = self._database.execute(
            "SELECT key, record, nbytes, file FROM results "
            "WHERE fingerprint = COALESCE(?, fingerprint) AND node = COALESCE(?, node)",
            (fingerprint, node),
        )
        return [
            (Summary(ResultKey.from_text(key), json.loads(record), nbytes), file)
            for key, record, nbytes, file in found
        ]

    def _wait(self, wait_s: float) -> None:
        self._database.execute(f"PRAGMA busy_timeout = {round(wait_s * 1000)}")

    def _version(self) -> int:
        return int(self._database.execute("PRAGMA user_version").fetchone()[0])


def discard(path: Path) -> None:
    """Remove an index that is broken, and the journal that could not mend it."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _broken(sentence: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(sentence)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino

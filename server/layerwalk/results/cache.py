"""The cache of results: an index and files in one folder that several processes may share.

How it survives a kill at any moment: a file is written under another name, synced, renamed, and
only then entered in the index; one that leaves is taken out of the index first. All of that
happens under the write lock of the index, which ends with the process that holds it. So under that
lock, every file that the index does not know is a leftover of a process that is gone, and may be
swept.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from layerwalk.results import files
from layerwalk.results.index import Index, Row, discard, is_broken, is_busy, is_full
from layerwalk.results.key import ResultKey
from layerwalk.results.result import Result, Summary
from layerwalk_shared.errors import (
    ClosedError,
    InvalidRequestError,
    LayerwalkError,
    StorageError,
    TooLargeError,
)

DEFAULT_BUDGET_BYTES = 2 * 2**30
BUSY_S = 30.0
"""Longest wait for other processes."""
SWEEP_WAIT_S = 1.0
"""Longest wait before a cache is opened without being swept."""
_ATTEMPTS = 3
"""Times that an entry is looked up while others change it."""
T = TypeVar("T")
_LOG = logging.getLogger(__name__)


def default_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Return where results are kept on this platform, for this user."""
    environment = os.environ if environment is None else environment
    home = Path(environment.get("HOME") or Path.home())
    if sys.platform == "win32":
        base = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:  # the XDG specification has relative paths ignored
        told = Path(environment.get("XDG_CACHE_HOME") or "")
        base = told if told.is_absolute() else home / ".cache"
    return base / "layerwalk" / "results"


class ResultCache:
    """Finished results by key; the least recently used go first where there are too many bytes.

    Mutable; any thread, any number of processes. It is not carried through a fork: open another
    one there.

    Args:
        folder: made where it does not exist; `default_folder()` by default.
        budget_bytes: of all files together.
        busy_s: longest wait for other processes that write, seconds.

    Raises:
        StorageError: the folder is a file, or cannot be made or written.
        InvalidRequestError: the budget is none.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        budget_bytes: int = DEFAULT_BUDGET_BYTES,
        busy_s: float = BUSY_S,
    ) -> None:
        if budget_bytes <= 0:
            raise InvalidRequestError(f"budget of {budget_bytes} bytes, expected more than 0")
        self.folder = default_folder() if folder is None else folder
        self._files = self.folder / "files"
        self._path = self.folder / "index.sqlite"
        self._budget = budget_bytes
        self._busy_s = busy_s
        self._lock = threading.RLock()
        self._index: Index | None = None
        self._is_closed = False
        self._used_ns = 0
        try:
            self._run(lambda _: None, f"the result cache {self.folder} cannot be opened")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> ResultCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return self._run(lambda index: index.totals()[0], "results cannot be counted")

    @property
    def nbytes(self) -> int:
        """Bytes of all files together."""
        return self._run(lambda index: index.totals()[1], "results cannot be counted")

    def get(self, key: ResultKey) -> Result | None:
        """Return a result, whole and as it was put; None where it is not here.

        One whose file is gone or damaged is not here any more.

        Raises:
            StorageError: the disk cannot be read.
            ClosedError: the cache is closed.
        """
        for _ in range(_ATTEMPTS):
            row = self._row(key)
            if row is None:
                return None
            path = self._files / row.file
            try:
                data = path.read_bytes()
            except (FileNotFoundError, IsADirectoryError):
                data = b""  # another process has let it go, or somebody has deleted it
            except OSError as error:
                raise _storage_error(f"{_told(key)} cannot be read", error) from error
            found = files.decode(data, name=row.file)
            if found is not None and found[0] == key:
                with suppress(OSError):  # it has gone since; what was read is whole
                    now_ns = self._now_ns()
                    os.utime(path, ns=(now_ns, now_ns))
                return found[1]
            self._forget(row.file)
        return None

    def contains(self, key: ResultKey) -> bool:
        """Return whether a result is here, without reading it.

        Raises:
            StorageError, ClosedError: as for `get`.
        """
        row = self._row(key)
        return row is not None and self._is_there(row)

    def put(self, key: ResultKey, result: Result) -> None:
        """Keep a result; it takes the place of an earlier one of the same key.

        Raises:
            StorageError: the disk is full or cannot be written; all that was kept is still here.
            TooLargeError: it has more bytes than the budget.
            ClosedError: the cache is closed.
        """
        data = files.encode(key, result)
        if len(data) > self._budget:
            raise TooLargeError(
                f"{_told(key)} has {len(data)} bytes, the cache keeps {self._budget}"
            )
        name = files.new_name(data)
        self._run(
            lambda index: self._write(index, key, result, name=name, data=data),
            f"{_told(key)} cannot be kept in {self.folder}",
        )

    def find(
        self, *, fingerprint: str | None = None, node: str | None = None
    ) -> tuple[Summary, ...]:
        """Return what is told of the results of a network, a node or all, without their images.

        In order of node, channel, and key.

        Raises:
            StorageError, ClosedError: as for `get`.
        """
        found = self._run(
            lambda index: index.summaries(fingerprint=fingerprint, node=node),
            "results cannot be listed",
        )
        there = [one for one, file in found if self._is_there(Row(file, one.nbytes))]
        return tuple(sorted(there, key=_order))

    def clear(self) -> None:
        """Remove all results, also where the disk is full.

        Raises:
            StorageError, ClosedError: as for `put`.
        """

        def empty(index: Index) -> list[str]:
            with index.writing():
                names = [row.file for row in index.rows()]
                index.remove(names)
            return names

        def clear(index: Index) -> None:
            try:
                names = empty(index)
            except sqlite3.Error as error:
                if not is_full(error):
                    raise
                with index.without_journal():
                    names = empty(index)
            self._unlink(names)

        self._run(clear, f"the result cache {self.folder} cannot be cleared")

    def close(self) -> None:
        """Let go of the index; the results stay. A closed cache answers no more."""
        with self._lock:
            self._is_closed = True
            self._let_go()

    def _row(self, key: ResultKey) -> Row | None:
        return self._run(lambda index: index.row(key.digest), f"{_told(key)} cannot be looked up")

    def _is_there(self, row: Row) -> bool:
        try:
            return (self._files / row.file).stat().st_size == row.nbytes
        except OSError:
            return False

    def _write(
        self, index: Index, key: ResultKey, result: Result, *, name: str, data: bytes
    ) -> None:
        try:
            with index.writing():
                before = index.row(key.digest)
                files.write(self._files, name, data, used_ns=self._now_ns())
                index.put(key, result.record, Row(name, len(data)))
                gone = self._thin(index, keeps=name)
        except BaseException:
            with suppress(sqlite3.Error, OSError):  # what cannot be told or removed is swept later
                if index.row(key.digest) != Row(name, len(data)):
                    files.remove(self._files, name)
            raise
        self._unlink(gone if before is None else [before.file, *gone])

    def _thin(self, index: Index, *, keeps: str | None = None) -> list[str]:
        """Take out of the index what is too much; return the files, which are still there."""
        over = index.totals()[1] - self._budget
        if over <= 0:
            return []
        gone: list[str] = []
        others = [row for row in index.rows() if row.file != keeps]
        for row in sorted(others, key=self._last_use_ns):
            if over <= 0:
                break
            gone.append(row.file)
            over -= row.nbytes
        index.remove(gone)
        return gone

    def _last_use_ns(self, row: Row) -> int:
        try:
            return (self._files / row.file).stat().st_mtime_ns
        except OSError:
            return 0

    def _now_ns(self) -> int:
        with self._lock:  # no two uses at one time, however coarse the clock
            self._used_ns = max(time.time_ns(), self._used_ns + 1)
            return self._used_ns

    def _forget(self, name: str) -> None:
        """Take a damaged file out of the index and remove it."""

        def forget(index: Index) -> None:
            with index.writing():
                index.remove([name])
            self._unlink([name])

        try:
            self._run(forget, f"a damaged result, {name}, cannot be removed")
        except StorageError as error:  # a miss all the same; the next reader tries again
            _LOG.warning("%s", error)

    def _unlink(self, names: Iterable[str]) -> None:
        for name in names:
            with suppress(OSError):  # no longer in the index; swept at the next opening
                files.remove(self._files, name)

    def _run(self, action: Callable[[Index], T], what: str) -> T:
        """Do something with the index; make it anew, once, where it turns out to be broken."""
        with self._lock:
            try:
                try:
                    return action(self._current())
                except sqlite3.Error as error:
                    if not is_broken(error):
                        raise
                    _LOG.warning("the index of %s is made anew: %s", self.folder, error)
                self._discard()
                return action(self._current())
            except (sqlite3.Error, OSError) as error:
                if isinstance(error, LayerwalkError):
                    raise
                raise _storage_error(what, error) from error

    def _current(self) -> Index:
        """Return the index, opened where it is not, or where its file is another than before."""
        if self._is_closed:
            raise ClosedError(f"the result cache {self.folder} is closed")
        if self._index is not None and not self._index.is_current:
            self._let_go()
        if self._index is None:
            self._files.mkdir(parents=True, exist_ok=True)
            self._index = Index(self._path, busy_s=self._busy_s)
            self._sweep(self._index)
        return self._index

    def _let_go(self) -> None:
        if self._index is not None:
            self._index.close()
            self._index = None

    def _discard(self) -> None:
        is_replaced = self._index is not None and not self._index.is_current
        self._let_go()
        if not is_replaced:
            discard(self._path)

    def _sweep(self, index: Index) -> None:
        """Make index and files agree, where no other process writes: what is left over can wait."""
        is_new = index.is_new
        try:
            self._settle(index, wait_s=self._busy_s if is_new else SWEEP_WAIT_S)
        except sqlite3.Error as error:
            if is_new or not is_busy(error):
                raise

    def _settle(self, index: Index, *, wait_s: float) -> None:
        """Fill a new index, sweep what is left over, keep the budget."""
        with index.writing(wait_s=wait_s):
            there = {path.name for path in self._files.iterdir()}
            if index.is_new:
                index.begin()
                self._fill(index, there)
            known = {row.file for row in index.rows()}
            index.remove(known - there)
            gone = self._thin(index)
            left = (name for name in there - known if files.is_result(name) or files.is_part(name))
            self._unlink(left)
        self._unlink(gone)

    def _fill(self, index: Index, names: Iterable[str]) -> None:
        for name in sorted(filter(files.is_result, names)):
            path = self._files / name
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                continue
            found = files.decode(data, name=name)
            if found is not None:
                index.put(found[0], found[1].record, Row(name, len(data)))


def _order(one: Summary) -> tuple[str, int, str]:
    key = one.key
    return key.node, -1 if key.channel is None else key.channel, key.text


def _told(key: ResultKey) -> str:
    unit = "" if key.channel is None else f", channel {key.channel}"
    return f"the result of node {key.node!r}{unit}"


def _storage_error(what: str, error: Exception) -> StorageError:
    if isinstance(error, sqlite3.Error) and is_busy(error):
        reason = "another process is writing there and did not come to an end"
    else:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return StorageError(f"{what}: {reason}")

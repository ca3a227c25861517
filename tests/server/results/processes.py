"""Processes that write results and are ended in hard ways; run as `python processes.py ROLE FOLDER`.

A process of its own, without torch and threads, so that it may fork: each child is a writer, and
its parent kills it and looks at what is left. A role that finds something wrong raises; one that
ends well prints one line of JSON.
"""

from __future__ import annotations

import errno
import json
import os
import random
import resource
import select
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import layerwalk.results
from layerwalk.results import Result, ResultCache
from layerwalk_shared.errors import StorageError
from server.results.sample import check_equal, check_folder, check_index, key, result

BUDGET_BYTES = 20_000
"""Room for three results."""
KILLS = 15
LONGEST_S = 0.08
"""Of a writer's life after its first result, about three puts."""
CHANGING = ("_write", "_settle", "_thin", "_unlink", "writing", "begin", "put", "write", "remove")
PACKAGE = str(Path(layerwalk.results.__file__).parent)


def run(role: str, folder: Path, *, prefix: tuple[str, ...] = ()) -> Any:
    """Run a role in a process of its own; return what it prints."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [*prefix, sys.executable, __file__, role, str(folder)],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def forked(work: Callable[[], object]) -> int:
    """Run something in a child; return its process id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)


def ended(child: int) -> int:
    """Wait for a child; return its exit status, negative: the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def put_for_ever(folder: Path, done: int, *, version: int) -> None:
    """Put results of six units, of which half find room; tell of each that is put."""
    with ResultCache(folder, budget_bytes=BUDGET_BYTES) as cache:
        while True:
            for channel in range(6):
                cache.put(key(channel), result(key(channel), version))
                os.write(done, b"%d %d\n" % (channel, version))
            version += 1


def kill_at_random(folder: Path) -> dict[str, int]:
    """Kill writers after a random while each; look at what is left."""
    rng = random.Random(4)
    lines = 0
    for life in range(KILLS):
        reader, writer = os.pipe()
        child = forked(lambda: put_for_ever(folder, writer, version=1000 * life))  # noqa: B023
        os.close(writer)
        first = os.read(reader, 1)  # it is at work
        assert first, "the writer ended by itself"
        select.select([], [], [], rng.uniform(0, LONGEST_S))
        os.kill(child, signal.SIGKILL)
        assert ended(child) == -signal.SIGKILL
        told = first + b"".join(iter(lambda: os.read(reader, 65536), b""))  # noqa: B023
        os.close(reader)
        check_index(folder)
        versions = check_folder(folder, budget_bytes=BUDGET_BYTES)
        put = [tuple(map(int, line.split())) for line in told.splitlines()]
        lines += len(put)
        for channel, version in put[-2:]:  # the last ones had no reason to go
            assert versions[channel] >= version, (put[-3:], versions)
    return {"kills": KILLS, "puts": lines}


class LineKiller:
    """Kills its process at the n-th line that is run of the functions that change the folder.

    A line that is run again and again counts three times at most: sweeping, replacing, letting go.
    """

    def __init__(self, lines: int) -> None:
        self._left = lines
        self._runs: Counter[tuple[str, int]] = Counter()

    def __call__(self, frame: FrameType, event: str, _: object) -> Any:
        code = frame.f_code
        if not code.co_filename.startswith(PACKAGE) or code.co_name not in CHANGING:
            return None
        if event == "line":
            place = code.co_filename, frame.f_lineno
            self._runs[place] += 1
            self._left -= self._runs[place] <= 3
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def kill_at_every_line(folder: Path) -> dict[str, int]:
    """Kill a writer at every line of opening, sweeping, replacing, letting go; see what is left."""
    template = folder / "template"
    with ResultCache(template, budget_bytes=BUDGET_BYTES) as cache:
        for channel in range(3):
            cache.put(key(channel), result(key(channel)))
    leftover = next((template / "files").iterdir()).read_bytes()
    for suffix in ("part", "safetensors"):
        (template / "files" / f"{'a' * 64}-{'b' * 16}.{suffix}").write_bytes(leftover)

    def write(place: Path, lines: int) -> None:
        sys.settrace(LineKiller(lines))
        with ResultCache(place, budget_bytes=BUDGET_BYTES) as cache:
            cache.put(key(1), result(key(1), 1))
            cache.put(key(3), result(key(3), 1))  # the first has to go

    seen: list[dict[int | None, int]] = []
    status = -signal.SIGKILL
    while status == -signal.SIGKILL:
        place = folder / str(len(seen))
        shutil.copytree(template, place)
        status = ended(forked(lambda: write(place, len(seen) + 1)))  # noqa: B023
        check_index(place)
        seen.append(check_folder(place, budget_bytes=BUDGET_BYTES))
        shutil.rmtree(place)
    assert status == 0
    states = [found for place, found in enumerate(seen) if place == 0 or found != seen[place - 1]]
    assert states == [{0: 0, 1: 0, 2: 0}, {0: 0, 1: 1, 2: 0}, {1: 1, 2: 0, 3: 1}]
    return {"lines": len(seen)}


def be_two(folder: Path) -> dict[str, int]:
    """Two processes put and get in one folder, which has no room for all."""

    def work(which: int) -> None:
        rng = random.Random(which)
        with ResultCache(folder, budget_bytes=BUDGET_BYTES) as cache:
            for turn in range(25):
                channel = rng.randrange(5)
                cache.put(key(channel), result(key(channel), 1000 * which + turn))
                for other in range(5):
                    found = cache.get(key(other))
                    if found is not None:
                        check_equal(found, result(key(other), found.record["version"]))

    children = [forked(lambda: work(which)) for which in range(2)]  # noqa: B023
    assert [ended(child) for child in children] == [0, 0]
    return {"left": len(check_folder(folder, budget_bytes=BUDGET_BYTES))}


def sweep_beside_a_writer(folder: Path) -> dict[str, object]:
    """Open a cache while another process is in the middle of a file; then let that go on."""
    with ResultCache(folder) as cache:
        cache.put(key(0), result(key(0)))
    is_in, go_on = os.pipe(), os.pipe()

    def slow() -> None:
        real_sync = os.fsync

        def sync(handle: int) -> None:
            real_sync(handle)
            os.fsync = real_sync
            os.write(is_in[1], b"x")
            os.read(go_on[0], 1)

        with ResultCache(folder) as cache:
            os.fsync = sync
            cache.put(key(1), result(key(1)))

    child = forked(slow)
    os.read(is_in[0], 1)
    parts = list((folder / "files").glob("*.part"))
    with ResultCache(folder, busy_s=0.05) as cache:
        assert list((folder / "files").glob("*.part")) == parts
        check_equal(cache.get(key(0)), result(key(0)))
        assert cache.get(key(1)) is None
        try:
            cache.put(key(2), result(key(2)))
        except StorageError as error:
            sentence = str(error)
        os.write(go_on[1], b"x")
        assert ended(child) == 0
        check_equal(cache.get(key(1)), result(key(1)))
        cache.put(key(2), result(key(2)))
    return {
        "parts": len(parts),
        "sentence": sentence,
        "left": len(check_folder(folder, budget_bytes=10**6)),
    }


def write_little(folder: Path) -> dict[str, object]:
    """Put while no file may grow over a limit, which stops files, index and journal in turn."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    kept: dict[int, int] = {0: 0}
    sentences: set[str] = set()
    with ResultCache(folder) as cache:
        cache.put(key(0), result(key(0)))
        for turn, limit in enumerate([*range(0, 40_000, 1024), 2**30], start=1):
            channel = turn % 7
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
            try:
                cache.put(key(channel), result(key(channel), turn))
                kept[channel] = turn
            except StorageError as error:
                sentences.add(str(error).rpartition(": ")[2])
            for one, version in kept.items():
                check_equal(cache.get(key(one)), result(key(one), version))
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        files = list((folder / "files").iterdir())
        assert len(files) == len(kept)
    assert check_folder(folder, budget_bytes=10**6) == kept
    return {"sentences": sorted(sentences), "kept": len(kept)}


def fill_a_disk(folder: Path) -> dict[str, object]:
    """Mount a disk of 300 KiB, in a namespace of this process, and fill it."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "none", folder], check=True)
    place = folder / "cache"
    kept = 0
    with ResultCache(place) as cache:
        try:
            while True:
                cache.put(key(kept), result(key(kept), kept))
                kept += 1
        except StorageError as error:
            sentence = str(error)
        for small in range(100, 104):  # what is left of the disk, to the last page
            try:
                tiny = Result(result(key(small)).image[:1, : small - 99], {"version": 0})
                cache.put(key(small), tiny)
            except StorageError:
                continue
        for channel in range(kept):
            check_equal(cache.get(key(channel)), result(key(channel), channel))
        cache.clear()
        assert not list((place / "files").iterdir())
        for channel in range(kept):
            cache.put(key(channel), result(key(channel), channel))
    left = check_folder(place, budget_bytes=10**6)
    assert len(left) == kept
    return {"kept": kept, "sentence": sentence, "reason": os.strerror(errno.ENOSPC)}


ROLES: dict[str, Callable[[Path], object]] = {
    role.__name__: role
    for role in (
        kill_at_random,
        kill_at_every_line,
        be_two,
        sweep_beside_a_writer,
        write_little,
        fill_a_disk,
    )
}

if __name__ == "__main__":
    print(json.dumps(ROLES[sys.argv[1]](Path(sys.argv[2]))))

"""A server of the shipped network as a child process, which ends when the demo does."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from layerwalk_client.app.served import Served
from layerwalk_shared.errors import LayerwalkError
from layerwalk_shared.messages import SnapshotManifest

NETWORK = "resnet18_caltech101"
"""Name of the shipped network in the zoo."""
DATASETS = ("samples", "digits")
PHOTOGRAPH = ("samples", 0)
"""Data set and number of what is on the input at the beginning: a motorcycle, which is among the
classes of the shipped network."""
ANSWERS = 5
START_S = 120.0
STOP_S = 5.0
_URL = re.compile(r"https?://[^\s'\"]+")


@contextmanager
def served(target: str, *, datasets: Sequence[str] = (), start_s: float = START_S) -> Iterator[str]:
    """Serve `target` on a free port of the loopback; yield the URL; always end the child.

    Raises:
        LayerwalkError: the server ended, or was not up in time; with what it said last.
    """
    command = [sys.executable, "-m", "layerwalk_shared.command", "serve", target, "--port", "0"]
    command.append("--until-stdin-closes")  # so it does not outlive us, however we end
    for dataset in datasets:
        command += ["--data", dataset]
    restore = end_on_termination()
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    reader = _Reader(child)
    try:
        yield reader.url(start_s)
    finally:
        _end(child)
        reader.join()
        restore()


@contextmanager
def serving(where: Served) -> Iterator[str]:
    """Yield the URL of a network; where it is a TARGET, serve that for the time being.

    Raises:
        LayerwalkError: see `served`.
    """
    if where.serve is None:
        yield where.url
        return
    with served(where.serve, datasets=where.datasets) as url:
        yield url


def end_on_termination() -> Callable[[], None]:
    """Let a termination of this process run the `finally` blocks; return what undoes that."""
    if threading.current_thread() is not threading.main_thread():
        return lambda: None

    def stop(number: int, frame: object) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)

    def restore() -> None:
        signal.signal(signal.SIGTERM, before)

    return restore


class _Reader:
    """Reads a child's lines in a thread of its own, so that the child never waits on a full pipe."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child
        self._last: deque[str] = deque(maxlen=5)
        self._url: str | None = None
        self._is_known = threading.Event()
        self._thread = threading.Thread(target=self._read, name="layerwalk child", daemon=True)
        self._thread.start()

    def url(self, timeout_s: float) -> str:
        """Wait for the line with the URL."""
        is_known = self._is_known.wait(timeout_s)
        if self._url is not None:
            return self._url
        said = " / ".join(self._last) or "nothing"
        if is_known:
            raise LayerwalkError(f"the server ended before it was up; it said: {said}")
        raise LayerwalkError(f"the server was not up after {timeout_s:.0f} s; it said: {said}")

    def join(self) -> None:
        """Wait for the thread; the child has ended."""
        self._thread.join(STOP_S)
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()

    def _read(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            if line.strip():
                self._last.append(line.strip())
            found = _URL.search(line)
            if found is not None and self._url is None:
                self._url = found[0].rstrip("/.,;)")
                self._is_known.set()
        self._is_known.set()


def _end(child: subprocess.Popen[str]) -> None:
    """End a process: ask, then force."""
    if child.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(STOP_S)


def run_demo(
    target: str | None, *, picture: Path, opens_window: bool, trace: Path | None = None
) -> int:
    """Serve and show: in a window, or as a picture with the answer in words; return exit code."""
    with served(target or NETWORK, datasets=DATASETS) as url:
        print(f"serving {target or NETWORK} at {url}", flush=True)
        if opens_window:
            from layerwalk_client.app.view import ViewOptions, run_view

            return run_view(ViewOptions(url=url, first_item=PHOTOGRAPH, trace=trace))
        from layerwalk_client.app.output.shot import ShotOptions, run_shot

        dataset, item = PHOTOGRAPH
        made = run_shot(ShotOptions(picture, Served(url), put=f"{dataset}:{item}"))
    width, height = made.size_wh
    print(f"wrote {made.path} ({width} x {height})")
    print("\n".join(answer_lines(made.manifest)))
    return 0


def answer_lines(manifest: SnapshotManifest) -> list[str]:
    """Return what is on the input and the best classes, a line each."""
    truth = f" ({manifest.input.label})" if manifest.input.label else ""
    best = manifest.top[:ANSWERS]
    wide = max((len(line.name) for line in best), default=0)
    return [
        f"on the input: {manifest.input.title}{truth}",
        *(f"  {line.name:<{wide}}  {100 * line.probability:5.1f} %" for line in best),
    ]

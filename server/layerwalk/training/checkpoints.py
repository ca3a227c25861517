"""A training followed by the checkpoint files that its script writes; the script is not changed."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from layerwalk.complaints import Complaints
from layerwalk.session import Session
from layerwalk.training.care import TrainingCare
from layerwalk.training.course import Course
from layerwalk.weights import fitting_weights
from layerwalk_shared.errors import InvalidRequestError, LayerwalkError

SUFFIXES = (".safetensors", ".pt", ".pth", ".ckpt")
POLL_S = 1.0
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One file that is whole. `step` is from its name, or its place in order of time."""

    path: Path
    step: int


class CheckpointFolder:
    """The files of a folder, each told of once, when it is whole.

    A file counts as whole when two looks find it with the same size and time; one that is written
    again is told of again. Mutable, owned by whoever follows.

    Raises:
        InvalidRequestError: there is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise InvalidRequestError(f"--follow {str(folder)!r}: there is no such folder")
        self._folder = folder
        self._seen: dict[Path, tuple[int, int]] = {}
        self._told: dict[Path, tuple[int, int]] = {}
        self._count = 0

    def look(self) -> tuple[Checkpoint, ...]:
        """Return what has become whole since the last look, in order of steps."""
        now: dict[Path, tuple[int, int]] = {}
        for path in self._files():
            try:
                status = path.stat()
            except OSError:  # it was removed between
                continue
            now[path] = (status.st_mtime_ns, status.st_size)
        whole = [
            path
            for path, state in sorted(now.items(), key=lambda item: item[1])
            if state[1] > 0 and self._seen.get(path) == state and self._told.get(path) != state
        ]
        self._seen = now
        self._told = {path: state for path, state in self._told.items() if path in now}
        self._told |= {path: now[path] for path in whole}
        return tuple(sorted(map(self._checkpoint, whole), key=lambda one: one.step))

    def _files(self) -> Iterator[Path]:
        try:
            yield from (path for path in self._folder.iterdir() if path.suffix in SUFFIXES)
        except OSError:  # the folder is gone for now, or may not be read
            return

    def _checkpoint(self, path: Path) -> Checkpoint:
        self._count += 1
        step = step_of(path)
        return Checkpoint(path, self._count if step is None else step)


def step_of(path: Path) -> int | None:
    """Return the step that a file's name tells: the number after "step", else its last number.

    `model-step=1200.ckpt`, `checkpoint_1200.pt`, `epoch=3-step=1200.ckpt` are all 1200.
    """
    named = re.search(r"step\D{0,2}(\d+)", path.stem, re.IGNORECASE)
    numbers = _NUMBER.findall(path.stem)
    if named:
        return int(named[1])
    return int(numbers[-1]) if numbers else None


class Follower:
    """Shows the checkpoints of a folder as steps of a network, on a thread of its own.

    Args:
        session: with the network in it, which was added with `care`.
        network: its id.
        care: how it is run.
        folder: of checkpoints.
        say: told what cannot be read, in a sentence.

    Raises:
        InvalidRequestError: there is no such folder.
    """

    def __init__(
        self,
        session: Session,
        network: str,
        *,
        care: TrainingCare,
        folder: Path,
        say: Callable[[str], object],
    ) -> None:
        self._folder = CheckpointFolder(folder)
        self._twin = session.network(network).twin
        self._care = care
        self._say = say
        self._complaints = Complaints(is_strict=True)
        self._course = Course(
            session,
            network,
            source=self._twin,
            care=care,
            complaints=self._complaints,
        )
        self._is_closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="layerwalk-follow", daemon=True)

    def start(self) -> Follower:
        self._thread.start()
        return self

    def look(self) -> int:
        """Show what is new now; return how many files were shown."""
        found = self._folder.look()
        return sum(self._show(checkpoint) for checkpoint in found)

    def close(self) -> None:
        """Stop looking; leave no thread."""
        self._is_closing.set()
        self._course.close()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._is_closing.wait(POLL_S):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - the next look may work
                self._say(f"following: {type(error).__name__}: {error}")

    def _show(self, checkpoint: Checkpoint) -> bool:
        try:
            put_weights(self._twin, checkpoint.path, self._care)
            self._course.publish(checkpoint.step, {})
            self._course.flush()
            self._complaints.repeat()
        except LayerwalkError as error:
            if not self._is_closing.is_set():
                self._say(str(error))
            return False
        return True


def put_weights(twin: nn.Module, path: Path, care: TrainingCare) -> None:
    """Put the weights of a checkpoint into a twin, all or nothing.

    Raises:
        WeightsError: the file cannot be read, or does not fit.
    """
    found = fitting_weights(twin, path)
    own = twin.state_dict()
    with care.lock, torch.no_grad():
        for key, tensor in found.items():
            own[key].copy_(tensor)

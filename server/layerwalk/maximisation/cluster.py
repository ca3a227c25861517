"""The executor that makes images on many machines, by Ray (the extra `cluster`)."""

from __future__ import annotations

import hashlib
import math
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

import numpy as np

from layerwalk.maximisation.executors import OnStep
from layerwalk.maximisation.joining import first_line, join, load_ray
from layerwalk.maximisation.keeping import Finished
from layerwalk.maximisation.plan import Plan
from layerwalk.maximisation.run import MOST_IN_BATCH
from layerwalk.maximisation.worker import Begun, Failed, Progress, Worker
from layerwalk_shared.errors import (
    InvalidRequestError,
    ModelError,
    error_from_problem,
)

START_S = 120.0
"""Longest wait for the first worker."""
LOOK_S = 0.1
"""Longest time between two questions whether the work is still wanted."""
MOST_LOSSES = 3
"""Times that a batch is begun before it is given up, where its worker dies."""
STORE_BYTES = 512 * 2**20
"""Memory of a local cluster for what its processes share: networks and images."""
SENT_ALONG = "layerwalk_target_"
"""Modules of such names were read from a file that the user named; their code goes to the workers."""
_SETTINGS = (
    "graph", "node", "recipe", "objective", "begins", "scale", "seed", "precision", "batch",
)  # fmt: skip
"""Fields of a plan that may differ from run to run of one network."""
_NO_SETTINGS: dict[str, Any] = dict.fromkeys(_SETTINGS)


@dataclass(eq=False)
class _Batch:
    """Some places of a run. Mutable, owned by the thread that runs."""

    places: tuple[int, ...]
    steps: int
    losses: int = 0
    step: int = 0
    finished: set[int] = field(default_factory=set)

    @property
    def rest(self) -> tuple[int, ...]:
        return tuple(place for place in self.places if place not in self.finished)


@dataclass(eq=False)
class _Work:
    """What a run has to do. Mutable, owned by the thread that runs."""

    batches: list[_Batch]
    busy: dict[Any, tuple[_Batch, Any]] = field(default_factory=dict)
    has_begun: bool = False
    waiting: deque[_Batch] = field(init=False)

    def __post_init__(self) -> None:
        self.waiting = deque(self.batches)

    @property
    def step(self) -> int:
        return sum(batch.step for batch in self.batches)

    @property
    def steps(self) -> int:
        return sum(batch.steps for batch in self.batches)


class RayExecutor:
    """Makes images by workers of a Ray cluster. Mutable, owned by one thread.

    Workers stay between runs, with the network that they had. One that dies in the middle loses
    nothing that it has finished, and its batch alone is begun again, by another.

    Args:
        address: `host:port` of a cluster, or "auto": the one that this machine is part of; None:
            one is started on this machine, and ended by `close`.
        workers: processes at most, each with one core, or one accelerator where the plan has one.
        store_bytes: of a local cluster, see `STORE_BYTES`.
        start_s: longest wait for the first worker, seconds.

    Attributes:
        processes: (machine, process id) of those workers that have begun a batch.
        lost: places of the batches that were begun again in the last run.

    Raises:
        LayerwalkError: Ray is not installed.
        InvalidRequestError: an address that is none, or no workers.
        ServerUnreachableError: nobody answers there.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        workers: int | None = None,
        store_bytes: int = STORE_BYTES,
        start_s: float = START_S,
    ) -> None:
        if workers is not None and workers < 1:
            raise InvalidRequestError(f"{workers} workers, expected at least 1")
        self._ray = load_ray()
        self._count = workers or max(1, os.cpu_count() or 1)
        self._start_s = start_s
        self._is_own = not self._ray.is_initialized()
        if self._is_own:
            join(self._ray, address, workers=self._count, store_bytes=store_bytes)
        self._environment: dict[str, Any] = {}
        if address is None:  # the same machine and the same libraries, wherever they lie
            paths = os.pathsep.join(path for path in sys.path if path)
            self._environment = {"env_vars": {"PYTHONPATH": paths}}
        self._network: tuple[str, Any] | None = None
        self._idle: list[Any] = []
        self._starting: dict[Any, Any] = {}
        self._needs_accelerator = False
        self.processes: set[tuple[str, int]] = set()
        self.lost: list[tuple[int, ...]] = []

    def __enter__(self) -> RayExecutor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the workers, and the cluster where it was started here."""
        if not self._ray.is_initialized():
            return
        self._end([*self._idle, *self._starting.values()])
        self._idle, self._starting, self._network = [], {}, None
        if self._is_own:
            self._ray.shutdown()

    def run(
        self,
        plan: Plan,
        channels: Sequence[int] | None,
        *,
        classes: Sequence[str] = (),
        on_step: OnStep | None = None,
        is_wanted: Callable[[], bool] | None = None,
    ) -> Iterator[Finished]:
        """Climb on the cluster; see `Executor.run`.

        Raises:
            ModelError: the network cannot be sent, or read by a worker; or workers were lost over
                and over with the same batch; or none began.
        """
        count = 1 if channels is None else len(channels)
        size = max(1, min(plan.batch or MOST_IN_BATCH, math.ceil(count / self._count)))
        work = _Work(
            [
                _Batch(tuple(range(first, min(first + size, count))), steps=plan.recipe.steps)
                for first in range(0, count, size)
            ]
        )
        self.lost = []
        self._provide(plan, wanted=min(self._count, len(work.batches)))
        network, settings, name = self._sent(plan)
        began_s = time.monotonic()
        try:
            while work.waiting or work.busy:
                while work.waiting and self._idle:
                    batch, worker = work.waiting.popleft(), self._idle.pop()
                    stream = worker.climb.options(num_returns="streaming").remote(
                        network,
                        settings,
                        name=name,
                        places=batch.rest,
                        channels=None if channels is None else [channels[at] for at in batch.rest],
                        classes=tuple(classes),
                    )
                    work.busy[stream] = batch, worker
                ready, _ = self._ray.wait([*work.busy, *self._starting], timeout=LOOK_S)
                for one in ready:
                    if one in self._starting:
                        self._greet(one)
                    elif (found := self._hear(work, one)) is not None:
                        yield found
                if ready and on_step is not None:
                    on_step(work.step, work.steps)
                if is_wanted is not None and not is_wanted():
                    return
                if not work.has_begun and time.monotonic() - began_s > self._start_s:
                    raise ModelError(
                        f"no worker has begun within {self._start_s:g} s: the cluster has no free "
                        + ("accelerator" if self._needs_accelerator else "core")
                    )
        finally:  # whoever is in the middle of a batch that nobody waits for is ended
            self._end([worker for _, worker in work.busy.values()])

    def _hear(self, work: _Work, stream: Any) -> Finished | None:
        """Take the next thing that a worker tells; return an image where it is one.

        Raises:
            ModelError: its batch cannot be made.
        """
        batch, worker = work.busy[stream]
        told, is_lost = self._next(stream)
        if is_lost:
            del work.busy[stream]
            self._mourn(work, batch)
        elif told is None or isinstance(told, Failed):
            del work.busy[stream]
            self._idle.append(worker)
            batch.step = batch.steps
            if told is not None:
                raise error_from_problem(told.problem)
        elif isinstance(told, Begun):
            work.has_begun = True
            self.processes.add((told.machine, told.process))
        elif isinstance(told, Progress):
            batch.step, batch.steps = told.step, told.steps
        elif isinstance(told, Finished) and told.place not in batch.finished:
            batch.finished.add(told.place)
            # Copied: the memory that it lies in is the cluster's, and small.
            return replace(told, image=np.array(told.image))
        return None

    def _provide(self, plan: Plan, *, wanted: int) -> None:
        """Start workers until there are as many as are wanted."""
        needs = plan.example.shown.device.type != "cpu"
        if needs is not self._needs_accelerator:
            self._end([*self._idle, *self._starting.values()])
            self._idle, self._starting = [], {}
            self._needs_accelerator = needs
        while len(self._idle) + len(self._starting) < wanted:
            self._start()

    def _start(self) -> None:
        made = (
            self._ray.remote(Worker)
            .options(
                num_cpus=1,
                num_gpus=1 if self._needs_accelerator else 0,
                max_restarts=0,
                runtime_env=self._environment or None,
            )
            .remote()
        )
        self._starting[made.is_ready.remote()] = made

    def _greet(self, ready: Any) -> None:
        """Take a worker that has started among those that can be given work."""
        worker = self._starting.pop(ready)
        try:
            self._ray.get(ready)
        except self._ray.exceptions.RayError as error:
            raise ModelError(
                f"a worker cannot start: {first_line(error)} (layerwalk must be installed on all "
                "machines of the cluster, in one version)"
            ) from error
        self._idle.append(worker)

    def _next(self, stream: Any) -> tuple[Any, bool]:
        """Return (what a worker tells; None at its end, whether the worker is lost)."""
        exceptions = self._ray.exceptions
        try:
            return self._ray.get(next(stream)), False
        except StopIteration:
            return None, False
        except exceptions.RayTaskError as error:
            raise ModelError(f"a worker failed: {first_line(error)}") from error
        except exceptions.RayError:
            return None, True

    def _mourn(self, work: _Work, batch: _Batch) -> None:
        """Put back what a worker that has died had in hand, and start another worker."""
        batch.losses += 1
        batch.step = 0
        if not batch.rest:
            return
        self.lost.append(batch.rest)
        if batch.losses >= MOST_LOSSES:
            raise ModelError(
                f"workers were lost {batch.losses} times with the same {len(batch.rest)} images; "
                "perhaps they need more memory than there is: choose a smaller batch"
            )
        work.waiting.append(batch)
        if len(self._idle) + len(self._starting) < len(work.waiting):
            self._start()

    def _sent(self, plan: Plan) -> tuple[Any, Any, str]:
        """Return references to the network and the settings in the cluster's store, and a name.

        A network that is the same as before is not sent again.

        Raises:
            InvalidRequestError: the model cannot be copied.
            ModelError: the model cannot be pickled.
        """
        if not plan.is_copied:
            raise InvalidRequestError(
                "a model that cannot be copied cannot be sent to other processes; it is climbed "
                "where it is"
            )
        with _by_value():
            network = _pickled(replace(plan, running=nullcontext, **_NO_SETTINGS))
        settings = _pickled({name: getattr(plan, name) for name in _SETTINGS})
        own = hashlib.blake2b(network, digest_size=16).hexdigest()
        if self._network is None or self._network[0] != own:
            self._network = own, self._ray.put(network)
        name = f"{own}.{hashlib.blake2b(settings, digest_size=16).hexdigest()}"
        return self._network[1], self._ray.put(settings), name

    def _end(self, workers: Sequence[Any]) -> None:
        for worker in workers:
            with suppress(self._ray.exceptions.RayError):  # it has ended already
                self._ray.kill(worker)


def _pickled(value: object) -> bytes:
    import cloudpickle

    try:
        return bytes(cloudpickle.dumps(value))
    except Exception as error:  # pickling runs the user's code, which may raise anything
        raise ModelError(
            f"the network cannot be sent to other processes: {type(error).__name__}: {error}"
        ) from error


@contextmanager
def _by_value() -> Iterator[None]:
    """Meanwhile classes of the user's files are pickled with their code."""
    import cloudpickle

    modules = [module for name, module in sys.modules.items() if name.startswith(SENT_ALONG)]
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)

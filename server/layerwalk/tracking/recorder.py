"""Running a traced model and keeping the value of every node, as it was when it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Any

from torch import Tensor, nn

from layerwalk.tracking.catch import Catch
from layerwalk.tracking.inputs import copy_arguments
from layerwalk.tracking.resting import at_rest
from layerwalk.tracking.running import error_text
from layerwalk.tracking.standins import StandIns, watchable
from layerwalk.tracking.tracing import Trace
from layerwalk.tracking.watching import Watch, watched_by
from layerwalk_shared.errors import ClosedError

WRITES_OTHERWISE = (
    "forward took another way than when it was traced: it wrote a node's values in place, which it "
    "did not then"
)


@dataclass(frozen=True, slots=True)
class Recording:
    """The values of one forward pass. To be read only: values may share memory.

    Attributes:
        values: node id -> its tensor as it was when it was made, with the batch axis, on the
            model's device. Nodes that were not reached are missing.
        outputs: whatever forward returned; None if it raised.
        error: what forward raised, or None.
        departure: what forward did otherwise than when it was traced, one sentence that names the
            first node or call that differs; None where it did the same. It may have called other
            modules, or the same in another order, or have written in place what it did not write
            then, or (looked at only where the graph has nodes for operations) called other
            operations. The graph then is not that of this pass; `trace` of the same input gives it.
        batch: items in the batch.
        batch_axes: node id -> axis that counts them, or None.
    """

    values: Mapping[str, Tensor]
    outputs: Any
    error: str | None
    departure: str | None
    batch: int
    batch_axes: Mapping[str, int | None]

    @property
    def drifted(self) -> bool:
        return self.departure is not None


class Recorder:
    """Runs a traced model and keeps every node's value. Mutable, owned by the model thread.

    Hooks stand on the model only while `record` runs. A value is copied where the trace saw its
    memory written later; counts of writes are compared at the end of each run, and if a write was
    missed the run is repeated with every value copied.

    Where a traced model draws random numbers in eval mode (`trace.plan.draws_random`), `record`
    puts the process's random states back afterwards, so no other thread may draw meanwhile.
    """

    def __init__(self, model: nn.Module, trace: Trace) -> None:
        self.trace = trace
        model = watchable(model)
        self._model: nn.Module | None = model
        self._stand_ins = StandIns(model)
        self._copies_all = False
        watched = watched_by(trace)
        self._inputs = watched.inputs
        with self._stand_ins:
            self._modules = dict(model.named_modules())
            self._watch = Watch(model, trace, watched)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the model; `record` raises from then on."""
        self._model = None

    def record(self, args: object, kwargs: Mapping[str, Any] | None = None) -> Recording:
        """Run forward on copies of the tensors given and return the value of every node.

        A forward that raises is no error here: the values up to there come back, with
        `Recording.error`.

        Raises:
            ClosedError: the recorder was closed.
            InputError: no tensor among the arguments.
        """
        if self._model is None:
            raise ClosedError("the recorder is closed")
        recording = self._run(self._model, args, kwargs)
        if recording is None:
            self._copies_all = True
            recording = self._run(self._model, args, kwargs)
            assert recording is not None
        return recording

    def _run(
        self, model: nn.Module, args: object, kwargs: Mapping[str, Any] | None
    ) -> Recording | None:
        """Return one run's recording, or None where a value was written after it was caught."""
        plan = self.trace.plan
        arguments = copy_arguments(args, kwargs)
        catch = Catch(copies_all=self._copies_all)
        for target, (_, tensor) in zip(self._inputs, arguments.tensors, strict=False):
            catch.take((target,), [tensor])
        outputs, error = None, None
        with (
            self._stand_ins,
            at_rest(self._modules, buffers=plan.buffers, keeps_random=plan.draws_random),
            self._watch.catching(catch),
        ):
            try:
                outputs = model(*arguments.args, **arguments.kwargs)
            except Exception as raised:  # noqa: BLE001 - told in Recording.error
                error = error_text(raised)
        if catch.is_spoilt():
            return None
        expected = [node for node, found in plan.captures.items() if found.kind != "none"]
        values = {node: catch.values[node] for node in expected if node in catch.values}
        departure = None
        if error is None:
            missing = next(
                (f"node {node!r} has no value" for node in expected if node not in values), None
            )
            departure = self._watch.departure(missing) or (
                WRITES_OTHERWISE if self._copies_all else None
            )
        return Recording(
            MappingProxyType(values),
            outputs,
            error,
            departure=departure,
            batch=arguments.batch,
            batch_axes=plan.batch_axes,
        )

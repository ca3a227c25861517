"""Running a traced model as far as some of its nodes, with gradients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from layerwalk.tracking.catch import Catch, Target
from layerwalk.tracking.resting import at_rest
from layerwalk.tracking.running import error_text
from layerwalk.tracking.standins import StandIns, watchable
from layerwalk.tracking.tracing import Trace
from layerwalk.tracking.watching import Watch, watched_by
from layerwalk_shared.errors import InvalidRequestError, ModelError


class _Reached(BaseException):
    """All nodes have their values. No Exception, so that no forward takes it for one of its own."""


class _LiveCatch(Catch):
    """Keeps the very tensors, with their gradients' graph; may end the run at the last one."""

    def __init__(self, count: int, *, stops: bool) -> None:
        super().__init__(copies_all=False)
        self._count = count
        self._stops = stops

    def take(self, targets: tuple[Target, ...], tensors: list[Tensor]) -> None:
        for target in targets:
            if target.output < len(tensors):
                tensor = tensors[target.output]
                is_last = self._stops and len(self.values) == self._count - 1
                self.values[target.node] = tensor if is_last else tensor.clone()
        if self._stops and len(self.values) == self._count:
            raise _Reached


@dataclass(frozen=True, slots=True)
class Reached:
    """What a run came to.

    Attributes:
        values: node id -> its tensor, with the batch axis and, where they are wanted, gradients.
        outputs: whatever forward returned; None where it ended at the nodes.
    """

    values: Mapping[str, Tensor]
    outputs: Any


class Reach:
    """Runs a model up to some nodes. Mutable, owned by the thread that runs the model.

    Args:
        model: as it was traced; flags, buffers and random states are put back after every run.
        trace: of it.
        nodes: ids of the nodes.
        stops: end forward at the last of them.

    Raises:
        NotFoundError: there is no such node; names the nearest.
        InvalidRequestError: a node is an input, or its value cannot be had.
    """

    def __init__(
        self, model: nn.Module, trace: Trace, nodes: Sequence[str], *, stops: bool
    ) -> None:
        self._model = watchable(model)
        self._nodes = tuple(dict.fromkeys(nodes))
        self._stops = stops
        self._plan = trace.plan
        self._stand_ins = StandIns(self._model)
        for node in self._nodes:
            trace.graph.node(node)
            kind = trace.plan.captures[node].kind
            if kind not in ("module", "operation"):
                what = "an input" if kind == "input" else "not reached by forward"
                raise InvalidRequestError(f"node {node!r} is {what}: nothing can be climbed there")
        with self._stand_ins:
            self._modules = dict(self._model.named_modules())
            self._watch = Watch(
                self._model, trace, watched_by(trace, self._nodes, keeps_written=False)
            )

    def parameters(self) -> Iterator[nn.Parameter]:
        """Yield the model's parameters."""
        return self._model.parameters()

    def __call__(
        self,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        around: AbstractContextManager[object] | None = None,
        has_gradients: bool = True,
    ) -> Reached:
        """Run forward; the arguments are not copied.

        Args:
            args, kwargs: of forward.
            around: entered around the forward pass, below the watching of it.
            has_gradients: whether gradients are recorded.

        Raises:
            ModelError: forward raised, or took another way and did not come to a node.
        """
        catch = _LiveCatch(len(self._nodes), stops=self._stops)
        outputs = None
        with (
            self._stand_ins,
            at_rest(
                self._modules, buffers=self._plan.buffers, keeps_random=self._plan.draws_random
            ),
            torch.set_grad_enabled(has_gradients),
            nullcontext() if around is None else around,
            self._watch.catching(catch),
        ):
            lend_buffers(self._modules, self._plan.buffers)
            try:
                outputs = self._model(*args, **kwargs)
            except _Reached:
                pass
            except Exception as error:
                raise ModelError(f"forward raised {error_text(error)}") from error
        missing = next((node for node in self._nodes if node not in catch.values), None)
        if missing is not None:
            way = self._watch.departure() or "forward took another way than when it was traced"
            raise ModelError(f"node {missing!r} was not reached: {way}")
        return Reached(dict(catch.values), outputs)


def lend_buffers(modules: Mapping[str, nn.Module], names: Iterable[str]) -> None:
    """Put copies in the places of the buffers that forward writes, until `at_rest` ends.

    With gradients a buffer becomes part of the graph, so that it cannot be put back in place.
    """
    for name in names:
        path, _, key = name.rpartition(".")
        buffers = modules[path]._buffers
        buffer = buffers[key]
        if buffer is not None:
            buffers[key] = buffer.clone()

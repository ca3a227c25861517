"""Running a traced model with its gradients kept open at every node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge

from layerwalk.tracking.catch import Catch, Target
from layerwalk.tracking.inputs import copy_arguments
from layerwalk.tracking.reach import lend_buffers
from layerwalk.tracking.resting import at_rest
from layerwalk.tracking.running import error_text
from layerwalk.tracking.standins import StandIns, watchable
from layerwalk.tracking.tracing import Trace
from layerwalk.tracking.watching import Watch, watched_by
from layerwalk_shared.errors import InvalidRequestError, ModelError


class _Reached(BaseException):
    """The last node has its value. No Exception, so that no forward takes it for one of its own."""


class _OpenCatch(Catch):
    """Keeps what every node's value comes from, too; ends the run at one of them.

    A gradient edge is taken when the value is seen: it stays that of the value as it was, also
    where the tensor is written in place later.
    """

    def __init__(self, last: str, *, copies_all: bool) -> None:
        super().__init__(copies_all=copies_all)
        self.edges: dict[str, GradientEdge] = {}
        self.live: Tensor | None = None
        self._node = last

    def take(self, targets: tuple[Target, ...], tensors: list[Tensor]) -> None:
        for target in targets:
            if target.output < len(tensors) and tensors[target.output].requires_grad:
                self.edges[target.node] = get_gradient_edge(tensors[target.output])
            if target.output < len(tensors) and target.node == self._node:
                self.live = tensors[target.output].clone()  # before somebody writes into it
        super().take(targets, tensors)
        if self.live is not None:
            raise _Reached


@dataclass(frozen=True, slots=True)
class Opened:
    """A run up to one node.

    Attributes:
        value: of that node, with the batch axis and its gradients.
        values: node id -> its tensor as it was when it was made, without gradients.
        edges: node id -> where its gradient is to be had; of those alone that have one.
        batch: items in the batch.
    """

    value: Tensor
    values: Mapping[str, Tensor]
    edges: Mapping[str, GradientEdge]
    batch: int


class OpenRun:
    """Runs a traced model up to a node so that gradients of all before it can be asked for.

    Mutable, owned by the thread that runs the model. Flags, buffers and random states are put back
    after every run, and so is whether parameters require gradients.

    Args:
        model: as it was traced.
        trace: of it.
        node: id of the node.
        opens_parameters: let parameters require gradients meanwhile, so that what is made of them
            alone has one, too: the vectors of ids of tokens, of positions.

    Raises:
        NotFoundError: there is no such node; names the nearest.
        InvalidRequestError: it is an input, or its value cannot be had.
    """

    def __init__(
        self, model: nn.Module, trace: Trace, node: str, *, opens_parameters: bool = True
    ) -> None:
        self._model = watchable(model)
        self._opens_parameters = opens_parameters
        self._plan = trace.plan
        self._node = node
        self._copies_all = False
        trace.graph.node(node)
        kind = trace.plan.captures[node].kind
        if kind in ("input", "none"):
            what = "an input" if kind == "input" else "not reached by forward"
            raise InvalidRequestError(f"node {node!r} is {what}: nothing comes together there")
        watched = watched_by(trace)
        self._inputs = watched.inputs
        self._stand_ins = StandIns(self._model)
        with self._stand_ins:
            self._modules = dict(self._model.named_modules())
            self._watch = Watch(self._model, trace, watched)

    def __call__(
        self,
        args: object,
        kwargs: Mapping[str, Any] | None = None,
        *,
        around: AbstractContextManager[object] | None = None,
    ) -> Opened:
        """Run forward on copies of the tensors given.

        Args:
            args, kwargs: of forward.
            around: entered around the forward pass.

        Raises:
            ModelError: forward raised, or took another way and did not come to the node.
        """
        with nullcontext() if around is None else around:
            catch, batch = self._run(args, kwargs)
            if catch.is_spoilt():
                self._copies_all = True
                catch, batch = self._run(args, kwargs)
        if catch.live is None:
            way = self._watch.departure() or "forward took another way than when it was traced"
            raise ModelError(f"node {self._node!r} was not reached: {way}")
        return Opened(catch.live, catch.values, catch.edges, batch)

    def _run(self, args: object, kwargs: Mapping[str, Any] | None) -> tuple[_OpenCatch, int]:
        arguments = copy_arguments(args, kwargs, opens=True)
        catch = _OpenCatch(self._node, copies_all=self._copies_all)
        with (
            self._stand_ins,
            at_rest(
                self._modules, buffers=self._plan.buffers, keeps_random=self._plan.draws_random
            ),
            torch.enable_grad(),
            _with_gradients(self._model) if self._opens_parameters else nullcontext(),
            self._watch.catching(catch),
        ):
            for target, (_, tensor) in zip(self._inputs, arguments.tensors, strict=False):
                catch.take((target,), [tensor])
            lend_buffers(self._modules, self._plan.buffers)
            try:
                self._model(*arguments.args, **arguments.kwargs)
            except _Reached:
                pass
            except Exception as error:
                raise ModelError(
                    f"forward, run for its gradients, raised {error_text(error)}"
                ) from error
        return catch, arguments.batch


@contextmanager
def _with_gradients(model: nn.Module) -> Iterator[None]:
    """Let floating parameters require gradients."""
    changed = [
        one for one in model.parameters() if one.is_floating_point() and not one.requires_grad
    ]
    try:
        for parameter in changed:
            parameter.requires_grad = True
        yield
    finally:
        for parameter in changed:
            parameter.requires_grad = False

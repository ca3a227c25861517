"""Where an input enters a network as real numbers: the input itself, or the vectors of its ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from layerwalk.attribution.target import Target, upstream
from layerwalk.tracking import Reach, Trace
from layerwalk.tracking.running import error_text
from layerwalk.twin import Example
from layerwalk_shared.errors import InvalidRequestError, ModelError
from layerwalk_shared.graph import Graph, Node

MOST_AT_ONCE = 16
"""Inputs in one forward pass."""
_ALIKE = 1e-4
"""Items of a batch that differ by less than this share from the same items alone are apart."""


def entering(graph: Graph, node: str, *, of: str | None = None) -> tuple[str, ...]:
    """Return the nodes at which an input is real numbers: itself, or those that read its ids.

    Args:
        graph: of the network.
        node: of the input.
        of: only what this node comes from.
    """
    if _is_real(graph.node(node)):
        return (node,)
    before = None if of is None else upstream(graph, of)
    return tuple(
        one
        for one in graph.successors[node]
        if _is_real(graph.node(one)) and (before is None or one in before)
    )


def at_input(values: Tensor, node: Node) -> Tensor:
    """Return what the values at an entrance give on the input itself.

    Colours are added up, and so are the features of the vector of an id.

    Args:
        values: with batch axis, as at the entrance.
        node: of the input.
    """
    if node.view == "image" and values.ndim == 4:
        return values.sum(1, keepdim=True)
    if _is_real(node):
        return values
    beyond = values.ndim - 1 - len(node.shape)
    return values.flatten(values.ndim - beyond).sum(-1) if beyond > 0 else values


class Entrance:
    """Runs a network on other real numbers than those of an input. Mutable, owned by the thread that
    runs the model.

    Args:
        model, traced, graph: of the network.
        example: arguments, the input that is explained among them.
        target: the unit.
        node: of the input.
        slot: its place among the arguments.
        running: gives what is entered around a run.

    Attributes:
        node: of the input.
        values: `[1, ...]` real numbers of the input as it is.

    Raises:
        InvalidRequestError: ids that are read in several places, or by no module.
        ModelError: forward raised.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        traced: Trace,
        graph: Graph,
        example: Example,
        target: Target,
        node: str,
        slot: tuple[int | str, ...],
        running: Callable[[], AbstractContextManager[None]] | None = None,
    ) -> None:
        self.node = node
        self._target = target
        self._running = running or nullcontext
        self._example = replace(example, slot=slot)
        self._reach = Reach(model, traced, [target.node], stops=True)
        self._module: nn.Module | None = None
        self._call = 1
        found = entering(graph, node, of=target.node)
        if not found:
            raise InvalidRequestError(f"node {target.node!r} does not come from input {node!r}")
        if found == (node,):
            self.values = self._example.shown.detach().clone()
        else:
            capture = traced.plan.captures[found[0]]
            if len(found) > 1 or capture.kind != "module":
                raise InvalidRequestError(
                    f"the ids of input {node!r} are read by {', '.join(map(repr, found))}; this "
                    "method needs one module that makes vectors of them, 'signal' does not"
                )
            self._module = model.get_submodule(capture.path)
            self._call = capture.call
            self.values = self._read()
        self.at_once = self._batches()

    def evaluate(self, values: Tensor, *, has_gradients: bool = False) -> Tensor:
        """Return what the unit is for other numbers at the entrance, `[N]`.

        Args:
            values: `[N, ...]`; not written.
            has_gradients: whether gradients are recorded.

        Raises:
            ModelError: forward raised.
        """
        place = self._target.place
        with self._running():
            if self._module is None:
                args, kwargs = self._example.with_batch(values.clone())
                reached = self._reach(args, kwargs, has_gradients=has_gradients).values
            else:
                ids = self._example.shown.expand(len(values), *self._example.shown.shape[1:])
                args, kwargs = self._example.with_batch(ids.clone())
                with self._replaced(lambda _: values.clone()):
                    reached = self._reach(args, kwargs, has_gradients=has_gradients).values
        tensor = reached[place.node]
        fitted = place.fitted(tensor, len(values))
        if fitted is None:
            raise ModelError(
                f"node {place.node!r} of a batch of {len(values)} has shape {list(tensor.shape)}, "
                f"expected {list(place.shape)} for each"
            )
        return replace(self._target, place=fitted).value(tensor)

    def gradient(self, values: Tensor) -> Tensor:
        """Return the gradient of the unit of each item, in the shape of `values`.

        Raises:
            ModelError: forward or the pass back raised.
            InvalidRequestError: no gradient passes.
        """
        with torch.inference_mode(mode=False), torch.enable_grad():
            leaf = values.detach().clone().requires_grad_()
            total = self.evaluate(leaf, has_gradients=True).sum()
            found: Tensor | None = None
            if total.requires_grad:
                try:
                    (found,) = torch.autograd.grad(total, [leaf], allow_unused=True)
                except Exception as error:  # it may be the user's code, which may raise anything
                    raise ModelError(f"the pass back raised {error_text(error)}") from error
            if found is None:
                raise InvalidRequestError(
                    f"node {self._target.node!r} passes no gradient back to input {self.node!r}"
                )
        return found

    @contextmanager
    def _replaced(self, change: Callable[[Tensor], Tensor | None]) -> Iterator[None]:
        """Give what the module that reads the ids returns to `change`, which may replace it."""
        assert self._module is not None
        count = 0

        def after(module: nn.Module, args: Any, output: Tensor) -> Tensor | None:
            nonlocal count
            count += 1
            return change(output) if count == self._call else None

        handle = self._module.register_forward_hook(after)
        try:
            yield
        finally:
            handle.remove()

    def _read(self) -> Tensor:
        found: list[Tensor] = []

        def keep(output: Tensor) -> None:
            found.append(output.detach().clone())

        args, kwargs = self._example.with_batch(self._example.shown.clone())
        with self._running(), self._replaced(keep):
            self._reach(args, kwargs, has_gradients=False)
        return found[0]

    def _batches(self) -> int:
        """Return how many inputs may be given at once: 1 where items disturb each other."""
        pair = torch.cat([self.values, self.values * 0.5])
        try:
            both = self.evaluate(pair)
        except ModelError:
            return 1
        alone = torch.cat([self.evaluate(one[None]) for one in pair])
        limit = _ALIKE * max(float(alone.abs().max()), 1e-6)
        return MOST_AT_ONCE if bool(((both - alone).abs() <= limit).all()) else 1


def _is_real(node: Node) -> bool:
    return node.dtype.startswith(("float", "bfloat"))

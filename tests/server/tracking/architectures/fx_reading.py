"""What torch.fx says of a model: its graph, run once to know what is a tensor."""

from __future__ import annotations

import operator
from collections import Counter
from typing import Any

import torch
from torch import Tensor, fx, nn

from server.tracking.architectures.projection import Place, Reading, operation_name
from server.tracking.architectures.tensors import flat, is_fill, is_leaf, shaped, tensors_in


def read_fx(model: nn.Module, args: tuple[Any, ...], inputs: list[str]) -> Reading:
    """Return what torch.fx sees of `model(*args)`, whose tensors are called `inputs`."""
    graph = _Leaves().trace(model)
    with torch.no_grad():
        flow = _Flow(fx.GraphModule(model, graph), inputs)
        flow.run(*args)
    return flow.reading


class _Leaves(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return is_leaf(m)


class _Flow(fx.Interpreter):
    """Follows every tensor: a set of places for each, nested like the value."""

    def __init__(self, module: fx.GraphModule, inputs: list[str]) -> None:
        super().__init__(module)
        self.reading = Reading()
        self._inputs = iter(inputs)
        self._flow: dict[fx.Node, Any] = {}
        self._calls: Counter[str] = Counter()

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        sources = flat([self._of(n.args), self._of(n.kwargs)])
        if n.op == "output":
            self.reading.returned = sources
        elif n.op == "placeholder":
            self._flow[n] = self._made(value, (), lambda _: Place("input", next(self._inputs)))
        elif n.op == "get_attr":
            self._flow[n] = set()
        elif n.op == "call_module":
            path = str(n.target)
            self._calls[path] += 1
            call = path if self._calls[path] == 1 else f"{path}:{self._calls[path]}"
            self._flow[n] = self._made(value, sources, lambda k: Place("module", call, output=k))
        else:
            self._flow[n] = self._picked(n, value) or self._called(n, value, sources)
        return value

    def _made(self, value: Any, sources: Any, place: Any) -> Any:
        return shaped(value, lambda k: {self.reading.add(place(k), sources)})

    def _picked(self, node: fx.Node, value: Any) -> Any:
        """Return the flow of what is taken out of a tuple or list; None if it is no such thing."""
        if node.target not in (operator.getitem, getattr):
            return None
        container = self.env[node.args[0]]
        if isinstance(container, Tensor) or self._flow[node.args[0]] is None:
            return None
        if node.target is operator.getitem:
            return self._flow[node.args[0]][node.args[1]]
        place = [item is value for item in container].index(True)
        return self._flow[node.args[0]][place]

    def _called(self, node: fx.Node, value: Any, sources: set[Place]) -> Any:
        if not tensors_in(value):
            return None
        raw = node.target if isinstance(node.target, str) else node.target.__name__
        name, serial = operation_name(raw), len(self._flow)
        if is_fill(name):
            sources = flat([self._of(node.args[1:]), self._of(node.kwargs)])
        if not sources:
            return shaped(value, lambda _: set())
        stack = list(node.meta.get("nn_module_stack", {}).values())
        path = stack[-1][0].partition("@")[0] if stack else ""
        return self._made(value, sources, lambda k: Place("operation", path, name, serial, k))

    def _of(self, argument: Any) -> Any:
        if isinstance(argument, fx.Node):
            return self._flow[argument]
        if isinstance(argument, dict):
            return [self._of(item) for item in argument.values()]
        if isinstance(argument, tuple | list):
            return [self._of(item) for item in argument]
        if isinstance(argument, slice):
            return [self._of(part) for part in (argument.start, argument.stop, argument.step)]
        return None

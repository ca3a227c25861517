"""What torch.export says of a model: aten calls, each with the module calls it was made in."""

from __future__ import annotations

import logging
import operator
import warnings
from typing import Any

import torch
from torch import fx, nn

from server.tracking.architectures.projection import Place, Reading, operation_name
from server.tracking.architectures.tensors import flat, is_fill, is_leaf, shaped, tensors_in


def read_export(
    model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], inputs: list[str]
) -> Reading:
    """Return what torch.export sees of `model(*args, **kwargs)`, whose tensors are `inputs`."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)  # every step is logged, which takes longer than the step
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.export.export(model, args, kwargs, strict=False)
    finally:
        logging.disable(before)
    leaves = {path for path, module in model.named_modules() if path and is_leaf(module)}
    flow = _Flow(leaves, set(program.graph_signature.user_inputs), inputs)
    for serial, node in enumerate(program.graph.nodes):
        flow.follow(node, serial)
    return flow.reading


class _Flow:
    """Follows every tensor; what is written in place flows into all that shows that memory."""

    def __init__(self, leaves: set[str], users: set[str], inputs: list[str]) -> None:
        self.reading = Reading(merges_outputs=True)
        self._leaves, self._users, self._inputs = leaves, users, iter(inputs)
        self._flow: dict[fx.Node, Any] = {}
        self._roots: dict[fx.Node, fx.Node] = {}

    def follow(self, node: fx.Node, serial: int) -> None:
        """Take in the next node of the graph."""
        value = node.meta.get("val")
        if node.op == "output":
            self.reading.returned = flat(self._of(node.args))
        elif node.op == "placeholder":
            is_input = node.name in self._users and tensors_in(value)
            place = Place("input", next(self._inputs)) if is_input else None
            self._flow[node] = {self.reading.add(place, ())} if place is not None else set()
        elif node.target is operator.getitem:
            container = self._flow[node.args[0]]
            is_one = isinstance(container, set)  # of a leaf, whose outputs are not told apart
            self._flow[node] = container if is_one else container[node.args[1]]
        elif not tensors_in(value):
            self._flow[node] = None
        else:
            self._flow[node] = self._called(node, value, serial)

    def _called(self, node: fx.Node, value: Any, serial: int) -> Any:
        schema = getattr(node.target, "_schema", None)  # a block without gradients has none
        raw = schema.name.partition("::")[2] if schema is not None else str(node.target)
        name = operation_name(raw)
        first = 1 if is_fill(name) else 0
        sources = flat([self._of(node.args[first:]), self._of(list(node.kwargs.values()))])
        arguments = schema.arguments if schema is not None else ()
        shows_first = bool(arguments) and arguments[0].alias_info is not None
        base = node.args[0] if shows_first else node
        root = self._roots[node] = self._roots.get(base, base)
        if raw.endswith("_") and root is not node:
            for other, other_root in self._roots.items():
                if other_root is root and other in self._flow:
                    self._flow[other] = flat(self._flow[other]) | sources
        if name in ("to", "contiguous") and self._flow[node.args[0]] is not None:
            return self._flow[node.args[0]]  # perhaps the very same tensor
        stack = [
            (path, key.partition("@")[2])
            for key, (path, _) in node.meta.get("nn_module_stack", {}).items()
        ]
        leaf = next((call for call in stack if call[0] in self._leaves), None)
        if leaf is not None:
            return {self.reading.add(Place("module", _numbered(*leaf)), sources)}
        if not sources:
            return shaped(value, lambda _: set())
        path = stack[-1][0] if stack else ""

        def make(k: int) -> set[Place]:
            return {self.reading.add(Place("operation", path, name, serial, k), sources)}

        return shaped(value, make)

    def _of(self, argument: Any) -> Any:
        if isinstance(argument, fx.Node):
            return self._flow[argument]
        if isinstance(argument, tuple | list):
            return [self._of(item) for item in argument]
        return None


def _numbered(path: str, call: str) -> str:
    """Return the name of a call that torch.export counts from 0, and only from the second on."""
    return f"{path}:{int(call) + 1}" if call else path

"""What is asked of a network, whole: whoever has it can answer it step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from layerwalk.attribution.entrance import Entrance, at_input, entering
from layerwalk.attribution.found import Found, Step
from layerwalk.attribution.gradcam import grad_cam, layer_of
from layerwalk.attribution.integrated import integrated_gradients
from layerwalk.attribution.occlusion import covered_axes, occlusion, windows
from layerwalk.attribution.signal import check_flow, follow
from layerwalk.attribution.target import Target, upstream
from layerwalk.tracking import Opened, OpenRun, Trace
from layerwalk.twin import Example
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import AttributionMethod


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What made a unit as strong as it is.

    Attributes:
        model: in eval mode, not changed.
        example: arguments of a forward pass: the input that is explained.
        traced: of the model; `graph` is its graph with the views that units go by.
        target: the unit.
        method: how.
        layer: node of a Grad-CAM; None: the last maps.
        argument: node of the input, and its place among the arguments, that a map is of.
        steps: of integrated gradients.
        window, stride: of occlusion.
        is_copied: the model is a twin; else it is the user's own, of which nothing may be set.
        running: gives what is entered around a run of the model; called for each.
    """

    model: nn.Module
    example: Example
    traced: Trace
    graph: Graph
    target: Target
    method: AttributionMethod
    argument: tuple[str, tuple[int | str, ...]]
    layer: str | None = None
    steps: int = 32
    window: int = 16
    stride: int = 8
    is_copied: bool = True
    running: Callable[[], AbstractContextManager[None]] = nullcontext

    def check(self) -> None:
        """See that it can be answered, by one forward pass; thread of the model.

        Raises:
            InvalidRequestError: no gradient passes, or the method does not fit the network.
            NotFoundError: there is no such layer.
            ModelError: forward raised.
        """
        if self.method == "gradcam":
            layer_of(self.graph, self.target.node, self.layer)
        if self.method in ("signal", "gradcam"):
            check_flow(self._opened(), self.target, self.graph)
            return
        node = self.graph.node(self.argument[0])
        if self.argument[0] not in upstream(self.graph, self.target.node):
            raise InvalidRequestError(
                f"node {self.target.node!r} does not come from input {self.argument[0]!r}"
            )
        if self.method == "occlusion":
            windows(node.shape, covered_axes(node), window=self.window, stride=self.stride)
        entrance = self._entrance(self._settled())
        if self.method != "occlusion":
            entrance.gradient(entrance.values)

    def answer(self) -> Iterator[Step]:
        """Yield after every step; nothing is in force in between. The last has what was found.

        Raises:
            InvalidRequestError, ModelError: see `check`; or the pass back raised.
        """
        if self.method == "signal":
            yield Step(1, 1, self._signal())
            return
        if self.method == "gradcam":
            layer = layer_of(self.graph, self.target.node, self.layer)
            yield Step(1, 1, grad_cam(self._opened(), self.target, self.graph, layer=layer))
            return
        target = self._settled()
        entrance = self._entrance(target)
        if self.method == "gradient-x-input":
            yield Step(1, 1, self._gradient_x_input(entrance, target))
        elif self.method == "integrated-gradients":
            yield from integrated_gradients(entrance, target, self.graph, steps=self.steps)
        else:
            yield from occlusion(
                entrance, target, self.graph, window=self.window, stride=self.stride
            )

    def _signal(self) -> Found:
        opened = self._opened()
        with self.running():
            signal = follow(opened, self.target, self.graph)
        maps: dict[str, Tensor] = {}
        edges = signal.edges.copy()
        for node in self.graph.nodes:
            if node.kind == "input":
                entered = entering(self.graph, node.id, of=self.target.node)
                given = {
                    one: at_input(signal.maps[one], node) for one in entered if one in signal.maps
                }
                if given:
                    maps[node.id] = torch.stack(list(given.values())).sum(0)
                for place, edge in enumerate(self.graph.edges):  # ids pass no gradient themselves
                    if edge.source == node.id != edge.target and edge.target in given:
                        edges[place] = float(given[edge.target].double().sum())
            elif node.id in signal.maps:
                maps[node.id] = signal.maps[node.id]
        return Found(signal.target, signal.value, maps, edges=edges)

    def _gradient_x_input(self, entrance: Entrance, target: Target) -> Found:
        """Return gradient x input (Shrikumar et al. 2016; Simonyan et al. 2014 without `x input`)."""
        given = entrance.gradient(entrance.values).float() * entrance.values.float()
        node = self.graph.node(entrance.node)
        return Found(
            target,
            float(entrance.evaluate(entrance.values)),
            {entrance.node: at_input(given, node)},
            argument=entrance.node,
        )

    def _settled(self) -> Target:
        return (
            self.target.settled(self._opened().value) if self.target.unit is None else self.target
        )

    def _opened(self) -> Opened:
        run = OpenRun(self.model, self.traced, self.target.node, opens_parameters=self.is_copied)
        return run(self.example.args, self.example.kwargs, around=self.running())

    def _entrance(self, target: Target) -> Entrance:
        node, slot = self.argument
        return Entrance(
            self.model,
            traced=self.traced,
            graph=self.graph,
            example=replace(self.example, slot=slot),
            target=target,
            node=node,
            slot=slot,
            running=self.running,
        )


def argument_of(
    graph: Graph, example: Example, wish: str | None = None, *, names: dict[str, str] | None = None
) -> tuple[str, tuple[int | str, ...]]:
    """Return the node of an input and its place among the arguments.

    Args:
        graph: of the network.
        example: its arguments.
        wish: id of an input node, or a name of an argument; None: the input that is shown.
        names: name of an argument -> id of its node.

    Raises:
        InvalidRequestError: there is no such input, or the graph has no nodes for its inputs.
    """
    inputs = [node.id for node in graph.nodes if node.kind == "input"]
    slots = example.slots
    if len(inputs) != len(slots):
        raise InvalidRequestError(
            f"the graph has {len(inputs)} input nodes for {len(slots)} tensors; no map of one"
        )
    if wish is None:
        return inputs[slots.index(example.slot)], example.slot
    wish = (names or {}).get(wish, wish)
    if wish not in inputs:
        known = ", ".join(inputs)
        raise InvalidRequestError(f"input {wish!r} is not one of the network's ({known})")
    return wish, slots[inputs.index(wish)]

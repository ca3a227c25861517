"""The independent reference: plain hooks that clone, on a copy of the model."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from layerwalk.tracking import Detail, Recorder, Recording, Trace, trace
from layerwalk_shared.graph import Graph

Hooked = Callable[..., dict[str, Tensor]]
Watch = Callable[..., tuple[Trace, Recording]]


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        yield


@pytest.fixture
def hooked() -> Hooked:
    """Return leaf modules' outputs by node id, cloned by plain hooks on a deep copy in eval."""

    def run(model: nn.Module, *args: Any, **kwargs: Any) -> dict[str, Tensor]:
        model = copy.deepcopy(model).eval()
        calls: Counter[str] = Counter()
        found: dict[str, Tensor] = {}

        def keep(path: str, output: Any) -> None:
            calls[path] += 1
            node = path if calls[path] == 1 else f"{path}:{calls[path]}"
            if isinstance(output, Tensor):
                found[node] = output.clone()

        for path, module in model.named_modules():
            if path and not list(module.children()):
                module.register_forward_hook(lambda _, __, out, path=path: keep(path, out))
        with torch.no_grad():
            model(*copy.deepcopy(args), **copy.deepcopy(kwargs))
        return found

    return run


@pytest.fixture
def watch() -> Watch:
    """Return the trace and a recording of a model for one call."""

    def run(
        model: nn.Module, *args: Any, detail: Detail | None = None, **kwargs: Any
    ) -> tuple[Trace, Recording]:
        traced = trace(model, args, kwargs, detail=detail)
        assert traced.error is None
        with Recorder(model, traced) as recorder:
            recording = recorder.record(args, kwargs)
        assert recording.error is None
        assert not recording.drifted
        assert set(recording.values) == set(traced.graph.index)
        for node in traced.graph.nodes:
            shape = tuple(recording.values[node.id].shape)
            assert node.shape in (shape[1:], shape, shape[:1] + shape[2:]), node.id
        return traced, recording

    return run


@pytest.fixture
def edges() -> Callable[[Graph], set[tuple[str, str]]]:
    def of(graph: Graph) -> set[tuple[str, str]]:
        return {(edge.source, edge.target) for edge in graph.edges}

    return of


@pytest.fixture
def same() -> Callable[[Recording, dict[str, Tensor]], None]:
    """Assert that the expected values stand in a recording, bit for bit."""

    def check(recording: Recording, expected: dict[str, Tensor]) -> None:
        assert expected
        for node, value in expected.items():
            found = recording.values[node]
            assert found.dtype == value.dtype, node
            assert torch.equal(found, value), node

    return check

"""Unedited models of every family: edges against another source, values against plain hooks."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from layerwalk.tracking import Recorder, Recording, Trace, trace
from server.tracking.architectures.entry import Entry
from server.tracking.architectures.export_reading import read_export
from server.tracking.architectures.families import FAMILIES
from server.tracking.architectures.fx_reading import read_fx
from server.tracking.architectures.projection import project
from server.tracking.architectures.tensors import is_leaf, tensors_in

SHARE_KNOWN = 0.6
"""Of a graph's nodes, those that the other source has to know at least."""


@dataclass(frozen=True)
class Studied:
    entry: Entry
    model: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    trace: Trace
    recording: Recording
    plain: dict[str, Tensor]
    passed: set[str]
    outputs: Any


@pytest.fixture(scope="module", params=FAMILIES.values(), ids=lambda entry: entry.name)
def studied(request: pytest.FixtureRequest) -> Iterator[Studied]:
    """Trace and record a model, and run it plainly with hooks on a copy and without any."""
    entry: Entry = request.param
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        model = entry.build().eval()
        args, kwargs = entry.args(), entry.kwargs()
        random = torch.get_rng_state()
        traced = trace(model, args, kwargs)
        with Recorder(model, traced) as recorder:
            recording = recorder.record(args, kwargs)
        assert torch.equal(torch.get_rng_state(), random)
        plain, passed, outputs = _run_plainly(model, args, kwargs)
        yield Studied(entry, model, args, kwargs, traced, recording, plain, passed, outputs)
    torch.set_num_threads(threads)


def _run_plainly(
    model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[dict[str, Tensor], set[str], Any]:
    """Return values of the leaves' calls by `path:call.output`, the calls that gave back what they
    got, and what the model returned."""
    model = copy.deepcopy(model)
    calls: Counter[str] = Counter()
    values: dict[str, Tensor] = {}
    passed: set[str] = set()

    def keep(path: str, args: Any, kwargs: Any, output: Any) -> None:
        calls[path] += 1
        call = path if calls[path] == 1 else f"{path}:{calls[path]}"
        tensors = tensors_in(output)
        for position, tensor in enumerate(tensors):
            values[f"{call}/{position}"] = tensor.detach().clone()
        given = [tensor.data_ptr() for tensor in tensors_in([args, kwargs])]
        if all(tensor.data_ptr() in given for tensor in tensors):
            passed.add(call)

    for path, module in model.named_modules(remove_duplicate=False):
        if path and is_leaf(module):
            module.register_forward_hook(
                lambda _, args, kwargs, out, path=path: keep(path, args, kwargs, out),
                with_kwargs=True,
            )
    with torch.no_grad():
        outputs = model(*copy.deepcopy(args), **copy.deepcopy(kwargs))
    return values, passed, outputs


def test_edges_are_those_that_another_source_sees(studied: Studied) -> None:
    entry, graph = studied.entry, studied.trace.graph
    assert studied.trace.error is None
    if entry.source == "hand":
        assert {(edge.source, edge.target) for edge in graph.edges} == entry.edges
        return
    inputs = [node.id for node in graph.nodes if node.kind == "input"]
    reading = (
        read_fx(studied.model, studied.args, inputs)
        if entry.source == "fx"
        else read_export(studied.model, studied.args, studied.kwargs, inputs)
    )
    seen = project(reading, graph)
    assert seen.found == seen.expected
    unknown = seen.unknown - studied.passed
    strange = {node.id for node in graph.nodes if node.id in unknown}
    assert {graph.node(node).operation for node in strange} <= entry.opaque
    assert not [path for path in seen.unmatched if path not in studied.passed]
    assert len(graph.nodes) - len(seen.unknown) >= SHARE_KNOWN * len(graph.nodes)


def test_values_are_those_of_plain_hooks(studied: Studied) -> None:
    plan, recording = studied.trace.plan, studied.recording
    compared = 0
    for node in studied.trace.graph.nodes:
        capture = plan.captures[node.id]
        if capture.kind != "module":
            continue
        call = capture.path if capture.call == 1 else f"{capture.path}:{capture.call}"
        expected = studied.plain[f"{call}/{capture.output}"]
        found = recording.values[node.id]
        assert found.dtype == expected.dtype, node.id
        assert torch.equal(found, expected), node.id
        compared += 1
    assert set(recording.values) == set(studied.trace.graph.index)
    assert recording.error is None
    assert not recording.drifted
    assert compared or not studied.plain


def test_what_the_model_returns_is_unchanged(studied: Studied) -> None:
    recorded = studied.recording.outputs
    assert type(recorded) is type(studied.outputs)
    expected = tensors_in(studied.outputs)
    found = tensors_in(recorded)
    assert len(found) == len(expected) > 0
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.dtype == theirs.dtype
        assert torch.equal(mine, theirs)
    with torch.no_grad():
        again = tensors_in(
            studied.model(*copy.deepcopy(studied.args), **copy.deepcopy(studied.kwargs))
        )
    assert [tensor.shape for tensor in again] == [tensor.shape for tensor in expected]


def test_there_are_at_least_sixty_of_them() -> None:
    assert len(FAMILIES) >= 60
    by_hand = {entry.name for entry in FAMILIES.values() if entry.source == "hand"}
    assert len(FAMILIES) - len(by_hand) >= 60

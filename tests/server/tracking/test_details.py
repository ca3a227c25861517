"""The three details against each other, and modules that cannot be hooked."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from layerwalk.tracking import Recorder, trace
from layerwalk_shared.errors import InvalidRequestError, ModelError


class Swish(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x)


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.swish = nn.Conv2d(3, 4, 1), Swish()

    def forward(self, x: Tensor) -> Tensor:
        return self.swish(self.conv(x)).permute(0, 2, 3, 1) + 1


def test_operations_show_what_is_inside_and_between(watch, edges, same) -> None:
    model, x = Small().eval(), torch.randn(1, 3, 4, 4)
    traced, recording = watch(model, x, detail="operations")
    assert edges(traced.graph) == {
        ("input", "conv"),
        ("conv", "swish.sigmoid"),
        ("conv", "swish"),
        ("swish.sigmoid", "swish"),
        ("swish", "permute"),
        ("permute", "add"),
    }
    assert traced.graph.node("swish").operation == "Swish"
    assert traced.graph.node("swish.sigmoid").group == traced.graph.node("swish").group == "swish"
    with torch.no_grad():
        conv = model.conv(x)
    expected = {"conv": conv, "swish.sigmoid": conv.sigmoid(), "swish": conv * conv.sigmoid()}
    same(recording, expected)


def test_modules_keep_their_ids_and_values_at_every_detail(watch) -> None:
    model, x = Small().eval(), torch.randn(1, 3, 4, 4)
    few, values = watch(model, x, detail="modules")
    many, more_values = watch(model, x, detail="operations")
    assert [node.id for node in few.graph.nodes] == ["input", "conv", "swish", "add"]
    for node in few.graph.nodes:
        other = many.graph.node(node.id)
        assert other.model_copy(update={"group": node.group}) == node
        assert torch.equal(values.values[node.id], more_values.values[node.id])


def test_no_other_detail_is_taken() -> None:
    with pytest.raises(InvalidRequestError, match="'layers', expected one of trackers, modules"):
        trace(nn.Linear(2, 2), torch.ones(1, 2), detail="layers")  # type: ignore[arg-type]


def test_a_group_of_one_is_none_and_plain_boxes_in_boxes_are_one() -> None:
    model = nn.Sequential(
        nn.Sequential(nn.Linear(3, 3)),
        nn.Sequential(nn.Sequential(nn.Linear(3, 3), nn.Tanh())),
        nn.Sequential(),
        nn.Linear(3, 3),
    )
    graph = trace(model, torch.randn(1, 3)).graph
    found = {node.id: node.group for node in graph.nodes}
    assert found == {"input": None, "0.0": None, "1.0.0": "1", "1.0.1": "1", "3": None}
    assert [group.id for group in graph.groups] == ["1"]


def test_parametrized_modules_are_still_one_node(watch, edges, same) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh()).eval()
    parametrizations.weight_norm(model[0])
    x = torch.randn(1, 3)
    traced, recording = watch(model, x)
    assert edges(traced.graph) == {("input", "0"), ("0", "1")}
    node = traced.graph.node("0")
    assert (node.operation, node.parameters) == ("Linear", 4 * 3 + 4 + 4)
    with torch.no_grad():
        same(recording, {"0": model[0](x)})


def test_a_module_with_lists_of_parameters_alone_is_one_node() -> None:
    class Mixing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weights = nn.ParameterList([nn.Parameter(torch.ones(3)) for _ in range(2)])

        def forward(self, x: Tensor) -> Tensor:
            return x * self.weights[0] + self.weights[1]

    graph = trace(nn.Sequential(Mixing()), torch.randn(1, 3)).graph
    assert [node.id for node in graph.nodes] == ["input", "0"]
    assert graph.node("0").parameters == 6


def test_attributes_of_a_tensor_get_through_identities() -> None:
    class Reading(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.drop = nn.Dropout()

        def forward(self, x: Tensor) -> Tensor:
            x = x + 1
            x.scale = 3  # type: ignore[attr-defined]
            return x * self.drop(x).scale

    assert trace(Reading(), torch.randn(1, 3)).error is None


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_script_inside_is_one_node(watch, edges, same) -> None:
    inner = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.ReLU(inplace=True))
    model = nn.Sequential(nn.Linear(3, 3), torch.jit.script(inner), nn.Linear(3, 2))
    x = torch.randn(1, 3)
    traced, recording = watch(model, x)
    assert edges(traced.graph) == {("input", "0"), ("0", "1"), ("1", "2")}
    assert traced.graph.node("1").operation == "Sequential"
    assert isinstance(model[1], torch.jit.ScriptModule)
    assert all(module.training for module in model.modules())
    assert inner[1].num_batches_tracked == 0
    model.eval()
    inner.eval()
    with torch.no_grad():
        first = model[0](x)
        same(recording, {"0": first, "1": inner(first), "2": model(x)})


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_script_as_a_whole_is_refused_with_a_reason() -> None:
    with pytest.raises(ModelError, match=r"TorchScript module \(Linear\)"):
        trace(torch.jit.script(nn.Linear(3, 3)), torch.ones(1, 3))


def test_compiled_modules_are_seen_as_what_they_were_made_from() -> None:
    model, x = Small().eval(), torch.randn(1, 3, 4, 4)
    plain = trace(model, x).graph
    whole = torch.compile(model, backend="eager")
    assert trace(whole, x).graph == plain
    in_place = Small().eval()
    in_place.compile(backend="eager")
    assert trace(in_place, x).graph == plain
    part = nn.Sequential(torch.compile(nn.Sequential(nn.Linear(3, 3), nn.Tanh()), backend="eager"))
    traced = trace(part, torch.randn(1, 3))
    assert [node.id for node in traced.graph.nodes] == ["input", "0.0", "0.1"]
    with Recorder(part, traced) as recorder:
        assert not recorder.record(torch.randn(1, 3)).drifted
    assert "_orig_mod" in part[0]._modules


def test_importing_layerwalk_loads_neither_torch_nor_a_server_nor_a_client() -> None:
    code = (
        "import sys, layerwalk\n"
        "heavy = {'torch', 'flask', 'waitress', 'pygame', 'OpenGL', 'layerwalk_client'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert 'snapshot' in dir(layerwalk)\n"
        "layerwalk.TrackerModule, layerwalk.trace\n"
        "assert not (heavy - {'torch'}) & set(sys.modules)\n"
        "try: layerwalk.nonsense\n"
        "except AttributeError as error: assert 'nonsense' in str(error)\n"
        "else: raise AssertionError\n"
    )
    path = [entry for entry in sys.path if entry]
    environment = {"PYTHONPATH": ":".join(path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

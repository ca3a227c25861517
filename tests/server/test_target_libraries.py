"""Models named after other people's libraries: random weights, nothing fetched, clear sentences."""

from __future__ import annotations

import importlib
import socket
import sys
from collections.abc import Iterator
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch
from torch import nn

from layerwalk.targets import open_target
from layerwalk.targets.shim import import_torchvision
from layerwalk_shared.errors import TargetError


class Refuses(MetaPathFinder):
    """Lets no module of a package be found."""

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name.partition(".")[0] == self.package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def fresh_torchvision() -> Iterator[None]:
    """Let torchvision be imported anew within the test, and put back what was there."""
    before = {name: sys.modules.pop(name) for name in _of("torchvision")}
    yield
    for name in _of("torchvision"):
        del sys.modules[name]
    sys.modules.update(before)


def _of(package: str) -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] == package]


@pytest.mark.parametrize("library", ["torchvision", "timm", "transformers"])
def test_a_library_that_is_missing_is_named_with_the_extra_that_brings_it(
    library: str, monkeypatch: pytest.MonkeyPatch, fresh_torchvision: None
) -> None:
    for name in _of(library):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Refuses(library), *sys.meta_path])
    with pytest.raises(TargetError, match=r"pip install 'layerwalk\[integrations\]'") as found:
        open_target(f"{library}:resnet18")
    assert f"{library} is not installed" in str(found.value)


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("torchvision:resnet19", "torchvision has no such model; nearest: 'resnet1"),
        ("timm:vit_tiny_patch16_225", "timm has no such model; nearest: 'vit_tiny_patch16_224'"),
        ("transformers:BertModle", "transformers has no such model; nearest: 'BertModel'"),
        ("transformers:PreTrainedConfig", "transformers has no such model"),
        ("transformers:pipeline", "transformers has no such model"),
        ("transformers:LlamaModel", r"6\.6 billion weights .*LlamaModel:tiny makes a small one"),
    ],
)
def test_a_name_that_is_unknown_gets_the_nearest(target: str, sentence: str) -> None:
    with pytest.raises(TargetError, match=sentence) as found:
        open_target(target)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("target", "shape"),
    [
        ("torchvision:squeezenet1_1", (3, 224, 224)),
        ("torchvision:lraspp_mobilenet_v3_large", (3, 224, 224)),
        ("timm:test_vit", (3, 160, 160)),
    ],
)
def test_networks_for_pictures_tell_the_size_they_want(
    target: str, shape: tuple[int, ...], no_network: None
) -> None:
    _, card = open_target(target)
    assert card.input_shape == shape
    assert len(card.mean) == len(card.std) == 3
    assert card.vocabulary is None
    assert not card.example


@pytest.mark.parametrize(
    ("name", "kind", "arguments"),
    [
        ("gpt2", "GPT2Model", ["input_ids"]),
        ("GPT2LMHeadModel", "GPT2LMHeadModel", ["input_ids"]),
        ("BertConfig", "BertModel", ["input_ids"]),
        ("t5", "T5Model", ["input_ids", "decoder_input_ids"]),
        ("clip", "CLIPModel", ["input_ids", "pixel_values"]),
        ("vit", "ViTModel", ["pixel_values"]),
        ("rwkv", "RwkvModel", ["input_ids"]),
    ],
)
def test_a_transformer_is_found_by_type_architecture_and_configuration(
    name: str, kind: str, arguments: list[str], no_network: None
) -> None:
    model, card = open_target(f"transformers:{name}:tiny")
    assert type(model).__name__ == kind
    assert sum(parameter.numel() for parameter in model.parameters()) < 1e6
    assert list(card.example) == arguments
    first = card.example[arguments[0]]
    assert card.input_shape == tuple(first.shape[1:])
    assert (card.vocabulary is None) is first.is_floating_point()
    model.eval()
    with torch.no_grad():
        model(**card.example)


def test_what_does_not_fit_torch_is_imported_with_the_schemas_declared(
    monkeypatch: pytest.MonkeyPatch, fresh_torchvision: None
) -> None:
    real = importlib.import_module
    asked: list[list[str]] = []

    def stub(name: str) -> ModuleType:
        if name != "torchvision":
            return real(name)
        asked.append(_of("torchvision"))
        if len(asked) == 1:
            sys.modules["torchvision.ops"] = ModuleType("torchvision.ops")
            raise RuntimeError("operator torchvision::nms does not exist")
        return sys.modules.setdefault("torchvision", ModuleType("torchvision"))

    monkeypatch.setattr(importlib, "import_module", stub)
    assert import_torchvision().__name__ == "torchvision"
    assert asked == [[], []], "what was half imported stayed"
    assert hasattr(torch.ops.torchvision, "nms")


def test_another_failure_of_torchvision_is_told(
    monkeypatch: pytest.MonkeyPatch, fresh_torchvision: None, tmp_path: Path
) -> None:
    (tmp_path / "torchvision.py").write_text("raise RuntimeError('libcuda is broken')\n")
    monkeypatch.syspath_prepend(tmp_path)
    sentence = "importing torchvision.models raised RuntimeError: libcuda is broken$"
    with pytest.raises(TargetError, match=sentence):
        open_target("torchvision:resnet18")


def test_published_weights_are_asked_for_only_where_they_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[object] = []
    weights = SimpleNamespace(
        meta={"categories": ["cat", "dog"]}, transforms=lambda: SimpleNamespace(crop_size=[240])
    )

    def get_model(name: str, *, weights: object) -> nn.Module:
        asked.append(weights)
        return nn.ReLU()

    module = ModuleType("torchvision.models")
    module.list_models = lambda: ["resnet18"]
    module.get_model = get_model
    module.get_model_builder = lambda name: lambda *, weights=None: None
    module.get_model_weights = lambda name: SimpleNamespace(DEFAULT=weights)
    monkeypatch.setitem(sys.modules, "torchvision", ModuleType("torchvision"))
    monkeypatch.setitem(sys.modules, "torchvision.models", module)
    _, card = open_target("torchvision:resnet18")
    assert (card.classes, card.input_shape) == ((), (3, 240, 240))
    _, card = open_target("torchvision:resnet18:pretrained")
    assert card.classes == ("cat", "dog")
    assert asked == [None, weights]


def test_timm_tells_its_own_input(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("timm")
    made = nn.ReLU()
    made.pretrained_cfg = {"input_size": (3, 160, 160), "mean": (0.5,) * 3, "std": (0.25,) * 3}
    asked: list[bool] = []
    module.list_models = lambda: ["vit"]
    module.create_model = lambda name, *, pretrained: asked.append(pretrained) or made
    monkeypatch.setitem(sys.modules, "timm", module)
    model, card = open_target("timm:vit.in1k")
    assert model is made
    assert asked == [False]
    assert (card.input_shape, card.mean) == ((3, 160, 160), (0.5, 0.5, 0.5))

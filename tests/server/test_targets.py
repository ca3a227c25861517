"""TARGETs: what they name, and one sentence for each way in which they name nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from layerwalk.targets import guess_shape, open_target, read_card
from layerwalk_shared.errors import TargetError

FILE = """
from torch import nn
import beside

def make_model():
    model = nn.Linear(beside.SIZE, 2)
    return model

ready = nn.ReLU()
number = 3

def wrong():
    return [1]

def fails():
    raise RuntimeError("no weights\\nsecond line")
"""


@pytest.fixture(autouse=True)
def untouched_imports(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith(("layerwalk_target_", "beside", "mine")):
            del sys.modules[name]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "nets.py").write_text(FILE)
    (tmp_path / "beside.py").write_text("SIZE = 7\n")
    (tmp_path / "broken.py").write_text("import nothing_of_the_kind\n")
    (tmp_path / "halves.py").write_text("def (\n")
    (tmp_path / "mine.py").write_text("from torch import nn\ndef net(): return nn.Tanh()\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_a_module_and_an_instance_give_models(folder: Path) -> None:
    model, card = open_target(f"{folder / 'nets.py'}:make_model")
    assert isinstance(model, nn.Linear)
    assert model.in_features == 7
    assert card.name == "make_model"
    assert isinstance(open_target("nets.py:ready")[0], nn.ReLU)
    assert isinstance(open_target("mine:net")[0], nn.Tanh)
    assert isinstance(open_target("torch.nn:Identity")[0], nn.Identity)


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("gone.py:make", "there is no file 'gone.py'"),
        ("nets.py:make_modle", "nearest: 'make_model'"),
        ("nets.py:number", "is a int, expected a callable"),
        ("nets.py:wrong", "gave a list, expected an nn.Module"),
        ("nets.py:fails", "raised RuntimeError: no weights$"),
        ("broken.py:make", "raised ModuleNotFoundError: No module named 'nothing_of_the_kind'$"),
        ("halves.py:make", "raised SyntaxError"),
        ("no_such_module:make", "there is no module 'no_such_module'"),
        ("torch.nope:make", "there is no module 'torch.nope'"),
        ("broken:make", "broken imports 'nothing_of_the_kind', which is not there"),
        ("resnet81", "is not in the zoo .*nearest: 'resnet18'"),
        ("torchvision:resnet18:raw", "only :pretrained"),
        ("transformers:gpt2:pretrained", "only :tiny"),
    ],
)
def test_a_target_that_names_nothing_gets_one_sentence(
    folder: Path, target: str, sentence: str
) -> None:
    with pytest.raises(TargetError, match=sentence) as found:
        open_target(target)
    assert "\n" not in str(found.value)


def test_networks_of_the_zoo_are_found_by_name() -> None:
    model, card = open_target("resnet18")
    assert guess_shape(model) == (3, 224, 224)
    assert card.name == "resnet18"


def test_a_card_is_read_by_its_attributes() -> None:
    model = nn.ReLU()
    model.layerwalk_card = SimpleNamespace(
        name="mine", classes=["a", "b"], input_shape=[3, 8, 9], mean=[0.5], std=[1], accuracy=0.5
    )
    card = read_card(model, "other")
    assert (card.name, card.classes, card.input_shape) == ("mine", ("a", "b"), (3, 8, 9))
    assert (card.mean, card.std) == ((0.5,), (1.0,))
    assert (card.kind, card.vocabulary, dict(card.example)) == (None, None, {})
    model.layerwalk_card = SimpleNamespace(
        kind="text", input_shape=[4], vocabulary=9, time_axis=0, example={"ids": torch.zeros(1, 4)}
    )
    card = read_card(model, "other")
    assert (card.kind, card.vocabulary, list(card.example)) == ("text", 9, ["ids"])
    model.layerwalk_card = SimpleNamespace(kind="smell")
    with pytest.raises(TargetError, match="kind 'smell' is none of image, "):
        read_card(model, "other")
    model.layerwalk_card = SimpleNamespace(input_shape="big")
    with pytest.raises(TargetError, match="layerwalk_card of 'other'"):
        read_card(model, "other")


def test_the_first_layer_tells_the_shape() -> None:
    assert guess_shape(nn.Sequential(nn.ReLU(), nn.Conv2d(1, 2, 3))) == (1, 224, 224)
    assert guess_shape(nn.Sequential(nn.ReLU(), nn.Conv2d(48, 2, 1))) == (3, 224, 224)
    assert guess_shape(nn.Linear(12, 2)) == (12,)
    assert guess_shape(nn.ReLU()) == (3, 224, 224)

"""Weights files: what fits goes in, what does not is told key by key, code is never run."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from layerwalk.weights import load_weights
from layerwalk_shared.errors import WeightsError


def make() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))


def assert_same(left: nn.Module, right: nn.Module) -> None:
    for name, value in left.state_dict().items():
        assert torch.equal(value, right.state_dict()[name]), name


@pytest.mark.parametrize("nest", [None, "state_dict", "model", "model_state_dict"])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_what_was_saved_is_loaded(tmp_path: Path, nest: str | None, prefix: str) -> None:
    trained, fresh = make(), make()
    state = {prefix + name: value for name, value in trained.state_dict().items()}
    path = tmp_path / "w.pt"
    torch.save(state if nest is None else {nest: state, "epoch": 3}, path)
    load_weights(fresh, path)
    assert_same(fresh, trained)


def test_safetensors_in_half_precision_fill_a_float32_model(tmp_path: Path) -> None:
    trained, fresh = make(), make()
    half = {
        name: value.half() if value.is_floating_point() else value
        for name, value in trained.state_dict().items()
    }
    path = tmp_path / "w.safetensors"
    save_file(half, path)
    load_weights(fresh, path)
    assert fresh[0].weight.dtype == torch.float32
    assert torch.equal(fresh[0].weight, trained[0].weight.half().float())


def test_every_kind_of_mismatch_is_named(tmp_path: Path) -> None:
    state = make().state_dict()
    state["0.weight"] = torch.zeros(4, 3, 5, 5)
    del state["2.bias"]
    state |= {f"extra.{index}": torch.zeros(1) for index in range(5)}
    path = tmp_path / "w.pt"
    torch.save(state, path)
    model = make()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(WeightsError) as found:
        load_weights(model, path)
    text = str(found.value)
    assert "1 missing: 2.bias" in text
    assert "5 unexpected: extra.0, extra.1, extra.2 and 2 more" in text
    assert "0.weight is [4, 3, 5, 5], expected [4, 3, 3, 3]" in text
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


class Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return (pytest.fail, ("it was unpickled",))


def test_code_in_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    torch.save({"weight": Bomb()}, path)
    with pytest.raises(WeightsError, match="not unpickled"):
        load_weights(make(), path)
    path.write_bytes(pickle.dumps(Bomb(), protocol=2))
    with pytest.raises(WeightsError):
        load_weights(make(), path)


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04" + bytes(60), b"\x80\x02}q\x00."])
def test_a_file_of_something_else_gets_a_sentence(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=name):
        load_weights(make(), path)


def test_a_missing_file_a_list_and_numbers_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="does not exist"):
        load_weights(make(), tmp_path / "no.pt")
    torch.save([torch.zeros(1)], tmp_path / "list.pt")
    with pytest.raises(WeightsError, match="holds list"):
        load_weights(make(), tmp_path / "list.pt")
    torch.save({"a": 1.5}, tmp_path / "number.pt")
    with pytest.raises(WeightsError, match="entry 'a' is no tensor"):
        load_weights(make(), tmp_path / "number.pt")

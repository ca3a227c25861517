"""Laws of the zoo."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from layerwalk_models import zoo
from layerwalk_models.card import Card
from layerwalk_models.errors import CheckpointError
from layerwalk_models.resnet import make_resnet18_thin
from layerwalk_models.weights_file import load_weights


@pytest.mark.parametrize(
    "name", ["resnet18", "pfnet18", "auer_mlp", "coordinates_siren", "gpt", "lstm", "unet"]
)
def test_untrained_networks_are_the_same_each_time_and_leave_the_random_state(name: str) -> None:
    made = []
    for seed in (7, 8):
        torch.manual_seed(seed)
        state = torch.random.get_rng_state()
        made.append(zoo.NETWORKS[name]())
        assert torch.equal(torch.random.get_rng_state(), state)
    first, second = made
    assert not first.training
    for (key, a), b in zip(first.state_dict().items(), second.state_dict().values(), strict=True):
        assert torch.equal(a, b), key


def test_missing_weights_are_an_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nothing\.json"):
        zoo.load_trained("nothing", make_resnet18_thin, folder=tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"\x02\0\0\0\0\0\0\0{}"])
def test_weights_that_are_broken_or_do_not_fit_are_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"bad\.safetensors"):
        load_weights(make_resnet18_thin(3), path)


@pytest.mark.parametrize(
    "change",
    [{"input_shape": (1, 8, 8)}, {"std": (1.0, 1.0, 0.0)}, {"accuracy": 61.2}],
)
def test_a_card_whose_parts_do_not_agree_is_refused(change: dict[str, object]) -> None:
    fields = {
        "name": "x",
        "classes": ("a",),
        "input_shape": (3, 8, 8),
        "mean": (0.0,) * 3,
        "std": (1.0,) * 3,
        "source": "",
        "accuracy": None,
    }
    Card(**fields)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="must"):
        Card(**{**fields, **change})  # type: ignore[arg-type]

"""Laws of the recipe's optimisers: LAMB against the formula of Linse's dissertation, section 2.4."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn

from layerwalk_models.errors import TrainingError
from layerwalk_models.train import make_parser, make_recipe
from layerwalk_models.training.bank import Canvases, Views
from layerwalk_models.training.checkpoint import write_checkpoint
from layerwalk_models.training.loop import Material, Run, train
from layerwalk_models.training.optimisers import LAMB_EPSILON, make_optimiser
from layerwalk_models.training.recipe import Recipe

RECIPE = Recipe(architecture="resnet18", optimiser="lamb", rate=0.01, weight_decay=0.5)
BETA1, BETA2 = 0.9, 0.999


def step_by_formula(
    x: Tensor, gradients: list[Tensor], *, rate: float, decay: float
) -> list[Tensor]:
    """Write the pseudocode out for one tensor, phi being the norm itself."""
    m, v = torch.zeros_like(x), torch.zeros_like(x)
    places = []
    for t, g in enumerate(gradients, start=1):
        m = BETA1 * m + (1 - BETA1) * g
        v = BETA2 * v + (1 - BETA2) * g**2
        r = (m / (1 - BETA1**t)) / torch.sqrt(v / (1 - BETA2**t) + LAMB_EPSILON)
        direction = r + decay * x
        x = x - rate * x.norm() / direction.norm() * direction
        places.append(x)
    return places


def test_lamb_steps_as_the_formula_says(torchvision: ModuleType) -> None:
    """Gradients far above norm 1, so that any clipping of them would show."""
    torch.manual_seed(0)
    network = nn.Linear(5, 4).double()
    optimiser = make_optimiser(network, RECIPE)
    generator = torch.Generator().manual_seed(1)
    gradients = {
        name: [torch.randn(p.shape, generator=generator).double() * 50 for _ in range(6)]
        for name, p in network.named_parameters()
    }
    expected = {
        name: step_by_formula(
            parameter.detach().clone(),
            gradients[name],
            rate=RECIPE.rate,
            decay=RECIPE.weight_decay if parameter.ndim > 1 else 0.0,
        )
        for name, parameter in network.named_parameters()
    }
    for step in range(6):
        for name, parameter in network.named_parameters():
            parameter.grad = gradients[name][step]
        optimiser.step()
        for name, parameter in network.named_parameters():
            torch.testing.assert_close(
                parameter.detach(), expected[name][step], rtol=1e-6, atol=1e-9
            )


def test_a_step_of_lamb_is_as_long_as_rate_and_weights_say(torchvision: ModuleType) -> None:
    """The length of a layer's step is rate * norm of its weights, whatever its gradient."""
    network = nn.Linear(8, 8)
    before = network.weight.detach().clone()
    optimiser = make_optimiser(network, RECIPE)
    network.weight.grad = torch.full_like(before, 1e4)
    network.bias.grad = torch.zeros_like(network.bias)
    optimiser.step()
    moved = (network.weight.detach() - before).norm()
    torch.testing.assert_close(moved, RECIPE.rate * before.norm())


def test_sgd_is_the_default_and_norms_do_not_decay() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    optimiser = make_optimiser(network, Recipe(architecture="resnet18"))
    assert isinstance(optimiser, torch.optim.SGD)
    decays = [(len(group["params"]), group["weight_decay"]) for group in optimiser.param_groups]
    assert decays == [(1, 5e-4), (3, 0.0)]


def test_without_timm_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "timm"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(TrainingError, match=r"LAMB is timm's.*layerwalk\[integrations\]"):
        make_optimiser(nn.Linear(2, 2), RECIPE)


def test_an_unknown_optimiser_is_refused() -> None:
    with pytest.raises(ValueError, match=r"optimiser must be one of .*, got 'adam'"):
        replace(RECIPE, optimiser="adam")


@pytest.mark.parametrize(
    ("options", "rate", "decay"),
    [((), 0.003, 1.0), (("--rate", "0.01"), 0.01, 1.0), (("--weight-decay", "0.1"), 0.003, 0.1)],
)
def test_lamb_begins_with_the_published_numbers(
    options: tuple[str, ...], rate: float, decay: float
) -> None:
    given = ["x", "--architecture", "resnet18", "--out", "y", "--optimiser", "lamb", *options]
    recipe = make_recipe(make_parser().parse_args(given))
    assert (recipe.rate, recipe.weight_decay) == (rate, decay)


def test_a_run_with_lamb_goes_on_where_it_was_killed(
    torchvision: ModuleType, tmp_path: Path
) -> None:
    recipe = replace(
        RECIPE, architecture="auer_mlp", channels=1, epochs=2, batch_size=4, sizes=((0.0, 28),)
    )
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(256, (8, 1, 35, 35), generator=generator).to(torch.uint8)
    labels = torch.arange(8) % 2
    material = Material(
        ("a", "b"),
        Canvases(pictures, torch.ones(8), labels),
        Views(pictures[:0], labels[:0]),
        mean=(0.5,),
        std=(0.3,),
    )
    unbroken = train(recipe, material, checkpoint_path=tmp_path / "a.pt")
    killed = Run(recipe, material)
    killed.train_epoch()
    write_checkpoint(tmp_path / "b.pt", killed.capture())
    resumed = train(recipe, material, checkpoint_path=tmp_path / "b.pt", resume=True)
    again = resumed.network.state_dict()
    assert all(torch.equal(a, again[name]) for name, a in unbroken.network.state_dict().items())

"""Runs: one seed, equal images; what fails begins again; nothing is left behind."""

from __future__ import annotations

import gc
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import layerwalk
from layerwalk.maximisation.run import MOST_ATTEMPTS, Outcome
from layerwalk_shared.recipes import RECIPES, ConstantStart, NoiseStart, Objective, Recipe
from server.maximisation.small import (
    CLIMB,
    conv_net,
    everything_as_it_was,
    finished,
    maximised,
    picture,
    seeded,
)

SAME = 2e-5
"""Images of one seed in batches of other sizes differ by so much: a convolution and a matrix product
add in another order for another batch, and each step hands the last bit on."""


def short(name: str, **numbers: object) -> Recipe:
    return RECIPES[name].model_copy(update={"steps": 6, "plain_steps": 2, **numbers})


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return conv_net()


@pytest.mark.parametrize("name", RECIPES)
def test_one_seed_gives_equal_images_whatever_the_batch(model: nn.Module, name: str) -> None:
    settings = {"recipe": short(name, steps=3, plain_steps=1), "example": picture(16), "seed": 3}
    alone = maximised(model, "4", range(8), batch=1, **settings)
    for batch in (3, 8):
        for unit, image in maximised(model, "4", range(8), batch=batch, **settings).items():
            torch.testing.assert_close(image, alone[unit], rtol=0, atol=SAME)
    again = maximised(model, "4", [5], batch=1, **settings)
    assert torch.equal(again[5], alone[5])


@pytest.mark.parametrize("name", ["walk", "fourier", "maco", "plain"])
def test_another_seed_gives_other_images_and_units_have_their_own(
    model: nn.Module, name: str
) -> None:
    first, second = (
        maximised(model, "4", [0, 1], recipe=short(name), example=picture(16), seed=seed)
        for seed in (0, 1)
    )
    assert (first[0] - second[0]).abs().mean() > 0.01
    assert (first[0] - first[1]).abs().mean() > 0.01


def test_channels_come_in_any_order(model: nn.Module) -> None:
    expected = maximised(model, "4", range(8), example=picture())
    steps = list(
        layerwalk.maximise(
            model, "4", [6, 1, 4], CLIMB, example=picture(), batch=2, precision="float32"
        )
    )
    assert [step.channels for step in steps if step.is_last] == [(6, 1), (4,)]
    assert [step.places for step in steps if step.is_last] == [(0, 1), (2,)]
    assert [step.step for step in steps] == list(range(1, 9))
    assert {step.steps for step in steps} == {8}
    found = finished(iter(steps))
    for unit in (6, 1, 4):
        torch.testing.assert_close(found[unit], expected[unit], rtol=0, atol=SAME)


def test_activations_are_those_of_the_images_of_the_step_before(model: nn.Module) -> None:
    steps = list(
        layerwalk.maximise(model, "3", [5, 2], CLIMB, example=picture(), precision="float32")
    )
    for before, now in pairwise(steps):
        values = model[:4](before.images)
        expected = torch.stack([values[0, 5].mean(), values[1, 2].mean()])
        torch.testing.assert_close(now.activations, expected.detach(), rtol=1e-4, atol=1e-5)
    assert (steps[-1].activations > steps[0].activations).all()


def test_steps_that_were_handed_out_are_not_written(model: nn.Module) -> None:
    for name in ("plain", "fourier", "smooth"):
        steps, copies = [], []
        for step in layerwalk.maximise(model, "4", [0], short(name), example=picture(16)):
            steps.append(step)
            copies.append((step.images.clone(), step.activations.clone()))
        for step, (images, activations) in zip(steps, copies, strict=True):
            assert torch.equal(step.images, images)
            assert torch.equal(step.activations, activations)


# Starts and bounds.


def test_a_run_begins_at_the_image_that_it_is_given(model: nn.Module) -> None:
    still = CLIMB.model_copy(update={"steps": 1, "rate": 1e-30})
    image = picture(14)
    for start in (image, image[0], image.numpy(), image.double().numpy()[0]):
        found = maximised(model, "4", [0, 1], recipe=still, start=start, example=image)
        assert torch.equal(found[0], image[0])
        assert torch.equal(found[1], image[0])
    no_example = maximised(model, "4", [0], recipe=still, start=image.double())
    assert torch.equal(no_example[0], image[0])


def test_rules_of_starts_are_of_picture_space(model: nn.Module) -> None:
    still = CLIMB.model_copy(update={"steps": 1, "rate": 1e-30})
    mean, std = (0.5, 0.4, 0.3), (0.2, 0.25, 0.5)
    settings = {"recipe": still, "example": picture(64), "mean": mean, "std": std}
    spread = torch.tensor(std)[:, None, None]
    middle = torch.tensor(mean)[:, None, None]
    constant = maximised(model, "4", [0], start=ConstantStart(value=0.25), **settings)[0]
    torch.testing.assert_close(constant * spread + middle, torch.full((3, 64, 64), 0.25))
    noise = maximised(model, "4", [0], start=NoiseStart(amplitude=0.1), **settings)[0]
    seen = noise * spread + middle
    assert abs(seen.mean() - 0.5) < 0.005
    assert abs(seen.std() - 0.1) < 0.005


def test_bounds_are_of_the_picture(model: nn.Module) -> None:
    mean, std = (0.5, 0.4, 0.3), (0.2, 0.25, 0.5)
    recipe = CLIMB.model_copy(update={"bounds": (0.1, 0.7), "rate": 50.0})
    image = maximised(model, "4", [0], recipe=recipe, example=picture(), mean=mean, std=std)[0]
    seen = image * torch.tensor(std)[:, None, None] + torch.tensor(mean)[:, None, None]
    assert seen.min().item() == pytest.approx(0.1, abs=1e-6)
    assert seen.max().item() == pytest.approx(0.7, abs=1e-6)


def test_the_last_steps_go_without_transforms_and_blend(model: nn.Module) -> None:
    def lengths(**numbers: object) -> list[float]:
        recipe = short("walk", rate=1e-9, blend=0.5, **numbers)
        steps = list(layerwalk.maximise(model, "4", [0], recipe, example=picture(), seed=2))
        return [float((now.images - before.images).norm()) for before, now in pairwise(steps)]  # fmt: skip

    moved = lengths()
    assert min(moved[:3]) > 1e-2
    assert max(moved[3:]) < 1e-5
    assert max(lengths(plain_steps=6)) < 1e-5


def test_blend_comes_to_the_data_s_mean_and_deviation(model: nn.Module) -> None:
    recipe = CLIMB.model_copy(update={"rate": 1e-9, "blend": 1.0, "steps": 2})
    image = maximised(
        model, "4", [0], recipe=recipe, example=picture(), mean=(0.5,) * 3, std=(0.2,) * 3
    )[0]
    assert abs(image.mean()) < 1e-5
    assert image.std(correction=0).item() == pytest.approx(1, abs=1e-5)


def test_vectors_have_no_photograph_s_colours_to_blend_to() -> None:
    net = nn.Sequential(nn.Linear(6, 2))
    blended, plain = (
        maximised(
            net,
            "0",
            [0],
            recipe=CLIMB.model_copy(update={"blend": share}),
            example=torch.rand(1, 6),
        )[0]
        for share in (0.5, 0.0)
    )
    assert torch.equal(blended, plain)


# Kinds of inputs and of outputs.


@pytest.mark.parametrize(
    ("px", "name"),
    [
        (8, "walk"),
        (8, "fourier"),
        (8, "maco"),
        (33, "walk"),
        (33, "maco"),
        (512, "walk"),
        (512, "fourier"),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_any_size_and_one_or_three_channels(px: int, channels: int, name: str) -> None:
    net = nn.Sequential(seeded(nn.Conv2d(channels, 2, 3, stride=2)))
    recipe = short(name, steps=2, plain_steps=0)
    images = maximised(net, "0", [0, 1], recipe=recipe, example=picture(px, channels))
    for image in images.values():
        assert image.shape == (channels, px, px)
        assert image.dtype is torch.float32
        assert image.isfinite().all()


class Segments(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 5, 3, padding=1)
        self.up = nn.Upsample(scale_factor=2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.up(self.body(x))
        return out


class Embeds(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 5, 3)
        self.head = nn.Linear(5, 4)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.normalize(self.head(self.body(x).mean((2, 3))))


class Tokens(nn.Module):
    """Time first: the batch is the second axis."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(3, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        out, (hidden, _) = self.rnn(x.transpose(0, 1))
        return out, hidden


@pytest.mark.parametrize(
    ("make", "node", "example", "reached"),
    [
        (Segments, "up", picture(), lambda m, x, unit: m(x)[:, unit].mean((1, 2))),
        (Embeds, None, picture(), lambda m, x, unit: m(x)[:, unit]),
        (Tokens, "rnn", torch.rand(1, 7, 3), lambda m, x, unit: m(x)[0][:, :, unit].mean(0)),
        (Tokens, "rnn.1", torch.rand(1, 7, 3), lambda m, x, unit: m(x)[1][0, :, unit]),
    ],
)
def test_every_kind_of_output_is_climbed(
    make: Callable[[], nn.Module],
    node: str | None,
    example: Tensor,
    reached: Callable[[nn.Module, Tensor, int], Tensor],
) -> None:
    model = seeded(make())
    node = node or layerwalk.trace(model, example).outputs[0]
    steps = list(
        layerwalk.maximise(
            model, node, [3, 0, 2], CLIMB, example=example, batch=3, precision="float32"
        )
    )
    for place, unit in enumerate((3, 0, 2)):
        values = [reached(model, step.images, unit)[place].item() for step in steps]
        torch.testing.assert_close(
            steps[-1].activations[place].item(), values[-2], rtol=1e-4, atol=1e-5
        )
        assert values[-1] > values[0]


def test_other_arguments_are_repeated_for_the_batch() -> None:
    class Conditioned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.line = nn.Linear(4, 3)

        def forward(self, x: Tensor, gain: Tensor, *, options: dict[str, Tensor]) -> Tensor:
            out: Tensor = self.line(x) * gain * options["sign"] + options["table"].sum()
            return out

    model = seeded(Conditioned())
    example = {
        "x": torch.rand(1, 4), "gain": torch.full((1, 3), 2.0),
        "options": {"sign": -torch.ones(1, 1), "table": torch.zeros(7)},
    }  # fmt: skip
    node = layerwalk.trace(model, (), example).outputs[0]
    for unit, image in maximised(model, node, None, example=example).items():
        weight = -model.get_submodule("line").weight.detach()[unit]  # type: ignore[operator, index]
        moved = image - maximised(model, node, [unit], example=example, recipe=CLIMB.model_copy(update={"steps": 1}))[unit]  # fmt: skip
        torch.testing.assert_close(moved, 3 * weight / weight.norm(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", ["layer", "direction"])
def test_objectives_of_a_whole_node_make_one_image(model: nn.Module, kind: str) -> None:
    objective = Objective(kind=kind, direction=(1.0,) * 8 if kind == "direction" else ())  # type: ignore[arg-type]
    *_, last = layerwalk.maximise(model, "4", None, CLIMB, example=picture(), objective=objective)
    assert last.channels == (None,)
    assert last.images.shape == (1, 3, 12, 12)


def test_bfloat16_comes_near_float32(model: nn.Module) -> None:
    recipe = CLIMB.model_copy(update={"steps": 20})
    reached = {}
    for precision in ("float32", "bfloat16"):
        images = maximised(
            model, "8", range(5), recipe=recipe, example=picture(), precision=precision
        )
        assert all(image.dtype is torch.float32 for image in images.values())
        reached[precision] = model(torch.stack(list(images.values()))).diagonal().detach()
    assert (reached["bfloat16"] > 0.95 * reached["float32"]).all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_weights_of_any_real_type(dtype: torch.dtype) -> None:
    model = conv_net()
    expected = maximised(model, "8", [0], example=picture())[0]
    found = maximised(conv_net().to(dtype), "8", [0], example=picture().to(dtype))[0]
    torch.testing.assert_close(
        found, expected, rtol=0, atol=1e-5 if dtype is torch.float64 else 0.05
    )


def test_auto_goes_back_to_float32_where_a_network_mixes_types(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Mixes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.line = nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.line(x + torch.ones(4))
            return out

    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True)
    expected = maximised(seeded(Mixes()), "line", [0], example=torch.rand(1, 4))
    found = maximised(seeded(Mixes()), "line", [0], example=torch.rand(1, 4), precision="auto")
    assert torch.equal(found[0], expected[0])


# What goes wrong.


class _Spoilt(torch.autograd.Function):
    """Items that are spoilt have a gradient of NaN wherever one comes in."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, is_spoilt: Tensor) -> Tensor:
        ctx.save_for_backward(is_spoilt)
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (is_spoilt,) = ctx.saved_tensors
        return torch.where(is_spoilt & (grads[0] != 0), torch.nan, grads[0]), None


class Fragile(nn.Module):
    """Unit 0 is sound, 1 never active, 2 has a gradient of NaN from every other start, 3 always, 4
    a value of infinity, 5 is one number whatever comes in."""

    def forward(self, x: Tensor) -> Tensor:
        sound = x.sum(1)
        often = (x[:, 0] * 1000).frac().abs() > 0.5
        return torch.stack(
            [
                sound,
                (-x.square().sum(1) - 1).relu(),
                _Spoilt.apply(sound, often),
                _Spoilt.apply(sound, torch.ones_like(often)),
                sound + torch.inf,
                0 * sound + 4,
            ],
            1,
        )


@pytest.mark.parametrize("batch", [1, 6])
def test_what_fails_begins_again_and_says_so_and_the_others_do_not_notice(batch: int) -> None:
    model = nn.Sequential(Fragile())
    recipe = CLIMB.model_copy(update={"steps": 1})
    found: dict[int | None, Outcome] = {}
    images: dict[int | None, Tensor] = {}
    tries: dict[int | None, list[Outcome]] = {}
    for step in layerwalk.maximise(
        model, "0", None, recipe, example=torch.rand(1, 4), batch=batch, seed=1
    ):
        for unit, image, outcome in zip(step.channels, step.images, step.outcomes, strict=True):
            tries.setdefault(unit, []).append(outcome)
            found[unit], images[unit] = outcome, image
    assert MOST_ATTEMPTS == 4
    assert found[0] == Outcome()
    alone = maximised(model, "0", [0], recipe=recipe, example=torch.rand(1, 4), seed=1)
    assert torch.equal(images[0], alone[0])
    assert found[1] == Outcome(4, "never active: 0 over 1 steps and 4 starts")
    assert len(tries[1]) == 4
    assert found[2].is_over
    assert 1 < found[2].attempts < 4
    assert found[2].note == f"begun again from another seed: {found[2].attempts} starts"
    for unit in (3, 4):
        assert found[unit].attempts == 4
        assert "not finite, in 4 starts" in str(found[unit].note)
    assert found[5] == Outcome(4, "the gradient was zero over 1 steps and 4 starts")
    assert all(image.isfinite().all() for image in images.values())


@pytest.mark.parametrize("name", ["walk", "fourier", "smooth"])
def test_an_image_that_failed_stands_still(name: str) -> None:
    class Breaks(nn.Module):
        """Unit 1 is NaN from its fourth pass on."""

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("passes", torch.zeros(()))
            self.seen = 0

        def forward(self, x: Tensor) -> Tensor:
            self.seen += 1
            bad = torch.nan if self.seen > 8 else 1.0
            return torch.stack([x.sum((1, 2, 3)), x.square().sum((1, 2, 3)) * bad], 1)

    recipe = short(name, steps=12)
    steps = list(
        layerwalk.maximise(nn.Sequential(Breaks()), "0", [0, 1], recipe, example=picture())
    )[:12]
    moved = [(now.images - before.images).flatten(1).norm(dim=1) for before, now in pairwise(steps)]  # fmt: skip
    assert moved[0].all()
    assert not torch.stack(moved[-4:])[:, 1].any()
    assert steps[-1].images.isfinite().all()
    assert steps[-1].outcomes[1].note is not None


def test_values_that_run_away_are_noticed() -> None:
    recipe = Recipe(name="r", steps=4, rate=1e30, reference_px=None)
    net = nn.Sequential(nn.Linear(4, 1))
    with torch.no_grad():
        net[0].weight.fill_(1e9)
    outcomes = [step.outcomes for step in layerwalk.maximise(net, "0", [0], recipe, example=torch.rand(1, 4)) if step.is_last]  # fmt: skip
    assert "not finite" in str(outcomes[-1][0].note)


# Nothing left behind.


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("ends", ["whole", "closed", "dropped"])
def test_a_run_leaves_the_process_and_the_model_as_they_were(name: str, ends: str) -> None:
    model = conv_net().train()
    model[5] = nn.Dropout()
    with everything_as_it_was(model):
        steps = layerwalk.maximise(model, "4", [0, 1], short(name), example=picture(16), batch=1)
        next(steps)
        next(steps)
        if ends == "closed":
            steps.close()  # type: ignore[attr-defined]
        elif ends == "whole":
            list(steps)
        del steps


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("name", ["walk", "fourier"])
def test_it_runs_where_gradients_are_off(model: nn.Module, name: str, mode: type) -> None:
    expected = maximised(model, "4", [0], recipe=short(name), example=picture(16))[0]
    with mode():
        found = maximised(model, "4", [0], recipe=short(name), example=picture(16))[0]
        assert not torch.is_grad_enabled()
    assert torch.equal(found, expected)


def test_the_process_s_random_numbers_do_not_matter(model: nn.Module) -> None:
    first = maximised(model, "4", [0], recipe=short("maco"), example=picture(16))[0]
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002
    assert torch.equal(
        maximised(model, "4", [0], recipe=short("maco"), example=picture(16))[0], first
    )


@pytest.mark.parametrize("name", ["walk", "fourier", "proxygrad"])
def test_memory_does_not_grow_with_the_steps(model: nn.Module, name: str) -> None:
    recipe = short(name, steps=40)
    counts = []
    for step in layerwalk.maximise(model, "4", [0, 1], recipe, example=picture(16)):
        if step.step in (10, 40):
            gc.collect()
            counts.append(sum(issubclass(type(one), Tensor) for one in gc.get_objects()))
    assert counts[1] <= counts[0] + 2

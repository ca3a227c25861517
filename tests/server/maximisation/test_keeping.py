"""What finished images are kept under, and that they come back as they were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from layerwalk.maximisation.beginning import Beginning
from layerwalk.maximisation.keeping import (
    Finished,
    fingerprint,
    finish,
    from_result,
    result_key,
    to_result,
)
from layerwalk.maximisation.plan import Plan
from layerwalk.results import Result, ResultCache
from layerwalk_shared.recipes import ConstantStart, NoiseStart, Objective
from server.maximisation.plans import QUICK, Small, input_of, plan_of, small


def print_of(plan: Plan, precision: torch.dtype = torch.float32) -> str:
    return fingerprint(plan.model, plan.graph, input_of(plan), precision)


def test_equal_networks_have_one_fingerprint() -> None:
    assert print_of(plan_of(small())) == print_of(plan_of(small()))


class Other(Small):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.head(self.norm(self.act(self.conv(x))).mean((2, 3)) * 1.5)
        return found


def one_weight(model: nn.Module) -> nn.Module:
    with torch.no_grad():
        model.get_parameter("conv.weight")[0, 0, 0, 0] += 1e-6
    return model


def one_buffer(model: nn.Module) -> nn.Module:
    model.get_buffer("norm.running_mean")[1] = 0.5
    return model


def other_class(model: nn.Module) -> nn.Module:
    made = Other().eval()
    made.load_state_dict(model.state_dict())
    return made


@pytest.mark.parametrize(
    "change", [one_weight, one_buffer, other_class, lambda _: small(slope=0.2)]
)
def test_a_fingerprint_is_another_after_any_change(
    change: Callable[[nn.Module], nn.Module],
) -> None:
    assert print_of(plan_of(change(small()))) != print_of(plan_of(small()))


def test_a_fingerprint_tells_colours_and_precision_apart() -> None:
    plan = plan_of()
    spec = input_of(plan).model_copy(update={"mean": (0.5,) * 3, "std": (0.2,) * 3})
    known = {
        print_of(plan),
        print_of(plan, torch.bfloat16),
        fingerprint(plan.model, plan.graph, spec, torch.float32),
    }
    assert len(known) == 3


def test_a_key_is_another_after_any_change_of_the_run_but_its_recipes_name() -> None:
    plan = plan_of()
    values = np.zeros((3, 8, 8), np.float32)
    others = [
        replace(plan, recipe=QUICK.model_copy(update={"rate": 5.5})),
        replace(plan, objective=Objective(kind="neuron")),
        replace(plan, begins=Beginning(ConstantStart())),
        replace(plan, begins=Beginning(NoiseStart(amplitude=0.1000001))),
        replace(plan, begins=Beginning(None, values)),
        replace(plan, begins=Beginning(None, values + 1)),
        replace(plan, seed=4),
        replace(plan, node="act"),
    ]
    keys = {result_key(one, "f", 1).digest for one in [plan, *others]}
    keys |= {result_key(plan, "f", 2).digest, result_key(plan, "g", 1).digest}
    assert len(keys) == len(others) + 3
    renamed = replace(plan, recipe=QUICK.model_copy(update={"name": "slow"}))
    assert result_key(renamed, "f", 1) == result_key(plan, "f", 1)


def finished_of(plan: Plan, channels: list[int]) -> list[Finished]:
    run = plan.run(plan.network(), channels)
    return [
        one
        for step in run
        for one in finish(plan, step, outcomes=run.outcomes, classes=("a", "b", "c", "d"))
    ]


def test_what_is_told_of_an_image_is_what_the_network_makes_of_it() -> None:
    plan = plan_of(batch=2)
    found = finished_of(plan, [4, 0, 2])
    assert [(one.place, one.channel) for one in found] == [(0, 4), (1, 0), (2, 2)]
    for one in found:
        image = torch.from_numpy(one.image.copy())[None]
        maps = plan.model.get_submodule("conv")(image).mean((0, 2, 3))
        assert one.activation == pytest.approx(float(maps[one.channel]), abs=1e-5)
        maps[one.channel] = -torch.inf
        assert one.rival is not None
        assert one.rival.channel == int(maps.argmax())
        assert one.rival.activation == pytest.approx(float(maps.max()), abs=1e-5)
        logits = plan.model(image)[0]
        assert [answer.index for answer in one.answers] == logits.argsort(descending=True)[
            :3
        ].tolist()
        assert one.answers[0].name == "abcd"[int(logits.argmax())]


def test_a_finished_image_comes_back_from_the_cache(tmp_path: Path) -> None:
    plan = plan_of()
    before = finished_of(plan, [3])[0]
    key = result_key(plan, print_of(plan), 3)
    with ResultCache(tmp_path) as cache:
        cache.put(key, to_result(before))
        kept = cache.get(key)
    assert kept is not None
    after = from_result(kept, place=7, channel=3)
    assert after is not None
    assert np.array_equal(after.image, before.image)
    assert after.place == 7
    assert after.told() == before.told().model_copy(update={"is_cached": True})


def test_a_record_of_another_kind_is_no_finished_image() -> None:
    odd = Result(np.zeros((3, 8, 8), np.float32), {"loudness": 3})
    assert from_result(odd, place=0, channel=0) is None

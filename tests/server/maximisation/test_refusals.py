"""What cannot be climbed is refused before the first step, with what came and what was expected."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

import layerwalk
from layerwalk.maximisation.beginning import Scale
from layerwalk.maximisation.plan import Plan
from layerwalk.twin import make_example
from layerwalk_shared.errors import InputError, InvalidRequestError, ModelError, NotFoundError
from layerwalk_shared.recipes import RECIPES, Objective, Recipe, Term
from server.maximisation.small import (
    CLIMB,
    conv_net,
    everything_as_it_was,
    maximised,
    picture,
    seeded,
)


class Function(nn.Module):
    """A convolution, and whatever is done with it."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.how = how
        self.end = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "input detached":
            x = x.detach()
        y: Tensor = self.conv(x)
        if self.how == "no_grad":
            with torch.no_grad():
                y = y * 2
        elif self.how == "detach":
            y = y.detach()
        elif self.how == "argmax":
            y = y.argmax(1, keepdim=True).float()
        elif self.how == "numpy":
            y = torch.from_numpy(y.detach().numpy() * 2)
        elif self.how == "whole numbers":
            y = y.long()
        elif self.how == "constant":
            y = torch.ones(len(x), 4) + 0 * self.conv.weight.sum()
        elif self.how == "mean of the batch":
            y = y.mean((0, 2, 3))
        out: Tensor = self.end(y)
        return out


@pytest.mark.parametrize(
    "how", ["input detached", "detach", "no_grad", "argmax", "numpy", "whole numbers", "constant"]
)
def test_without_a_gradient_to_the_input_it_says_so_before_any_step(how: str) -> None:
    model = seeded(Function(how))
    with everything_as_it_was(model), pytest.raises(InvalidRequestError, match="'end' passes no gradient"):  # fmt: skip
        layerwalk.maximise(model, "end", [0], CLIMB, example=picture())


def test_weights_that_train_are_no_gradient_to_the_input() -> None:
    model = seeded(Function("input detached")).requires_grad_(True)
    trace = layerwalk.trace(model, picture())
    plan = Plan(model, make_example(picture()), trace, trace.graph, "end", CLIMB, is_copied=False)
    with pytest.raises(InvalidRequestError, match="'end' passes no gradient"):
        plan.network()


def test_a_node_that_mixes_the_items_of_a_batch_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="no axis that counts the items"):
        layerwalk.maximise(
            seeded(Function("mean of the batch")), "end", [0], CLIMB, example=picture()
        )


@pytest.mark.parametrize(
    ("dtype", "says"), [(torch.int64, "whole numbers"), (torch.complex64, "complex64")]
)
def test_inputs_that_are_no_real_numbers(dtype: torch.dtype, says: str) -> None:
    class Looks(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * 2

    net = nn.Sequential(Looks())
    with pytest.raises(InvalidRequestError, match=says):
        layerwalk.maximise(net, "0", [0], CLIMB, example=torch.ones(1, 4, dtype=dtype))


def test_a_network_that_forbids_backward_says_so_before_any_step() -> None:
    class Writes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.line = nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = torch.relu(self.line(x))
            y += 1  # what relu keeps for its gradient
            return y

    node = layerwalk.trace(Writes(), torch.ones(1, 4)).outputs[0]
    with pytest.raises(ModelError, match="in place"):
        layerwalk.maximise(Writes(), node, [0], CLIMB, example=torch.ones(1, 4))


@pytest.mark.parametrize("example", [torch.rand(1, 4), torch.rand(1, 1, 6, 6)])
def test_a_network_that_writes_its_input_is_climbed_all_the_same(example: Tensor) -> None:
    class Normalises(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.line = nn.Conv2d(1, 2, 3) if example.ndim == 4 else nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            x -= 0.5
            x.mul_(2)
            out: Tensor = self.line(x)
            return out

    model = seeded(Normalises())
    before = example.clone()
    still = CLIMB.model_copy(update={"steps": 1, "rate": 1e-30})
    found = maximised(model, "line", [0, 1], example=example, start=example, recipe=still)
    assert torch.equal(found[1], example[0])
    assert torch.equal(example, before)
    steps = list(layerwalk.maximise(model, "line", [0], CLIMB, example=example, start=example))
    assert steps[-1].activations > steps[0].activations
    trace = layerwalk.trace(model, example)
    plan = Plan(model, make_example(example), trace, trace.graph, "line", CLIMB)
    images = example.clone()
    first, second = plan.score(images, [0]), plan.score(images, [0])
    assert torch.equal(images, example)
    assert first.activations == second.activations


@pytest.mark.parametrize("how", ["reshape", "mixes"])
def test_a_network_of_one_item_at_a_time_is_climbed_so(how: str) -> None:
    class Single(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.line = nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Tensor:
            x = x.reshape(1, 4) if how == "reshape" else x - x.mean(0, keepdim=True) * 0.5
            out: Tensor = self.line(x)
            return out

    model = seeded(Single())
    steps = list(layerwalk.maximise(model, "line", None, CLIMB, example=torch.rand(1, 4), batch=3))
    assert all(len(step.images) == 1 for step in steps)
    assert len(steps) == 3 * CLIMB.steps
    crops = RECIPES["maco"].model_copy(update={"image": "pixels", "optimiser": "gradient"})
    with pytest.raises(InvalidRequestError, match="one input at a time"):
        layerwalk.maximise(model, "line", [0], crops, example=torch.rand(1, 4))


@pytest.mark.parametrize("shape", [(3, 12, 13), (1, 1, 12, 12), (2, 3, 12, 12), (3, 12)])
def test_a_start_of_the_wrong_size(shape: tuple[int, ...]) -> None:
    for recipe in ("walk", "fourier"):
        with pytest.raises(InputError, match=r"start has shape .*\[3, 12, 12\]"):
            layerwalk.maximise(
                conv_net(), "4", [0], recipe, example=picture(), start=np.zeros(shape, np.float32)
            )


def test_a_start_that_is_not_finite() -> None:
    with pytest.raises(InputError, match="not finite"):
        layerwalk.maximise(conv_net(), "4", [0], start=picture() / 0)


def _call(**changes: object) -> object:
    settings = {"recipe": CLIMB, "example": picture(), **changes}
    node, channels = settings.pop("node", "4"), settings.pop("channels", [0])
    return layerwalk.maximise(conv_net(), node, channels, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"node": "44"}, NotFoundError, "'44' is not in the graph"),
        ({"node": "input"}, InvalidRequestError, "'input' is an input"),
        ({"channels": [0, 8]}, NotFoundError, "channel 8 is not in node '4'"),
        ({"channels": [-1]}, NotFoundError, "channel -1"),
        ({"channels": []}, InvalidRequestError, "no channel"),
        ({"recipe": "wlak"}, NotFoundError, "'wlak'.*walk"),
        ({"example": None}, InputError, "example"),
        ({"mean": (0.1, 0.2), "std": (1, 1)}, InvalidRequestError, "mean of 2 numbers"),
        ({"mean": (0.1,) * 3, "std": (1, 0, 1)}, InvalidRequestError, "above zero"),
        ({"batch": 0}, InvalidRequestError, "batch of 0"),
        ({"batch": -2}, InvalidRequestError, "batch of -2"),
        ({"objective": Objective(kind="layer")}, InvalidRequestError, "takes no channels"),
        ({"objective": Objective(kind="neuron", position=(99, 0))}, InvalidRequestError, "99"),
        ({"objective": Objective(also=(Term(node="nope"),))}, NotFoundError, "nope"),
        ({"objective": Objective(also=(Term(node="8"),)), "channels": [7]}, NotFoundError, "channel 7 is not in node '8'"),
        ({"recipe": "maco", "spectrum": np.ones((3, 4, 4), np.float32)}, InvalidRequestError, "spectrum"),
    ],
)  # fmt: skip
def test_requests_that_do_not_fit_are_refused_at_once(
    changes: dict[str, object], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        _call(**changes)


def test_a_whole_layer_of_fewer_units_goes_with_any_channel() -> None:
    assert _call(objective=Objective(also=(Term(node="8", kind="layer"),)), channels=[7])
    assert _call(channels=np.int64(3))
    assert _call(channels=3)


def test_recipes_of_images_need_images() -> None:
    for name in ("fourier", "maco"):
        with pytest.raises(InvalidRequestError, match=r"makes images.*\[6\]"):
            layerwalk.maximise(
                nn.Sequential(nn.Linear(6, 2)), "0", [0], name, example=torch.rand(1, 6)
            )


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0}, {"steps": 10**9}, {"steps": 2.5}, {"slop": 0.1}, {"slope": 1.5}, {"rate": 0},
        {"rate": float("nan")}, {"rate": float("inf")}, {"bounds": (1.0, 0.0)}, {"blend": 2},
        {"image": "fourier", "blend": 0.1}, {"transforms": {"jitter": 3}}, {"start": {"kind": "x"}},
    ],
)  # fmt: skip
def test_recipes_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Recipe.model_validate({"name": "r", "steps": 3, "rate": 1.0, **wrong})


def test_a_forward_that_raises_is_told_as_such() -> None:
    class Raises(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.late = nn.Conv2d(3, 4, 3), nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            self.conv(x)
            raise ValueError("the weather is bad")

    with pytest.raises(ModelError, match="weather is bad"):
        layerwalk.maximise(Raises(), "late", [0], CLIMB, example=picture())
    assert len(list(layerwalk.maximise(Raises(), "conv", [0], CLIMB, example=picture()))) == 4


class Locked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(4, 2)
        self.lock = threading.Lock()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.line(x)
        return out


def test_a_model_that_cannot_be_copied_says_so_or_is_run_itself() -> None:
    model = seeded(Locked()).requires_grad_(True)
    with pytest.raises(ModelError, match=r"Locked cannot be copied.*lock"):
        layerwalk.maximise(model, "line", [0], CLIMB, example=torch.rand(1, 4))
    entered: list[str] = []

    @contextmanager
    def running() -> Iterator[None]:
        entered.append("in")
        yield
        entered.append("out")

    example = make_example(torch.rand(1, 4))
    with everything_as_it_was(model):
        trace = layerwalk.trace(model, example.args)
        plan = Plan(
            model, example, trace, trace.graph, "line", CLIMB, scale=Scale(is_picture=False),
            is_copied=False, running=running,
        )  # fmt: skip
        network = plan.network()
        steps = list(plan.run(network, plan.units(None, most=9)))
        plan.score(steps[-1].images, [0, 1])
    assert steps[-1].activations.gt(steps[0].activations).all()
    assert entered == ["in", "out"] * (len(entered) // 2)
    assert len(entered) >= 2 * (1 + CLIMB.steps + 1)  # the probe, each step, the score


def test_importing_layerwalk_stays_light() -> None:
    code = "import sys, layerwalk; print('torch' in sys.modules, 'numpy' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)})  # fmt: skip
    assert found.stdout.split() == ["False", "False"]

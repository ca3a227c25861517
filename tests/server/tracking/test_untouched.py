"""Nothing left behind: hooks, modes, flags, random states, buffers, memory."""

from __future__ import annotations

import gc
import random
import weakref
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.overrides import _get_current_function_mode_stack

from layerwalk.tracking import Recorder, snapshot, trace

Action = Callable[[nn.Module, Tensor], object]


def _record(model: nn.Module, x: Tensor) -> object:
    with Recorder(model, trace(model, x)) as recorder:
        return recorder.record(x)


ACTIONS: list[Action] = [trace, _record, snapshot]


class Troubled(nn.Module):
    """Draws numbers, has state of its own, and raises in its third block if asked."""

    def __init__(self, *, raises: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3), nn.Dropout()) for _ in range(4)
        )
        self.blocks[1].eval()
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("last", torch.zeros(1))
        self.raises = raises

    def forward(self, x: Tensor) -> Tensor:
        self.count += 1
        self.last = x.mean(dim=(1, 2, 3))
        x.mul_(1 + random.random() + float(np.random.rand()))  # noqa: NPY002
        x = x + torch.rand_like(x)
        for index, block in enumerate(self.blocks):
            if index == 2 and self.raises:
                raise ValueError("the third block is broken")
            x = block(x)
        return x


def _hooks(model: nn.Module) -> int:
    return sum(
        len(hooks)
        for module in model.modules()
        for name, hooks in vars(module).items()
        if name.endswith(("_hooks", "_hooks_with_kwargs", "_hooks_always_called"))
        and hasattr(hooks, "__len__")
    )


@pytest.mark.parametrize("raises", [False, True])
@pytest.mark.parametrize("act", ACTIONS)
def test_the_model_is_as_it_was(act: Action, *, raises: bool) -> None:
    model, x = Troubled(raises=raises), torch.randn(2, 3, 4, 4)
    mine = model.blocks[0].register_forward_hook(lambda *_: None)
    hooks = _hooks(model)
    flags = [module.training for module in model.modules()]
    state = {name: value.clone() for name, value in model.state_dict().items()}
    buffers = {name: id(value) for name, value in model.named_buffers()}
    example = x.clone()
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    python_state = random.getstate()

    act(model, x)

    assert _hooks(model) == hooks > 0
    assert [module.training for module in model.modules()] == flags
    assert {name: id(value) for name, value in model.named_buffers()} == buffers
    for name, value in model.state_dict().items():
        assert torch.equal(value, state[name]), name
    assert torch.equal(x, example)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert (np.random.get_state()[1] == numpy_state).all()  # noqa: NPY002
    assert random.getstate() == python_state
    assert _get_current_function_mode_stack() == []
    assert torch.is_grad_enabled()
    mine.remove()


@pytest.mark.parametrize("act", ACTIONS)
def test_an_interrupt_leaves_nothing_behind_either(act: Action) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(3, 3)
            self.calls = 0

        def forward(self, x: Tensor) -> Tensor:
            self.calls += 1
            raise KeyboardInterrupt

    model = nn.Sequential(nn.Linear(3, 3), Net())
    with pytest.raises(KeyboardInterrupt):
        act(model, torch.randn(1, 3))
    assert _hooks(model) == 0
    assert _get_current_function_mode_stack() == []
    assert model.training


def test_an_interrupt_inside_a_leaf_leaves_the_mode_stack_empty() -> None:
    class Leaf(nn.Module):
        is_ready = False

        def forward(self, x: Tensor) -> Tensor:
            if self.is_ready:
                raise KeyboardInterrupt
            return x + 1

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.leaf = Leaf()

        def forward(self, x: Tensor) -> Tensor:
            return self.leaf(x) + x

    model, x = Net(), torch.randn(1, 3)
    recorder = Recorder(model, trace(model, x))
    model.leaf.is_ready = True
    with pytest.raises(KeyboardInterrupt):
        recorder.record(x)
    assert _get_current_function_mode_stack() == []
    assert _hooks(model) == 0
    model.leaf.is_ready = False
    assert recorder.record(x).error is None


def test_values_are_freed_with_the_recording() -> None:
    model, x = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(inplace=True)), torch.randn(1, 3, 4, 4)
    recorder = Recorder(model, trace(model, x))
    gc.collect()
    gc.disable()
    try:
        recording = recorder.record(x)
        seen = [weakref.ref(value) for value in recording.values.values()]
        assert len(seen) == 3
        del recording
        assert [value() for value in seen] == [None] * 3
    finally:
        gc.enable()


def test_a_trace_holds_no_more_memory_than_forward_does() -> None:
    alive: list[int] = []
    made: list[weakref.ref[Tensor]] = []

    class Watching(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            x = x * 2
            made.append(weakref.ref(x))
            alive.append(sum(reference() is not None for reference in made))
            return x

    model = nn.Sequential(*(Watching() for _ in range(8)))
    trace(model, torch.randn(1, 3))
    assert max(alive) <= 3


def test_a_trace_drawing_no_numbers_says_so() -> None:
    x = torch.randn(2, 3, 4, 4)
    assert trace(Troubled(raises=False), x).plan.draws_random
    assert not trace(nn.Dropout(), x).plan.draws_random


def test_a_closed_recorder_says_so() -> None:
    from layerwalk_shared.errors import ClosedError

    model, x = nn.Linear(3, 3), torch.randn(1, 3)
    with Recorder(model, trace(model, x)) as recorder:
        pass
    with pytest.raises(ClosedError, match="closed"):
        recorder.record(x)

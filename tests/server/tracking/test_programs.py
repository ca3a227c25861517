"""Random small programs full of in-place operations, views and shared tensors.

Whatever they do, watching changes no result, and each module's value is what a plain hook sees.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from layerwalk.tracking import Recorder, trace

Registers = list[Tensor]
Step = tuple[str, int, int]

ACTS: dict[str, Callable[[], nn.Module]] = {
    "norm": lambda: nn.BatchNorm1d(4),
    "relu": lambda: nn.ReLU(inplace=True),
    "silu": lambda: nn.SiLU(inplace=True),
    "leaky": lambda: nn.LeakyReLU(0.2, inplace=True),
    "linear": lambda: nn.Linear(4, 4),
    "drop": nn.Dropout,
    "halve": lambda: Halve(),  # noqa: PLW0108 - defined below
}
OPERATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "add_": lambda a, b: a.add_(b),
    "mul_": lambda a, b: a.mul_(b),
    "plus": lambda a, b: a + b,
    "slice": lambda a, _: a[:, 1:3],
    "part": lambda a, b: _write_part(a, b),  # noqa: PLW0108 - defined below
    "flip": lambda a, _: a.flip(1),
    "view": lambda a, _: a.view(a.shape),
    "clamp_": lambda a, _: a.clamp_(max=0.3),
    "tanh": lambda a, _: a.tanh(),
}


def _write_part(a: Tensor, b: Tensor) -> Tensor:
    a[:, :1] = b[:, -1:]
    return a


class Halve(nn.Module):
    """Writes in place without saying so."""

    def forward(self, x: Tensor) -> Tensor:
        return x.div_(2)


class Program(nn.Module):
    def __init__(self, steps: list[Step]) -> None:
        super().__init__()
        self.steps = steps
        names = [name if name in ACTS else "" for name, _, _ in steps]
        self.acts = nn.ModuleList(ACTS[name]() if name else nn.Identity() for name in names)

    def forward(self, x: Tensor) -> list[Tensor]:
        registers = [x * 1.5]
        for (name, first, second), act in zip(self.steps, self.acts, strict=True):
            a = registers[first % len(registers)]
            b = registers[second % len(registers)]
            if a.shape[1] != 4 or (name not in ACTS and b.shape[1] != a.shape[1]):
                continue
            registers.append(act(a) if name in ACTS else OPERATIONS[name](a, b))
        return registers


STEPS = st.lists(
    st.tuples(st.sampled_from([*ACTS, *OPERATIONS]), st.integers(0, 9), st.integers(0, 9)),
    min_size=1,
    max_size=9,
)


@settings(max_examples=120, deadline=None)
@given(steps=STEPS, seed=st.integers(0, 1000))
def test_watching_changes_nothing_and_sees_everything(steps: list[Step], seed: int) -> None:
    torch.manual_seed(seed)
    model = Program(steps).eval()
    x = torch.randn(2, 4)
    seen: dict[str, Tensor] = {}
    hooks = [
        act.register_forward_hook(
            lambda _, __, out, path=f"acts.{index}": seen.__setitem__(path, out.clone())
        )
        for index, act in enumerate(model.acts)
    ]
    with torch.no_grad():
        expected = [value.clone() for value in model(x.clone())]
    for hook in hooks:
        hook.remove()

    traced = trace(model, x)
    with Recorder(model, traced) as recorder:
        recording = recorder.record(x)

    assert traced.error is recording.error is None
    assert not recording.drifted
    for found, wanted in zip(recording.outputs, expected, strict=True):
        assert torch.equal(found, wanted)
    assert seen.keys() == {node for node in recording.values if node.startswith("acts.")}
    for node, value in seen.items():
        assert torch.equal(recording.values[node], value), node
    assert torch.equal(recording.values["mul"], x * 1.5) if "mul" in recording.values else True
    assert all(
        act.inplace for act in model.acts if hasattr(act, "inplace") and type(act) is nn.ReLU
    )

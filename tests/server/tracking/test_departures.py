"""Control flow that hangs on data: the recording says that its graph is another, and where."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from layerwalk.tracking import Recorder, Recording, trace

WAY = "forward took another way than when it was traced: "
LOW, HIGH = -torch.ones(1, 3), torch.ones(1, 3)


def recorded(model: nn.Module, example: Tensor, x: Tensor, **settings: str) -> Recording:
    """Return the recording of `x` by the trace of `example`."""
    with Recorder(model, trace(model, example, **settings)) as recorder:
        assert recorder.record(example).departure is None
        recording = recorder.record(x)
        assert recorder.record(example).departure is None, "it stays with what it was traced for"
    return recording


class Branches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.low, self.high = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x)
        return self.high(y) if x.sum() > 0 else self.low(y)


class Extra(Branches):
    """Nothing is missing where it goes another way, there is only more."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.low(self.first(x))
        return self.high(y) if x.sum() > 0 else y


class Loops(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.step = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(int(x.abs().sum())):
            x = self.step(x)
        return x


class Swaps(Branches):
    """Calls the same in another order."""

    def forward(self, x: Tensor) -> Tensor:
        return self.high(self.low(x)) if x.sum() > 0 else self.low(self.high(x))


class Computes(Branches):
    """Other operations, the same modules."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x) + 1
        return y * 2 if x.sum() > 0 else y


class Splits(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.parts = Parts()

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat(self.parts(x), 1)


class Parts(nn.Module):
    def forward(self, x: Tensor) -> list[Tensor]:
        return [x * 2, x * 3] if x.sum() > 0 else [x * 2]


class Writes(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        if x.sum() > 0:
            y.mul_(0)
        return y


@pytest.mark.parametrize(
    ("model", "example", "x", "sentence"),
    [
        (Branches(), LOW, HIGH, "module 'high' was called once, 0 then and node 'low' was not reached"),
        (Branches(), HIGH, LOW, "module 'low' was called once, 0 then and node 'high' was not reached"),
        (Extra(), LOW, HIGH, "module 'high' was called once, 0 then"),
        (Extra(), HIGH, LOW, "node 'high' was not reached"),
        (Loops(), HIGH, 2 * HIGH, "module 'step' was called 6 times, 3 then"),
        (Loops(), HIGH, 0.5 * HIGH, "node 'step:2' was not reached"),
        (Swaps(), HIGH, LOW, "node 'high' came before 'low'"),
        (Computes(), LOW, HIGH, "operation 'mul' was called once, 0 then"),
        (Computes(), HIGH, LOW, "node 'mul' was not reached"),
        (Splits(), HIGH, LOW, "node 'parts.1' has no value"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else None,
)  # fmt: skip
def test_another_way_is_said_with_the_first_thing_that_differs(
    model: nn.Module, example: Tensor, x: Tensor, sentence: str
) -> None:
    recording = recorded(model, example, x)
    assert recording.departure == WAY + sentence
    assert recording.drifted
    assert recording.error is None
    with torch.no_grad():
        assert torch.equal(recording.outputs, model(x))


@pytest.mark.parametrize("detail", ["modules", "operations", "trackers"])
def test_tracing_again_gives_a_graph_that_fits(detail: str) -> None:
    model = Branches()
    assert recorded(model, LOW, HIGH, detail=detail).departure
    assert recorded(model, HIGH, HIGH, detail=detail).departure is None


def test_values_that_are_written_only_now_are_copied_and_said() -> None:
    model = Writes()
    traced = trace(model, LOW)
    with Recorder(model, traced) as recorder:
        assert recorder.record(LOW).departure is None
        recording = recorder.record(HIGH)
    assert recording.departure == WAY + "it wrote a node's values in place, which it did not then"
    with torch.no_grad():
        assert torch.equal(recording.values["fc"], model.fc(HIGH))


def test_what_raised_departed_from_nothing() -> None:
    class Raises(Branches):
        def forward(self, x: Tensor) -> Tensor:
            if x.sum() > 0:
                raise ValueError("too high")
            return super().forward(x)

    recording = recorded(Raises(), LOW, HIGH)
    assert recording.departure is None
    assert recording.error == "ValueError: too high"

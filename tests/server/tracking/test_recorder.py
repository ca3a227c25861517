"""Recording again and again: drift, missed writes, state that the model keeps."""

from __future__ import annotations

import threading

import torch
from torch import Tensor, nn

from layerwalk.tracking import Recorder, TrackerModule, trace


def test_later_recordings_leave_earlier_ones_alone() -> None:
    class Stateful(nn.Module):
        """Keeps a tensor that is made in the first call and written in place in later ones."""

        def __init__(self) -> None:
            super().__init__()
            self.fc, self.memory = nn.Linear(3, 3), None
            self.register_buffer("sum", torch.zeros(1, 3))

        def forward(self, x: Tensor) -> Tensor:
            x = self.fc(x)
            if self.memory is None:
                self.memory = x * 1
            else:
                self.memory.mul_(0.5).add_(x)
            self.sum.add_(self.memory)
            return self.memory + self.sum

    model = Stateful()
    traced = trace(model, torch.randn(1, 3))
    with Recorder(model, traced) as recorder:
        recordings = [recorder.record(torch.randn(1, 3)) for _ in range(3)]
        kept = [{k: v.clone() for k, v in r.values.items()} for r in recordings]
        recorder.record(torch.randn(1, 3))
    for recording, before in zip(recordings, kept, strict=True):
        for node, value in before.items():
            assert torch.equal(recording.values[node], value), node


def test_weights_that_change_leave_recordings_alone() -> None:
    class Token(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token, self.fc = nn.Parameter(torch.ones(1, 3)), nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(torch.cat([x, self.token.expand(len(x), -1)]))

    model, x = Token(), torch.randn(1, 3)
    with Recorder(model, trace(model, x, detail="operations")) as recorder:
        recording = recorder.record(x)
    with torch.no_grad():
        model.token.zero_()
    assert torch.equal(recording.values["expand"], torch.ones(1, 3))


def test_a_write_that_the_trace_did_not_see_is_noticed() -> None:
    class Sometimes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.writes = nn.Linear(3, 3), nn.Linear(3, 3), False

        def forward(self, x: Tensor) -> Tensor:
            x = self.a(x)
            if self.writes:
                x.view(-1)[0] = 5.0
            return self.b(x)

    model, x = Sometimes().eval(), torch.randn(1, 3)
    with Recorder(model, trace(model, x)) as recorder:
        model.writes = True
        recording = recorder.record(x)
    with torch.no_grad():
        assert torch.equal(recording.values["a"], model.a(x))
        after = model.a(x)
        after[0, 0] = 5
        assert torch.equal(recording.values["b"], model.b(after))
    assert recording.drifted


class Depth(nn.Module):
    """As many blocks as the input says."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(3, 3) for _ in range(4))
        self.head = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks[: int(x[0, 0])]:
            x = block(x) + 1
        return self.head(x)


def test_other_control_flow_is_called_drift_and_keeps_what_matches() -> None:
    model = Depth().eval()
    two, four, one = (torch.tensor([[float(depth), 0.5, -1.0]]) for depth in (2, 4, 1))
    with Recorder(model, trace(model, two)) as recorder:
        same = recorder.record(two)
        more = recorder.record(four)
        less = recorder.record(one)
    assert not same.drifted
    assert more.drifted
    assert less.drifted
    assert set(more.values) == {"input", "blocks.0", "add", "blocks.1", "add:2", "head"}
    assert set(less.values) == {"input", "blocks.0", "add", "head"}
    with torch.no_grad():
        assert torch.equal(more.values["head"], model(four))
        assert torch.equal(less.values["add"], model.blocks[0](one) + 1)


def test_another_batch_size_is_no_drift() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).eval()
    x = torch.randn(5, 3)
    with Recorder(model, trace(model, x[:1])) as recorder:
        recording = recorder.record(x)
    assert not recording.drifted
    assert recording.batch == 5
    assert recording.values["0"].shape == (5, 4)
    assert torch.equal(recording.outputs, recording.values["2"])


def test_the_outputs_are_those_of_an_unwatched_forward() -> None:
    model, x = Depth().eval(), torch.tensor([[3.0, 1.0, 2.0]])
    with torch.no_grad():
        expected = model(x)
    for detail in ("trackers", "modules", "operations"):
        traced = trace(model, x, detail=detail)  # type: ignore[arg-type]
        with Recorder(model, traced) as recorder:
            assert torch.equal(recorder.record(x).outputs, expected)


def test_the_same_tensor_is_copied_once() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bn, self.drop = nn.BatchNorm1d(3), nn.Dropout()

        def forward(self, x: Tensor) -> Tensor:
            return self.drop(self.bn(x)).relu_()

    model, x = Net().eval(), torch.randn(1, 3)
    traced = trace(model, x)
    assert traced.plan.copied == {"bn", "drop"}
    with Recorder(model, traced) as recorder:
        values = recorder.record(x).values
    assert values["bn"] is values["drop"]
    assert not torch.equal(values["bn"], values["relu"])


def test_only_what_is_overwritten_is_copied() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.ReLU(True), nn.Conv2d(4, 2, 1))
    assert trace(model, torch.randn(1, 3, 4, 4)).plan.copied == {"1"}


def test_other_threads_are_not_watched() -> None:
    """Functions that another thread calls meanwhile are none of ours."""
    other = nn.Linear(3, 3)
    started, done = threading.Event(), threading.Event()
    failures: list[BaseException] = []

    class Waiting(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            started.set()
            done.wait(10)
            return x + 1

    def work() -> None:
        try:
            started.wait(10)
            y = torch.relu(other(torch.randn(2, 3))).sum()
            assert y.requires_grad
        except BaseException as error:  # noqa: BLE001 - told by the assertion below
            failures.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=work)
    thread.start()
    traced = trace(Waiting(), torch.randn(1, 3))
    thread.join()
    assert not failures
    assert [node.id for node in traced.graph.nodes] == ["input", "add"]


def test_a_mode_that_the_model_enters_stays_in_order() -> None:
    class OnDevice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            with torch.device("meta"):
                y = self.fc(x) + 1
                made = torch.empty(2)
            assert made.device.type == "meta"
            assert torch.empty(2).device.type == "cpu"
            return y * 2

    model, x = OnDevice().eval(), torch.randn(1, 3)
    with Recorder(model, trace(model, x)) as recorder:
        recording = recorder.record(x)
    assert recording.error is None
    assert list(recording.values) == ["input", "fc", "add", "mul"]
    with torch.no_grad():
        assert torch.equal(recording.values["mul"], (model.fc(x) + 1) * 2)


def test_a_forward_that_wants_gradients_is_recorded_without_their_graph() -> None:
    class Energy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            with torch.enable_grad():
                x = x.detach().requires_grad_()
                (gradient,) = torch.autograd.grad(self.fc(x).square().sum(), x)
            return gradient * 2

    model, x = Energy().eval(), torch.randn(1, 3)
    with Recorder(model, trace(model, x)) as recorder:
        recording = recorder.record(x)
    assert recording.error is None
    assert torch.equal(recording.outputs, model(x))
    assert not any(value.requires_grad for value in recording.values.values())


def test_an_address_used_again_does_not_bring_back_an_old_copy() -> None:
    class Reusing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.see = nn.ModuleList(TrackerModule(f"seen {index}") for index in range(6))

        def forward(self, x: Tensor) -> Tensor:
            for index, see in enumerate(self.see):
                y = x + index
                see(y)
                y.zero_()
                del y
            return x * 1

    x = torch.randn(1, 50)
    for detail in ("trackers", "modules"):
        traced = trace(Reusing(), x, detail=detail)  # type: ignore[arg-type]
        with Recorder(Reusing(), traced) as recorder:
            values = recorder.record(x).values
        for index in range(6):
            assert torch.equal(values[f"see.{index}"], x + index), (detail, index)

"""Whatever goes wrong, the training goes on, with one warning at the user's own line."""

from __future__ import annotations

import errno
import inspect
import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import layerwalk
from layerwalk import LayerwalkWarning, Limits
from layerwalk_shared.errors import ClosedError, InputError, LayerwalkError, PortInUseError
from layerwalk_shared.messages import NoiseInput
from layerwalk_shared.routes import DEFAULT_PORT
from server.viewer.conftest import Loop, Small, Watch


@contextmanager
def one_warning(*parts: str) -> Iterator[None]:
    """Expect exactly one warning, at a line of these tests, that says all parts."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        yield
    texts = [f"{one.filename}:{one.lineno}: {one.message}" for one in said]
    assert len(said) == 1, texts
    assert said[0].category is LayerwalkWarning
    assert Path(said[0].filename).parent == Path(__file__).parent
    for part in parts:
        assert part in str(said[0].message), texts


def goes_on(viewer: layerwalk.Viewer, loop: Loop, steps: int = 3) -> None:
    for number in range(steps):
        before = loop.model.conv.weight.detach().clone()
        viewer.publish(step=number, loss=loop.step())
        assert not torch.equal(before, loop.model.conv.weight)
        viewer.flush(20)


def test_the_warning_stands_at_the_line_of_the_call(loop: Loop, no_thread_left: None) -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        here = inspect.currentframe().f_lineno + 1  # type: ignore[union-attr]
        layerwalk.watch(loop.model, "no tensor", port=0)
    assert [(one.filename, one.lineno) for one in said] == [(__file__, here)]


@pytest.mark.parametrize("example", ["no tensor", torch.zeros(()), {}, None])
def test_an_example_that_is_none_shows_nothing(watch: Watch, loop: Loop, example: object) -> None:
    with one_warning("the training goes on"):
        viewer = watch(loop.model, example, strict=False)
        assert not viewer.is_active
        assert viewer.url is None
        goes_on(viewer, loop)
        viewer.close()


def test_an_example_of_the_wrong_shape_is_shown_up_to_there(watch: Watch, loop: Loop) -> None:
    with one_warning("forward stopped"):
        viewer = watch(loop.model, torch.zeros(2, 3, 6, 6), strict=False)
        goes_on(viewer, loop)
    assert viewer.session is not None
    described = viewer.session.describe_network("n1")
    assert described.error is not None
    assert described.graph.nodes[0].id == "input"


class Blocks(nn.Module):
    """Three blocks, the third of which raises once it is told to."""

    def __init__(self, *, is_broken: bool) -> None:
        super().__init__()
        self.one, self.two, self.three = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3)
        self.register_buffer("broken", torch.tensor(float(is_broken)))

    def forward(self, x: Tensor) -> Tensor:
        x = self.two(self.one(x))
        if float(self.broken) > 0:
            raise RuntimeError("the third block is not ready")
        return self.three(x)


def test_a_forward_that_raises_at_the_third_block_gives_the_graph_up_to_it(watch: Watch) -> None:
    with one_warning("the third block is not ready"):
        viewer = watch(Blocks(is_broken=True), torch.ones(2, 3), strict=False)
        for _ in range(3):
            viewer.publish(loss=1)
            assert viewer.flush(20)
    assert viewer.session is not None
    graph = viewer.session.describe_network("n1").graph
    assert [node.id for node in graph.nodes][:3] == ["input", "one", "two"]
    assert any("not ready" in (node.error or "") for node in graph.nodes)


def test_a_forward_that_begins_to_raise_later_is_said_once(watch: Watch) -> None:
    model = Blocks(is_broken=False)
    with one_warning("step 1", "not ready"):
        viewer = watch(model, torch.ones(2, 3), strict=False)
        viewer.publish(step=0)
        viewer.flush(20)
        model.broken += 1
        for step in (1, 2, 3):
            viewer.publish(step=step)
            viewer.flush(20)
    assert viewer.session is not None
    last = viewer.session.gallery.training("n1").steps[-1]
    manifest = viewer.session.snapshot(str(last.snapshot)).manifest
    assert "not ready" in (manifest.error or "")
    assert manifest.nodes[2].has_values
    assert not manifest.nodes[3].has_values


class Locked(Small):
    """Holds what cannot be copied."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()


def hooked(model: Small) -> Small:
    lock = threading.Lock()

    class Hook:
        def __init__(self) -> None:
            self.lock = lock

        def __call__(self, module: nn.Module, args: object, output: Tensor) -> None:
            return None

    model.conv.register_forward_hook(Hook())
    return model


@pytest.mark.parametrize("make", [Locked, lambda: hooked(Small())], ids=["attribute", "hook"])
def test_a_model_that_cannot_be_copied_is_run_in_pauses(
    watch: Watch, example: Tensor, make: Callable[[], Small]
) -> None:
    torch.manual_seed(3)
    loop = Loop(make())
    with one_warning("cannot be copied", "only inside publish()"):
        viewer = watch(loop.model, example, strict=False)
        assert viewer.is_active
        loop.model.train()
        goes_on(viewer, loop)
    assert loop.model.training
    assert all(one.requires_grad for one in loop.model.parameters())
    assert viewer.session is not None
    step = viewer.session.gallery.training("n1").steps[-1]
    assert step.step == 2
    snapshot = viewer.session.snapshot(str(step.snapshot))
    with torch.no_grad():
        expected = loop.model.eval()(example[:1])[0].numpy()
    # A product may be summed in another order on one thread; steps differ in the second digit.
    found = snapshot.node_values(snapshot.graph.index["head"])
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-6)


def test_what_people_try_waits_for_a_pause_and_ends_with_the_training(
    watch: Watch, example: Tensor
) -> None:
    loop = Loop(Locked())
    with pytest.warns(LayerwalkWarning):
        viewer = watch(loop.model, example, strict=False)
    session = viewer.session
    assert session is not None
    job = session.put("n1", NoiseInput(seed=1))
    assert session.jobs.wait(job.id, 0.05).state in ("queued", "running")
    viewer.publish(loss=loop.step())
    assert session.jobs.wait(job.id, 20).state == "done"
    last = session.put("n1", NoiseInput(seed=2))
    viewer.close()
    assert session.jobs.job(last.id).state in ("cancelled", "failed")


class Numpy(Small):
    """Draws from NumPy's numbers in eval mode."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * float(np.random.rand())  # noqa: NPY002


def test_a_model_that_draws_what_it_shares_is_run_in_pauses(watch: Watch, example: Tensor) -> None:
    loop = Loop(Numpy())
    with one_warning("random numbers", "only inside publish()"):
        viewer = watch(loop.model, example, strict=False)
        np.random.seed(0)  # noqa: NPY002
        expected = [np.random.rand() for _ in range(3)]  # noqa: NPY002
        np.random.seed(0)  # noqa: NPY002
        found = []
        for _ in range(3):
            found.append(np.random.rand())  # noqa: NPY002
            viewer.publish()
            viewer.flush(20)
    assert found == expected


def test_a_port_that_is_named_and_taken_leaves_the_training_alone(
    watch: Watch, loop: Loop, example: Tensor
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with one_warning(f"port {port}", "taken"):
            viewer = watch(loop.model, example, port=port, strict=False)
            goes_on(viewer, loop)
        assert not viewer.is_active
        with pytest.raises(PortInUseError):
            watch(loop.model, example, port=port)


def test_without_a_port_another_is_taken_and_said(
    watch: Watch, loop: Loop, example: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr("layerwalk.viewer.DEFAULT_PORT", port)
        with one_warning(f"port {port} is taken", "serving on http://127.0.0.1:"):
            viewer = watch(loop.model, example, port=None, strict=False)
            goes_on(viewer, loop)
        assert viewer.is_active
    assert DEFAULT_PORT == 5570


def test_publish_after_close_is_said_once(watch: Watch, loop: Loop, example: Tensor) -> None:
    viewer = watch(loop.model, example, strict=False)
    goes_on(viewer, loop)
    with one_warning("after close()"):
        viewer.close()
        viewer.close()
        goes_on(viewer, loop)
    strict = watch(loop.model, example)
    strict.close()
    with pytest.raises(ClosedError):
        strict.publish()


def test_a_full_disk_is_said_once_and_steps_are_shown_from_memory(
    watch: Watch, loop: Loop, example: Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with one_warning("No space left on device"):
        viewer = watch(loop.model, example, keep=tmp_path, strict=False)
        goes_on(viewer, loop, 2)
        monkeypatch.setattr("layerwalk.archive.np.savez", full)
        for number in range(2, 6):
            viewer.publish(step=number, loss=loop.step())
            viewer.flush(20)
        viewer.close()
    assert viewer.session is not None
    steps = viewer.session.gallery.training("n1").steps
    assert [step.step for step in steps] == list(range(6))
    assert [path.suffix for path in tmp_path.iterdir()] == [".npz", ".npz"]


def test_a_folder_that_cannot_be_made_shows_nothing(
    watch: Watch, loop: Loop, example: Tensor, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with one_warning("watch", "file"):
        viewer = watch(loop.model, example, keep=tmp_path / "file" / "sub", strict=False)
        goes_on(viewer, loop)


def test_a_metric_that_is_no_number_is_left_out(watch: Watch, loop: Loop, example: Tensor) -> None:
    viewer = watch(loop.model, example, strict=False)
    with one_warning("'accuracy'"):
        for _ in range(3):
            viewer.publish(loss=loop.step(), accuracy="high")
            viewer.flush(20)
    assert viewer.session is not None
    point = viewer.session.gallery.training("n1").metrics[-1]
    assert set(point.values) == {"loss"}


def test_parameters_that_are_replaced_are_said_once(
    watch: Watch, loop: Loop, example: Tensor
) -> None:
    viewer = watch(loop.model, example, strict=False)
    with one_warning("call watch() again"):
        loop.model.head = nn.Linear(6 * 36, 9)
        for _ in range(3):
            viewer.publish(loss=1)
            viewer.flush(20)


def test_a_client_that_stalls_holds_nobody_up(watch: Watch, loop: Loop, example: Tensor) -> None:
    viewer = watch(loop.model, example)
    assert viewer.url is not None
    port = int(viewer.url.rpartition(":")[2])
    lines = b"GET /api/v1/networks/n1 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    stalled = []
    for half in (b"", lines, lines + b"\r\n" + lines):
        one = socket.create_connection(("127.0.0.1", port))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        one.sendall(half)
        stalled.append(one)
    try:
        goes_on(viewer, loop)
        assert viewer.session is not None
        assert viewer.session.gallery.training("n1").steps[-1].step == 2
        viewer.close()
    finally:
        for one in stalled:
            one.close()


def test_an_interrupt_goes_through_and_leaves_nothing(
    loop: Loop, example: Tensor, no_thread_left: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = layerwalk.watch(loop.model, example, port=0)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), viewer:
        viewer.publish(loss=loop.step())
        monkeypatch.setattr("layerwalk.training.mailbox._copy", interrupted)
        viewer.publish(loss=loop.step())
    monkeypatch.undo()
    assert not viewer.is_active


def test_a_failing_session_does_not_reach_the_training(
    watch: Watch, loop: Loop, example: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = watch(loop.model, example, strict=False)
    assert viewer.session is not None

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("something nobody thought of")

    monkeypatch.setattr(viewer.session.gallery, "add_step", broken)
    with one_warning("something nobody thought of"):
        goes_on(viewer, loop)
        viewer.publish(step=9)


def test_strict_raises_where_it_happened(watch: Watch, loop: Loop, example: Tensor) -> None:
    with pytest.raises(InputError):
        watch(loop.model, "no tensor")
    with pytest.raises(LayerwalkError, match="only inside publish"):
        watch(Locked(), example)
    viewer = watch(loop.model, example, limits=Limits())
    with pytest.raises(TypeError, match="accuracy"):
        viewer.publish(accuracy=[1])

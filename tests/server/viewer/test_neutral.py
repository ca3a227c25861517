"""A training with a viewer and people who look on ends bit for bit as without."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from layerwalk import Viewer
from layerwalk_shared.routes import INPUT, SNAPSHOTS, TILES, WEIGHTS
from server.viewer.conftest import Loop, Small, Watch

STEPS = 60


class Noisy(Small):
    """Draws in eval mode, too."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x + 0.1 * torch.randn_like(x))


def trained(kind: type[Small], viewer_of: object = None, example: Tensor | None = None) -> bytes:
    """Return all that a training of `STEPS` steps leaves: weights, optimizer, random states."""
    torch.manual_seed(11)
    random.seed(11)
    np.random.seed(11)  # noqa: NPY002
    loop = Loop(kind())
    if callable(viewer_of):
        viewer: Viewer = viewer_of(loop.model, example)
        with looking_on(viewer):
            for step in range(STEPS):
                loss = loop.step()
                viewer.publish(step=step, loss=loss)
                if step % 10 == 0:
                    viewer.flush(20)
            viewer.flush(20)
        assert viewer.session is not None
        assert len(viewer.session.gallery.training("n1").steps) >= STEPS // 10
        viewer.close()
    else:
        for _ in range(STEPS):
            loop.step()
    left = io.BytesIO()
    torch.save([loop.model.state_dict(), loop.optimizer.state_dict(), torch.get_rng_state()], left)
    return left.getvalue() + repr((random.getstate(), np.random.get_state())).encode()  # noqa: NPY002


@contextmanager
def looking_on(viewer: Viewer) -> Iterator[None]:
    """Ask for everything again and again, and put noise on the input, on another thread."""
    ended = threading.Event()
    answered: list[int] = []

    def ask(path: str, data: bytes | None = None) -> bytes:
        method = "GET" if data is None else "POST"
        request = urllib.request.Request(f"{viewer.url}{path}", data, method=method)
        if data:
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=20) as answer:
            body: bytes = answer.read()
        answered.append(answer.status)
        return body

    def look() -> None:
        while not ended.is_set():
            ask(INPUT.url(network="n1"), b'{"kind": "noise", "seed": 3}')
            ask(WEIGHTS.url(network="n1", node="conv"))
            assert viewer.session is not None
            newest = viewer.session.snapshots("n1")[-1].id
            ask(TILES.url(snapshot=newest) + "?overview=8", b"")
            ask(SNAPSHOTS.url(network="n1"))

    client = threading.Thread(target=look)
    client.start()
    try:
        yield
    finally:
        ended.set()
        client.join()
    assert answered


@pytest.mark.parametrize("kind", [Small, Noisy])
def test_a_watched_training_ends_bit_for_bit_the_same(
    watch: Watch, example: Tensor, kind: type[Small]
) -> None:
    assert trained(kind) == trained(kind), "the training itself is not repeatable"
    assert trained(kind, watch, example) == trained(kind)


def test_nothing_is_left_on_the_model(watch: Watch, loop: Loop, example: Tensor) -> None:
    loop.model.train()
    before = {name: id(one) for name, one in loop.model.named_parameters()}
    viewer = watch(loop.model, example)
    viewer.publish(loss=loop.step())
    viewer.flush(20)
    viewer.close()
    for module in loop.model.modules():
        assert module.training
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        assert not module._backward_hooks
    assert {name: id(one) for name, one in loop.model.named_parameters()} == before
    assert all(one.requires_grad for one in loop.model.parameters())


def test_threads_of_the_training_keep_their_helpers(
    watch: Watch, loop: Loop, example: Tensor
) -> None:
    before = torch.get_num_threads()
    viewer = watch(loop.model, example)
    viewer.publish()
    viewer.flush(20)
    assert torch.get_num_threads() == before
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert found == [before]
    assert viewer.session is not None
    assert viewer.session.jobs.call(torch.get_num_threads) == 1


def test_an_import_brings_no_torch_no_server_and_no_window() -> None:
    code = (
        "import sys, layerwalk\n"
        "if 'torch' in sys.modules: sys.exit('torch')\n"
        "layerwalk.TrackerModule\n"
        "found = {'flask', 'pygame', 'PIL', 'OpenGL', 'waitress'} & set(sys.modules)\n"
        "sys.exit(', '.join(found) or None)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=paths())


def paths() -> dict[str, str]:
    import os

    root = Path(__file__).parents[3]
    folders = (str(root / part) for part in ("server", "shared", "models", "client"))
    return {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}


def test_compiled_and_wrapped_models_are_looked_into(watch: Watch, example: Tensor) -> None:
    model = Small()
    wrapped = torch.compile(nn.DataParallel(model), backend="eager")
    viewer = watch(wrapped, example)
    assert viewer.session is not None
    assert "conv" in viewer.session.network("n1").graph.index
    with torch.no_grad():
        model.conv.weight.fill_(2)
    viewer.publish()
    viewer.flush(20)
    assert (viewer.session.network("n1").node_weights("conv") == 2).all()

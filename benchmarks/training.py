"""What a viewer costs a training: ResNet-18 on 64 x 64 images, someone looking on, CPU.

Steps with and without the viewer are timed in turn in one process on one model, so both see the
same machine. The viewer publishes every 50 steps; its client asks for every new step as the
desktop client does: events, the overview, finer tiles of three walls.
"""

from __future__ import annotations

import gc
import io
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

import layerwalk
from benchmarks.measure import Result, interleave
from layerwalk_models.zoo import resnet18

EVERY = 50
BATCH = 16
PAIRS = 6
CALLS = 31
SAME_STEPS = 200
CLIENT = """
import json, sys, urllib.request
url = sys.argv[1]
def ask(path, data=None):
    method = "GET" if data is None else "POST"
    kind = {"Content-Type": "application/json"} if data else {}
    request = urllib.request.Request(url + path, data, kind, method=method)
    with urllib.request.urlopen(request) as answer:
        return answer.read()
after = json.loads(ask("/api/v1/session"))["last_event"]
print("ready", flush=True)
while True:
    batch = json.loads(ask(f"/api/v1/events?after={after}&wait=20"))
    after = batch["last"]
    for event in batch["events"]:
        if event["kind"] == "snapshot-taken":
            key = event["manifest"]["id"]
            ask(f"/api/v1/snapshots/{key}/tiles?overview=8", b"")
            tiles = json.dumps({"tiles": [[1, 0, 0], [5, 0, 0], [9, 0, 0]]}).encode()
            ask(f"/api/v1/snapshots/{key}/tiles", tiles)
            print(key, flush=True)
"""


class Training:
    """The training loop under test: SGD with momentum, random flips and noise."""

    def __init__(self, *, seed: int = 0, dropout: float = 0.0, batch: int = BATCH) -> None:
        torch.manual_seed(seed)
        self.model = nn.Sequential(resnet18(), nn.Dropout(dropout)).train()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, momentum=0.9)
        generator = torch.Generator().manual_seed(1)
        self.x = torch.rand(batch, 3, 64, 64, generator=generator)
        self.y = torch.randint(0, 10, (batch,), generator=generator)

    def step(self) -> Tensor:
        """Take one step; return its loss."""
        x = self.x.flip(-1) if torch.rand(()) < 0.5 else self.x
        x = x + 0.05 * torch.randn(x.shape)
        self.optimizer.zero_grad()
        loss = nn.functional.cross_entropy(self.model(x), self.y)
        loss.backward()
        self.optimizer.step()
        return loss


def results() -> Iterator[Result]:
    """Yield the lines of the table; the facts that are no ratios go to standard error."""
    yield _import()
    # Once before, so that libraries and threads that come with the first are not counted.
    layerwalk.watch(nn.Conv2d(3, 1, 1), torch.zeros(1, 3, 8, 8), port=0, strict=True).close()
    training = Training()
    training.step()
    before = _resident()
    viewer = layerwalk.watch(training.model, training.x, port=0, strict=True)
    assert viewer.session is not None
    for _ in range(3):
        training.step()
    viewer.publish()
    viewer.flush()
    own = sum(one.nbytes for one in training.model.state_dict().values())
    shown = sum(one.nbytes for one in viewer.session.gallery.of("n1"))
    held = _held(training) - shown
    _say(
        f"memory of watch: {held / own:.2f} copies of the weights ({own / 1e6:.1f} MB) and "
        f"{shown / 1e6:.1f} MB of snapshots are held; the process grew by "
        f"{(_resident() - before) / own:.2f} copies, freed memory that the C library keeps included"
    )
    yield _call(training, viewer)
    with _client(str(viewer.url)) as count:
        yield _step(training, viewer)
        _say(f"the client was shown {count()} steps")
    viewer.close()
    _say(f"weights after {SAME_STEPS} steps with and without viewer: {_same()}")


def _step(training: Training, viewer: layerwalk.Viewer) -> Result:
    """Time 50 steps that begin with a publish, which is shown meanwhile, against 50 steps."""
    beside: list[float] = []

    def plain() -> None:
        for _ in range(EVERY):
            training.step()

    def watched() -> None:
        own, all_ = time.thread_time(), time.process_time()
        viewer.publish(loss=0.0)
        plain()
        own, all_ = time.thread_time() - own, time.process_time() - all_
        beside.append((all_ - own) / own)

    timed = interleave(
        f"{EVERY} training steps of ResNet-18 at 64 x 64, batch {BATCH}, a client looking on",
        floor=("the same steps without the viewer", plain),
        subject=watched,
        goal="at most 1.02",
        limit=1.02,
        pairs=PAIRS,
        warm_up=1,
    )
    if torch.get_num_threads() == 1:  # else the training's own helpers would count, too
        share = statistics.median(beside)
        _say(f"processor time of all other threads: {share:.1%} of the training's own")
    return timed


def _call(training: Training, viewer: layerwalk.Viewer) -> Result:
    """Time one publish against one copy of the weights into memory that is there."""
    weights = [one.detach() for one in training.model.state_dict().values()]
    into = [one.clone() for one in weights]

    def copy() -> None:
        torch._foreach_copy_(into, weights)

    copies: list[float] = []
    calls: list[float] = []
    for _ in range(CALLS):
        viewer.flush()  # what was published before is not part of this call
        start = time.perf_counter()
        copy()
        copies.append(time.perf_counter() - start)
        start = time.perf_counter()
        viewer.publish(loss=0.5)
        calls.append(time.perf_counter() - start)
    size = sum(one.nbytes for one in weights) / 1e6
    return Result(
        f"publish() of {size:.0f} MB of weights, gradients there",
        "one copy of the weights",
        "at most 2",
        2,
        "ratio",
        tuple(copies),
        tuple(calls),
    )


def _import() -> Result:
    """Time `import layerwalk` and its trackers against `import torch`, in processes of their own."""

    def seconds(code: str) -> None:
        subprocess.run([sys.executable, "-c", code], check=True)

    return interleave(
        "import layerwalk, torch",
        floor=("import torch", lambda: seconds("import torch")),
        subject=lambda: seconds("import layerwalk, torch"),
        goal="at most 1.15",
        limit=1.15,
        pairs=7,
        warm_up=1,
    )


def _same() -> str:
    """Train twice from one seed, with and without a viewer that shows as much as it can."""

    def left(*, is_watched: bool) -> bytes:
        training = Training(seed=7, dropout=0.3, batch=4)
        viewer = None
        if is_watched:
            viewer = layerwalk.watch(training.model, training.x, port=0, share=1, strict=True)
        for _ in range(SAME_STEPS):
            loss = training.step()
            if viewer is not None:
                viewer.publish(loss=loss)
        if viewer is not None:
            viewer.close()
        found = io.BytesIO()
        torch.save([training.model.state_dict(), torch.get_rng_state()], found)
        return found.getvalue()

    return "bit-identical" if left(is_watched=True) == left(is_watched=False) else "DIFFERENT"


@contextmanager
def _client(url: str) -> Iterator[Callable[[], int]]:
    """Run a client in a process of its own; yield a function that counts the steps it showed."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLIENT, url], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"

    def shown() -> int:
        process.kill()
        return len(process.communicate()[0].split())

    try:
        yield shown
    finally:
        process.kill()
        process.wait()


def _held(training: Training) -> int:
    """Return the bytes of all tensors that are not the training's own."""
    states = (one for state in training.optimizer.state.values() for one in state.values())
    gradients = (one.grad for one in training.model.parameters())
    known = [*training.model.state_dict().values(), *states, *gradients, training.x, training.y]
    own = {one.untyped_storage().data_ptr() for one in known if isinstance(one, Tensor)}
    gc.collect()
    storages = {
        one.untyped_storage().data_ptr(): one.untyped_storage().nbytes()
        for one in gc.get_objects()
        if type(one) in (Tensor, nn.Parameter)
    }
    return sum(size for place, size in storages.items() if place not in own)


def _resident() -> int:
    gc.collect()
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

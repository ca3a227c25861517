"""Executors make the same images; a cluster loses none, whoever of its workers dies."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from torch import Tensor, nn

from layerwalk.maximisation.cluster import RayExecutor
from layerwalk.maximisation.executors import LocalExecutor
from layerwalk.maximisation.keeping import Finished
from layerwalk_shared.errors import (
    InvalidRequestError,
    LayerwalkError,
    ModelError,
    ServerUnreachableError,
)
from layerwalk_shared.recipes import Objective
from server.maximisation.plans import QUICK, plan_of, small

CHANNELS = (4, 0, 2, 3, 1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayExecutor]:
    pytest.importorskip("ray", reason="ray is not installed (extra `cluster`)")
    with RayExecutor(workers=2, store_bytes=80 * 2**20) as made:
        yield made


def by_place(found: list[Finished]) -> dict[int, Finished]:
    made = {one.place: one for one in found}
    assert len(made) == len(found), "an image came twice"
    return made


def assert_equal(found: dict[int, Finished], expected: dict[int, Finished]) -> None:
    assert found.keys() == expected.keys()
    for place, one in expected.items():
        other = found[place]
        assert other.channel == one.channel
        np.testing.assert_allclose(other.image, one.image, atol=1e-4)
        assert other.activation == pytest.approx(one.activation, abs=1e-4)
        assert [answer.index for answer in other.answers] == [a.index for a in one.answers]


def test_a_local_run_tells_every_step_and_yields_each_image_when_its_batch_is_done() -> None:
    steps: list[tuple[int, int]] = []
    told: list[int] = []
    run = LocalExecutor().run(
        plan_of(batch=2), CHANNELS, on_step=lambda *step: steps.append(step), classes=("a",)
    )
    for one in run:
        told.append(len(steps))
        assert one.channel == CHANNELS[one.place]
    assert steps == [(number, 9) for number in range(1, 10)]
    assert told == [3, 3, 6, 6, 9]


def test_a_local_run_that_is_not_wanted_ends_after_one_step() -> None:
    steps: list[int] = []
    found = LocalExecutor().run(
        plan_of(batch=2),
        CHANNELS,
        on_step=lambda step, _: steps.append(step),
        is_wanted=lambda: len(steps) < 5,
    )
    assert [one.place for one in found] == [0, 1]
    assert len(steps) == 5


def test_a_cluster_makes_the_images_that_one_process_makes(cluster: RayExecutor) -> None:
    steps: list[tuple[int, int]] = []
    plan = plan_of(batch=2)
    found = by_place(list(cluster.run(plan, CHANNELS, on_step=lambda *step: steps.append(step))))
    assert_equal(found, by_place(list(LocalExecutor().run(plan, CHANNELS))))
    assert steps[-1] == (9, 9)
    assert os.getpid() not in {process for _, process in cluster.processes}


def test_a_cluster_takes_objectives_of_a_whole_node(cluster: RayExecutor) -> None:
    plan = plan_of(objective=Objective(kind="layer"))
    found = by_place(list(cluster.run(plan, None)))
    assert_equal(found, by_place(list(LocalExecutor().run(plan, None))))


def test_workers_stay_between_runs(cluster: RayExecutor) -> None:
    before = len(cluster.processes)
    for node in ("act", "norm"):
        list(cluster.run(plan_of(node=node), CHANNELS[:2]))
    assert len(cluster.processes) <= max(2, before)


def test_a_worker_that_is_killed_loses_no_image_and_repeats_only_its_own_batch(
    cluster: RayExecutor,
) -> None:
    slow = QUICK.model_copy(update={"steps": 100})
    plan = plan_of(batch=1, recipe=slow)
    before = set(cluster.processes)
    killed: list[int] = []

    def kill(step: int, _: int) -> None:
        there = cluster.processes - before or cluster.processes
        if step > 130 and not killed:
            killed.append(sorted(process for _, process in there)[0])
            os.kill(killed[0], signal.SIGKILL)

    found = by_place(list(cluster.run(plan, CHANNELS, on_step=kill)))
    assert killed
    assert len(cluster.lost) == 1
    assert len(cluster.lost[0]) == 1
    assert_equal(found, by_place(list(LocalExecutor().run(plan, CHANNELS))))


def test_a_run_on_a_cluster_that_is_not_wanted_ends_soon(cluster: RayExecutor) -> None:
    endless = plan_of(recipe=QUICK.model_copy(update={"steps": 10_000}))
    began_s = time.monotonic()
    steps: list[int] = []
    found = list(
        cluster.run(
            endless,
            CHANNELS,
            on_step=lambda step, _: steps.append(step),
            is_wanted=lambda: not any(steps),
        )
    )
    assert found == []
    assert time.monotonic() - began_s < 10
    assert len(list(cluster.run(plan_of(), CHANNELS[:1]))) == 1, "it is of use afterwards"


class Deadly(nn.Module):
    """Ends its process in the third forward pass of a worker."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3)
        self.home = os.getpid()
        self.passes = 0

    def forward(self, x: Tensor) -> Tensor:
        self.passes += 1
        if os.getpid() != self.home and self.passes > 2:
            os.kill(os.getpid(), signal.SIGKILL)
        found: Tensor = self.conv(x)
        return found


def test_a_batch_that_kills_every_worker_is_given_up(cluster: RayExecutor) -> None:
    with pytest.raises(ModelError, match="lost 3 times with the same 1 images"):
        list(cluster.run(plan_of(Deadly().eval()), [1]))


def lonely_model() -> nn.Module:
    """A model whose class is in a module that no worker can import."""
    module = ModuleType("only_here")
    exec("from torch import nn\nclass Alone(nn.Sequential): pass", module.__dict__)
    sys.modules["only_here"] = module
    made: nn.Module = module.__dict__["Alone"](small().get_submodule("conv"))
    return made.eval()


def test_code_that_a_worker_cannot_import_is_named(cluster: RayExecutor) -> None:
    try:
        plan = plan_of(lonely_model(), node="0")
        with pytest.raises(ModelError, match="cannot import 'only_here', which the network needs"):
            list(cluster.run(plan, [1]))
    finally:
        del sys.modules["only_here"]


def test_code_of_a_file_that_was_named_is_sent_along(cluster: RayExecutor) -> None:
    module = ModuleType("layerwalk_target_lone")
    code = "from torch import nn\nclass Alone(nn.Sequential): pass"
    exec(code, module.__dict__)
    sys.modules[module.__name__] = module
    try:
        model = module.__dict__["Alone"](small().get_submodule("conv")).eval()
        assert len(list(cluster.run(plan_of(model, node="0"), [1]))) == 1
    finally:
        del sys.modules[module.__name__]


def test_what_a_forward_raises_is_told(cluster: RayExecutor) -> None:
    class Moody(nn.Conv2d):
        def forward(self, input: Tensor) -> Tensor:  # noqa: A002
            if len(input) > 2:
                raise RuntimeError("too many at once")
            return super().forward(input)

    model = nn.Sequential(Moody(3, 8, 3)).eval()
    with pytest.raises(ModelError, match="too many at once"):
        list(cluster.run(plan_of(model, node="0"), range(8)))


def test_a_network_that_cannot_be_copied_is_not_sent(cluster: RayExecutor) -> None:
    with pytest.raises(InvalidRequestError, match="cannot be sent"):
        list(cluster.run(replace(plan_of(), is_copied=False), [1]))


@pytest.mark.parametrize("address", ["nowhere", "host:", ":6379", "host:0", "host:99999"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    pytest.importorskip("ray")
    import ray

    if ray.is_initialized():
        ray.shutdown()
    with pytest.raises(InvalidRequestError, match="HOST:PORT"):
        RayExecutor(address)


def test_an_address_where_nobody_listens_is_told_at_once() -> None:
    pytest.importorskip("ray")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ServerUnreachableError, match=rf"no Ray cluster at 127.0.0.1:{port}"):
        RayExecutor(f"127.0.0.1:{port}")


def test_without_ray_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(LayerwalkError, match=r"pip install 'layerwalk\[cluster\]'"):
        RayExecutor()

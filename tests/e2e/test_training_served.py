"""A client beside a real training: curves, steps, scrubbing, gradients, over a socket."""

import threading
import time
from contextlib import closing
from functools import partial

import pytest
import torch
from torch import nn

import layerwalk
from layerwalk_client.app.stage.state import SceneState
from layerwalk_client.cache import TileCache
from layerwalk_client.source.arrivals import GradientsArrived, ManifestArrived, NetworkArrived
from layerwalk_client.source.asking import Gradients, Manifest, Network
from layerwalk_client.source.http import HttpSource

PATIENCE_S = 30.0


class Onlooker:
    """A client without a window."""

    def __init__(self, url):
        self.bell = threading.Event()
        self.source = HttpSource(url, on_arrival=self.bell.set)
        self.state = SceneState(TileCache(10**8), client=self.source.client)
        self.seen = []
        self.source.open()

    def until(self, is_so):
        deadline_s = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < deadline_s, "it did not become so"
            self.bell.clear()
            for arrival in self.source.arrivals():
                self.seen.append(arrival)
                self.bring_about(self.state.apply(arrival))
            if not is_so():
                self.bell.wait(0.02)

    def bring_about(self, changes):
        assert changes.failure is None
        for fetch in changes.fetches:
            self.source.fetch(fetch)

    def first(self, kind):
        self.until(lambda: any(isinstance(one, kind) for one in self.seen))
        return next(one for one in self.seen if isinstance(one, kind))


@pytest.fixture(scope="module")
def training():
    """A few steps of a small training, with the client that looked on."""
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    inputs, labels = torch.randn(32, 6), torch.randint(0, 3, (32,))
    with layerwalk.watch(model, inputs, port=0, strict=True) as viewer:
        onlooker = Onlooker(viewer.url)
        with closing(onlooker.source):
            onlooker.until(lambda: onlooker.state.shown is not None)
            for step in range(4):
                loss = nn.functional.cross_entropy(model(inputs), labels)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                viewer.publish(step=step, loss=loss.detach())
                onlooker.until(partial(has_step, onlooker, step))
            yield onlooker


def has_step(onlooker, step):
    newest = onlooker.state.training.newest
    return newest is not None and newest.step == step and onlooker.state.shown.step == step


def test_curves_and_steps_come_as_they_are_made(training):
    steps, values = training.state.training.series()["loss"]
    assert steps.tolist() == [0, 1, 2, 3]
    assert values[0] > values[-1]
    assert training.state.training.numbers == [0, 1, 2, 3]
    told = training.state.training.step(2).nodes
    assert any(one.gradient for one in told)


def test_a_step_is_scrubbed_to_at_once_and_one_comes_back(training):
    assert training.state.choose_step(1).is_new_picture
    assert training.state.shown.step == 1
    training.bring_about(training.state.choose_step(None))
    training.until(lambda: training.state.shown.step == 3)


def test_gradients_manifests_and_networks_are_fetched(training):
    network = training.state.network
    training.source.fetch(Gradients(network.id, 2))
    training.source.fetch(Manifest(training.state.training.step(1).snapshot))
    training.source.fetch(Network(network.id))
    found = training.first(GradientsArrived).histograms
    assert found.step == 2
    assert sum(found.nodes[0].counts) + found.nodes[0].zeros == 6 * 8 + 8
    assert training.first(ManifestArrived).manifest.step == 1
    assert training.first(NetworkArrived).network.graph == network.graph

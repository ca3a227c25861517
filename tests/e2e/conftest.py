"""A small network behind a real server on a free port of the loopback."""

import threading
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from e2e.walking import SIZE, Hand, live_names
from layerwalk.http.serving import serve
from layerwalk.session import Session
from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.context import window_context
from layerwalk_shared.messages import DatasetInput, InputSpec

CLASSES = ("dark", "light", "red", "green", "blue")


class SmallNet(nn.Module):
    """A stem, a residual block, a vector, five classes: enough to walk through."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU())
        self.conv1 = nn.Conv2d(8, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, len(CLASSES))

    def forward(self, x):
        x = self.stem(x)
        x = torch.relu(x + self.conv2(torch.relu(self.conv1(x))))
        return self.fc(torch.flatten(self.pool(x), 1))


@dataclass(frozen=True)
class Item:
    name: str
    image: np.ndarray
    label: int


class Squares:
    """Pictures of one colour each, so that answers differ."""

    name = "squares"
    classes = CLASSES

    def __len__(self):
        return 150

    def item(self, i, /):
        image = np.full((40, 40, 3), (i * 37 % 256, i * 71 % 256, i * 113 % 256), np.uint8)
        image[10:30, 10:30] = 255 - image[10:30, 10:30]
        return Item(f"square {i}", image, i % len(CLASSES))


def make_session():
    torch.manual_seed(5)
    session = Session()
    dataset = session.add_dataset(Squares())
    session.add_network(
        SmallNet().eval(),
        name="small",
        classes=CLASSES,
        input_spec=InputSpec(kind="image", shape=(3, 32, 32), mean=(0.5,) * 3, std=(0.25,) * 3),
        first=None,
    )
    return session, dataset


@pytest.fixture
def session():
    made, _ = make_session()
    yield made
    made.close()


@pytest.fixture
def server(session):
    with closing(serve(session, port=0)) as running:
        yield running


@pytest.fixture
def item():
    return DatasetInput(dataset="d1", item=3)


@pytest.fixture
def window(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "offscreen")
    with window_context(SIZE, "test", vsync=False, checks=True) as opened:
        yield opened


@pytest.fixture
def hand_on(window):
    """Return a function that opens a walk on a source and closes it at the end."""
    opened = []
    before = live_names()

    def start(make_source, **options):
        bell = threading.Event()
        source = make_source(bell.set)
        source.open()
        hand = Hand(window, source, bell, **options)
        opened.append((hand, source))
        return hand

    yield start
    for hand, source in opened:
        source.close()
        hand.walker.close()
    assert gl.glGetError() == gl.GL_NO_ERROR
    assert live_names() - before == set()

"""A stage without a window: opened on a server, made ready, and waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from layerwalk_client.app.demo import serving
from layerwalk_client.app.handling.hand import hold_file
from layerwalk_client.app.links.recalling import puttable
from layerwalk_client.app.served import Served
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.gl.context import offscreen_context
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.source.asking import PutInput, Puttable
from layerwalk_client.source.http import HttpSource
from layerwalk_client.world.options import Style
from layerwalk_client.world.palette import Theme
from layerwalk_client.world.view import Appearance, Mark
from layerwalk_shared.errors import LayerwalkError, NotFoundError, nearest_hint
from layerwalk_shared.links import LinkedInput

PATIENCE_S = 60.0
"""So long anything that is waited for may take."""
MANY_BYTES = 2**40
MANY_WISHES = 2**20
"""A picture waits for everything, however much it is."""
USUAL_LOOK = Appearance(mode="percentile")
"""How values look where nothing else is said."""


@contextmanager
def staged(
    where: Served,
    *,
    theme: Theme = "dark",
    style: Style = "straight",
    sweep_s: float = 0.0,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Staging]:
    """Connect, make a GL context without a window current, and yield the stage once the first
    picture is shown; close all of it at the end.

    Args:
        where: the network.
        theme: of everything that is not data.
        style: how long chains stand.
        sweep_s: how long a new input takes to pass through the walls.
        clock: seconds, only forward; what the stage is told of.

    Raises:
        LayerwalkError: no server, no GL, or no such network.
    """
    with ExitStack() as stack:
        url = stack.enter_context(serving(where))
        news = threading.Event()
        source = HttpSource(url, token=where.token, network=where.network, on_arrival=news.set)
        stack.callback(source.close)
        source.open()
        stack.enter_context(offscreen_context())
        renderer = stack.enter_context(Renderer())
        stage = Stage(source, renderer, theme=theme, style=style, sweep_s=sweep_s)
        staging = Staging(stage, news, clock=clock)
        staging.wait(lambda: staging.stage.shown is not None)
        yield staging


class Staging:
    """Waits for a stage. Mutable, owned by the main thread.

    Args:
        stage: on an opened source.
        news: set by the source's threads after each arrival.
        clock: seconds, only forward; what the stage is told of.
    """

    def __init__(
        self,
        stage: Stage,
        news: threading.Event,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stage = stage
        self.clock = clock
        self._news = news

    def wait(self, is_done: Callable[[], bool], step: Callable[[], None] | None = None) -> None:
        """Take arrivals in until `is_done`; `step` runs after each batch of them.

        Raises:
            LayerwalkError: something failed, or it took too long.
        """
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            self._news.clear()
            found = self.stage.take(self.clock())
            if found.failures:
                raise found.failures[0]
            lost = self.stage.state.lost
            if lost is not None and lost.tries > 1:
                raise lost.error
            if step is not None:
                step()
            if is_done():
                return
            if time.monotonic() > deadline_s:
                raise LayerwalkError(f"the scene was not complete after {PATIENCE_S:.0f} s")
            self._news.wait(0.05)

    def put_said(self, said: LinkedInput) -> None:
        """Put what was said on the input and wait until it is shown.

        Raises:
            LayerwalkError: there is no such item, or it does not fit.
        """
        self.put(puttable(self.stage.state.session, said))

    def put_file(self, path: Path) -> None:
        """Put a file on the input and wait until it is shown.

        Raises:
            LayerwalkError: it cannot be read, or does not fit.
        """
        held = hold_file(path)
        self.put(held.image, title=held.title)

    def put(self, image: Puttable, *, title: str = "") -> None:
        """Put something on the input and wait until it is shown."""
        network = self.stage.network
        assert network is not None
        before = self.stage.shown
        self.stage.submit(PutInput(network.id, image, title=title))
        self.wait(lambda: self.stage.shown is not before and not self.stage.state.is_busy)

    def choose_step(self, step: int | None) -> None:
        """Look at a step of the training (None: the newest) and wait until it is shown.

        Raises:
            NotFoundError: it was not served, or its snapshot is gone.
        """
        stage, state = self.stage, self.stage.state
        self.wait(lambda: state.training.is_loaded)
        if step is None:
            stage.choose_step(None, self.clock())
            self.wait(lambda: not state.is_busy)
            return
        known = state.training.step(step)
        if known is None or known.snapshot is None:
            gone = "its snapshot is gone" if known is not None else "it was not served"
            raise NotFoundError(f"step {step} of the training cannot be shown: {gone}")
        stage.choose_step(step, self.clock())
        self.wait(lambda: state.shown is not None and state.shown.step == step)

    def mark(self, node: str, channel: int = -1) -> Mark:
        """Return what is selected when a node is, or one channel of it.

        Raises:
            NotFoundError: there is no such node.
        """
        network = self.stage.network
        assert network is not None
        network.graph.node(node)
        return Mark(network.id, network.graph.index[node], channel)

    def hang(self, nodes: tuple[str, ...]) -> None:
        """Let walls show the newest results of maximisations that the server has kept.

        Raises:
            NotFoundError: a node does not exist, or has none.
        """
        if not nodes:
            return
        state, network = self.stage.state, self.stage.network
        assert network is not None
        self.wait(lambda: state.results.is_loaded)
        for node in nodes:
            if node not in network.graph.index:
                hint = nearest_hint(node, network.graph.index)
                raise NotFoundError(f"node {node!r} is not in network {network.name!r}{hint}")
            if state.results.shown(node) is None:
                raise NotFoundError(f"node {node!r} has no maximised images on this server")
            state.results.set_mode(node, "images")

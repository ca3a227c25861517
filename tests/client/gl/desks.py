"""A stage on the made-up network for desks, and a hand that points at their panels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from layerwalk_client.app.panels import Content
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.gl.panel import PanelPointer, PanelTexture
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.ui.intents import Intent
from layerwalk_client.ui.style import make_style

FRAME_S = 1 / 60


class Room:
    """A stage whose arrivals go to a desk, a second a turn."""

    def __init__(self, source: MemorySource, renderer: Renderer) -> None:
        self.source = source
        self.stage = Stage(source, renderer)
        self.images = renderer.images
        self.now_s = 0.0
        self.desk: Any = None

    def turn(self) -> bool:
        """Take in what has arrived; return whether the desk's panel changed."""
        self.now_s += 1.0
        has_changed = False
        found = self.stage.take(self.now_s)
        self.stage.step(self.now_s, 2**30)
        for arrival in found.others:
            has_changed |= self.desk is not None and self.desk.take(arrival)
        return bool(self.desk is not None and self.desk.refresh()) or has_changed

    def node(self, name: str) -> int:
        """Return the index of a node."""
        assert self.stage.network is not None
        return self.stage.network.graph.index[name]


@contextmanager
def room(exhibit: str = "") -> Iterator[Room]:
    """Yield a stage on which the made-up network stands."""
    source = MemorySource(exhibit)
    source.open()
    with Renderer() as renderer:
        found = Room(source, renderer)
        for _ in range(3):
            found.turn()
        yield found
        if found.desk is not None:
            found.desk.close()


class Pointing:
    """A panel and a hand that points at it, in pixels of its design."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.texture = PanelTexture(content.size_wh, scale=1.0, setup=make_style)
        self.frame(None)

    def frame(
        self, at: tuple[float, float] | None, *, is_down: bool = False, wheel: float = 0.0
    ) -> list[Intent]:
        """Let one frame pass; return what was asked for."""
        found: list[Intent] = []
        self.texture.draw(
            lambda: found.extend(self.content.draw(self.texture.style)),
            pointer=PanelPointer(at, (is_down, False, False), wheel=(0.0, wheel)), dt=FRAME_S,
        )  # fmt: skip
        return found

    def click(self, x: float, y: float) -> list[Intent]:
        """Move there, press, release; return what was asked for."""
        found: list[Intent] = []
        for is_down in (False, False, True, False, False):
            found += self.frame((x, y), is_down=is_down)
        return found

    def close(self) -> None:
        """Release the texture."""
        self.texture.close()

    def __enter__(self) -> Pointing:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

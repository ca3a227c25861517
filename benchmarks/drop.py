"""An image dropped on the input of the shipped network, to the first picture that shows it.

The server is a process of its own, the walk runs here in a window in memory: the wish, the forward
pass, the event, the overview over the socket, its upload and the drawn frame are all inside.
"""

from __future__ import annotations

import importlib
import io
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from PIL import Image

from benchmarks.measure import Result, interleave
from layerwalk_client.app.demo import NETWORK, served
from layerwalk_client.source.asking import PutInput

if TYPE_CHECKING:
    from layerwalk_client.gl.context import Window

SIZE = (1280, 720)
PATIENCE_S = 60.0
RESTS = 20
"""Frames in a row in which nothing is drawn, until the picture counts as at rest."""


class Walk:
    """A walk in a window in memory, driven frame by frame as its own loop would."""

    def __init__(self, window: Window, url: str) -> None:
        from layerwalk_client.app.walker import Start, Walker
        from layerwalk_client.settings import Settings
        from layerwalk_client.source.http import HttpSource

        self._bell = threading.Event()
        self._source = HttpSource(url, on_arrival=self._bell.set)
        self._source.open()
        settings = Settings(captures_mouse=False)
        self._walker = Walker(window, self._source, settings, start=Start(shows_intro=False))
        self._drops = 0
        self._at_hand: bytes | None = None

    def take_picture(self) -> None:
        """Have another picture at hand to drop."""
        self._drops += 1
        self._at_hand = _picture(self._drops)

    def drop(self) -> None:
        """Drop the picture at hand; return when a frame with its snapshot is finished."""
        stage = self._walker.stage
        assert stage.network is not None
        assert stage.shown is not None
        before = stage.shown.id
        assert self._at_hand is not None
        stage.submit(PutInput(stage.network.id, self._at_hand, title="dropped"))
        self.until_shown(before)

    def until_shown(self, before: str | None) -> None:
        """Draw frames until one shows another snapshot than `before`."""
        from layerwalk_client.gl.bindings import gl

        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            self._bell.clear()
            has_drawn = self._walker.frame(())
            shown = self._walker.stage.shown
            if has_drawn and shown is not None and shown.id != before:
                gl.glFinish()
                return
            self._bell.wait(1 / 60)  # at rest the loop sleeps until something arrives
        raise TimeoutError(f"nothing new on the screen after {PATIENCE_S:.0f} s")

    def settle(self) -> None:
        """Draw frames until all tiles that are wanted are there and the picture is at rest."""
        rests = 0
        while rests < RESTS:
            is_rest = not self._walker.frame(()) and self._walker.stage.is_settled(time.monotonic())
            rests = rests + 1 if is_rest else 0
            self._bell.wait(0.01)
            self._bell.clear()

    def close(self) -> None:
        self._source.close()
        self._walker.close()


def results() -> Iterator[Result]:
    """Yield the line of the drop."""
    os.environ["SDL_VIDEODRIVER"] = "offscreen"
    from layerwalk_client.gl.context import window_context

    with served(NETWORK, datasets=("samples",)) as url, window_context(SIZE, "drop") as window:
        walk = Walk(window, url)
        model = getattr(importlib.import_module("layerwalk_models.zoo"), NETWORK)()
        example = torch.randn(1, *model.layerwalk_card.input_shape)
        forwards: list[float] = []
        drops: list[float] = []

        # What the last drop left on its way is part of neither: both have a clock of their own.
        def forward() -> None:
            walk.settle()
            start = time.perf_counter()
            with torch.inference_mode():
                model(example)
            forwards.append(time.perf_counter() - start)

        def drop() -> None:
            walk.take_picture()
            walk.settle()
            start = time.perf_counter()
            walk.drop()
            drops.append(time.perf_counter() - start)

        try:
            walk.until_shown(None)
            timed = interleave(
                "drop of an image to the first changed pixel, shipped network",
                floor=("the forward pass alone", forward),
                subject=drop,
                goal="at most 100 ms more",
                limit=100.0,
                kind="extra",
                pairs=21,
            )
            pairs = len(timed.subject_s)
            yield replace(timed, floor_s=tuple(forwards[-pairs:]), subject_s=tuple(drops[-pairs:]))
        finally:
            walk.close()


def _picture(number: int) -> bytes:
    """Return a PNG of its own for each drop."""
    image = Image.radial_gradient("L").resize((320, 240)).point(lambda v: (v + 37 * number) % 256)
    file = io.BytesIO()
    image.convert("RGB").save(file, "PNG")
    return file.getvalue()

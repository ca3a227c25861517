"""Scrolling: the longest frame while 10,000 thumbnails pass by, from the first to the last.

The panel of pictures is drawn as in a window of 1280 x 720, with every texture that it needs made
on the way: sheets of noise arrive as many at a time as the panel asks for, so that the time of the
network and of decoding, which other threads have, is left out. A frame ends with `glFinish`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np

from benchmarks.measure import Result
from layerwalk_client.app.desks.thumbnails import PAGE_ITEMS, SIDE, ThumbnailStore
from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.context import offscreen_context
from layerwalk_client.gl.panel import PanelPointer, PanelTexture
from layerwalk_client.gl.pictures import Images, Overlay
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.target import Target
from layerwalk_client.source.arrivals import PageArrived, PictureArrived
from layerwalk_client.source.asking import Fetch
from layerwalk_client.source.surveying import ItemPage, Sheet
from layerwalk_client.ui.dataset import DatasetPanel
from layerwalk_client.ui.style import make_style
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.view import Look
from layerwalk_shared.messages import DatasetItem, DatasetPage, DatasetSummary
from layerwalk_shared.views import grid_shape

ITEMS = 10_000
WINDOW_WH = (1280, 720)
LIMIT_MS = 33.0
FRAMES = 240
"""From the first item to the last: four seconds at 60 frames a second."""
PAIRS = 5


class Shelf:
    """Answers what a store asks for, with the same noise each time."""

    def __init__(self) -> None:
        self._asked: list[Fetch] = []
        rows, columns = grid_shape(PAGE_ITEMS)
        generator = np.random.default_rng(0)
        self._sheet = generator.integers(0, 256, (rows * SIDE, columns * SIDE, 3), np.uint8)
        self.images = Images()
        self.store = ThumbnailStore(self._asked.append, self.images)
        summary = DatasetSummary(id="d", name="noise", count=ITEMS, classes=("noise",))
        self.store.set_datasets([summary])
        self.panel = DatasetPanel([summary], self.store)

    def arrive(self) -> None:
        """Let everything arrive that was asked for."""
        asked = list(self._asked)
        self._asked.clear()
        for fetch in asked:
            if isinstance(fetch, Sheet):
                self.store.take_sheet(PictureArrived(fetch, self._sheet))
            elif isinstance(fetch, ItemPage):
                last = min(ITEMS, fetch.offset + fetch.limit)
                items = tuple(
                    DatasetItem(
                        index=at, name=f"{at}", label="noise", prediction="noise",
                        probability=0.5, is_right=at % 7 != 0,
                    )
                    for at in range(fetch.offset, last)
                )  # fmt: skip
                page = DatasetPage(dataset="d", offset=fetch.offset, total=ITEMS, items=items)
                self.store.take_names(PageArrived(fetch, page))
        self.store.unpack()


def results() -> Iterable[Result]:
    """Yield the row of the table."""
    with offscreen_context(), Renderer() as renderer, Target(WINDOW_WH) as target:
        renderer.set_scene(Scene())
        shelf = Shelf()
        size_wh = shelf.panel.size_wh
        at = ((WINDOW_WH[0] - size_wh[0]) // 2, (WINDOW_WH[1] - size_wh[1]) // 2)
        with PanelTexture(size_wh, scale=1.0, setup=make_style) as texture:

            def frame() -> float:
                """Draw a frame; return its seconds."""
                began_s = time.perf_counter()
                shelf.arrive()
                texture.draw(
                    lambda: shelf.panel.draw(texture.style),
                    pointer=PanelPointer((400.0, 300.0)), dt=1 / 60,
                )  # fmt: skip
                overlay = Overlay(texture.texture, (*at, *size_wh))
                renderer.draw(Look(), target, overlays=[overlay])
                gl.glFinish()
                return time.perf_counter() - began_s

            for _ in range(20):
                frame()
            floors, longest = [], []
            for _ in range(PAIRS):
                shelf.panel.grid.begin()
                floors.append(float(np.median([frame() for _ in range(20)])))
                times = []
                for step in range(1, FRAMES + 1):
                    shelf.panel.grid.choose(round(step / FRAMES * (ITEMS - 1)), ITEMS)
                    times.append(frame())
                longest.append(max(times))
        shelf.store.close()
        shelf.images.close()
    yield Result(
        f"longest of {FRAMES} frames while {ITEMS:,} thumbnails pass by",
        "a frame of the same panel at rest",
        f"at most {LIMIT_MS:.0f} ms more",
        LIMIT_MS,
        "extra",
        tuple(floors),
        tuple(longest),
    )

"""A picture of the scene without a window: connect, wait until everything is there, draw, write."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from layerwalk_client.app.demo import served
from layerwalk_client.app.hand import hold_file
from layerwalk_client.app.places import Place, camera_at
from layerwalk_client.app.stage import Stage
from layerwalk_client.gl.context import offscreen_context
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.target import MAX_SIDE, Target, shrink
from layerwalk_client.source.asking import PutInput
from layerwalk_client.source.http import HttpSource
from layerwalk_client.ui.colours import MODES
from layerwalk_client.world.answer import percent
from layerwalk_client.world.options import Style
from layerwalk_client.world.view import Appearance, Camera, Look
from layerwalk_shared.colours import describe_table
from layerwalk_shared.errors import InvalidRequestError, LayerwalkError, NotFoundError, nearest_hint
from layerwalk_shared.messages import DatasetInput, SnapshotManifest
from layerwalk_shared.routes import DEFAULT_URL

SUPERSAMPLING = 2
"""Pixels drawn for each pixel of the picture, along each side."""
PATIENCE_S = 60.0
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
MANY_BYTES = 2**40
MANY_WISHES = 2**20
"""A picture waits for everything, however much it is."""


@dataclass(frozen=True, slots=True)
class ShotOptions:
    """What the picture shows and where it goes.

    Attributes:
        out: file; its ending names the format.
        url, token, network: of the server.
        size_wh: pixels.
        place: where the eye is.
        input: image file to put on the input first.
        item: (data set's name or id, number) to put there first.
        serve: TARGET to serve for the picture, instead of `url`.
        datasets: for `serve`.
        maximised: ids of nodes whose walls show the newest result of a maximisation.
        table, range_mode: how values look; None: the defaults.
        theme: of everything that is not data.
        layout: how long chains stand.
    """

    out: Path
    url: str = DEFAULT_URL
    token: str | None = None
    network: str | None = None
    size_wh: tuple[int, int] = (1920, 1080)
    place: Place = None
    input: Path | None = None
    item: tuple[str, int] | None = None
    serve: str | None = None
    datasets: tuple[str, ...] = ()
    maximised: tuple[str, ...] = ()
    table: str | None = None
    range_mode: str | None = None
    theme: Literal["dark", "paper"] = "dark"
    layout: Style = "straight"


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture that was made: file, pixels, and the snapshot that it shows."""

    path: Path
    size_wh: tuple[int, int]
    manifest: SnapshotManifest

    def __str__(self) -> str:
        width, height = self.size_wh
        return f"{self.path}: {width} x {height}, {describe_answer(self.manifest)}"


def run_shot(options: ShotOptions) -> Shot:
    """Make the picture.

    Raises:
        LayerwalkError: no server, no GL, no such node, or the file cannot be written.
    """
    check_writable(options.out)
    appearance = _appearance(options)
    with contextlib.ExitStack() as stack:
        url = options.url
        if options.serve is not None:
            url = stack.enter_context(served(options.serve, datasets=options.datasets))
        news = threading.Event()
        source = HttpSource(url, token=options.token, network=options.network, on_arrival=news.set)
        stack.callback(source.close)
        source.open()
        stack.enter_context(offscreen_context())
        renderer = stack.enter_context(Renderer())
        stage = Stage(source, renderer, theme=options.theme, style=options.layout)
        studio = _Studio(stage, news)
        studio.wait(lambda: stage.shown is not None)
        _put_input(options, studio)
        _hang(options.maximised, studio)
        pixels = studio.photograph(options, appearance)
        shown = stage.shown
        assert shown is not None
    write_picture(options.out, pixels)
    return Shot(options.out, options.size_wh, shown)


class _Studio:
    """Waits for the stage. Mutable, owned by the main thread."""

    def __init__(self, stage: Stage, news: threading.Event) -> None:
        self.stage = stage
        self._news = news

    def wait(self, is_done: Callable[[], bool], step: Callable[[], None] | None = None) -> None:
        """Take arrivals in until `is_done`; `step` runs after each batch of them.

        Raises:
            LayerwalkError: something failed, or it took too long.
        """
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            self._news.clear()
            found = self.stage.take(time.monotonic())
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

    def photograph(self, options: ShotOptions, appearance: Appearance) -> NDArray[np.uint8]:
        """Return the picture, uint8 `[H, W, 3]`, once all that it shows is there."""
        stage = self.stage
        assert stage.network is not None
        width, height = options.size_wh
        factor = SUPERSAMPLING if max(width, height) * SUPERSAMPLING <= MAX_SIDE else 1
        size_wh = (width * factor, height * factor)
        index = stage.network.graph.index.get(str(options.place))
        if index is not None:
            stage.open_for(index)
        network = stage.network

        def camera() -> Camera:
            return camera_at(options.place, stage.scene, network, aspect=width / height)

        def step() -> None:
            now_s = time.monotonic()
            stage.plan(camera(), size_wh, now_s=now_s, max_wishes=MANY_WISHES)
            stage.step(now_s, MANY_BYTES)

        self.wait(lambda: stage.is_settled(time.monotonic()), step)
        with Target(size_wh, pixel_scale=factor) as target:
            looked = camera()
            notes = stage.words(looked, height)
            stage.draw(Look(camera=looked, appearance=appearance, notes=notes), target)
            return shrink(target.read_rgb(), factor)


def _put_input(options: ShotOptions, studio: _Studio) -> None:
    """Put the wished for image on the input and wait until it is shown."""
    stage = studio.stage
    network = stage.network
    assert network is not None
    if options.input is not None:
        held = hold_file(options.input)
        wish = PutInput(network.id, held.image, title=held.title)
    elif options.item is not None:
        wish = PutInput(network.id, find_item(stage, *options.item))
    else:
        return
    before = stage.shown
    stage.submit(wish)
    studio.wait(lambda: stage.shown is not before and not stage.state.is_busy)


def _hang(nodes: tuple[str, ...], studio: _Studio) -> None:
    """Let walls show the newest results that the server has kept.

    Raises:
        NotFoundError: a node does not exist, or has none.
    """
    if not nodes:
        return
    state, network = studio.stage.state, studio.stage.network
    assert network is not None
    studio.wait(lambda: state.results.is_loaded)
    for node in nodes:
        if node not in network.graph.index:
            hint = nearest_hint(node, network.graph.index)
            raise NotFoundError(f"node {node!r} is not in network {network.name!r}{hint}")
        if state.results.shown(node) is None:
            raise NotFoundError(f"node {node!r} has no maximised images on this server")
        state.results.set_mode(node, "images")


def find_item(stage: Stage, dataset: str, item: int) -> DatasetInput:
    """Return the item of a data set, named by its name or id.

    Raises:
        NotFoundError: there is no such data set or item.
    """
    session = stage.state.session
    known = session.datasets if session is not None else ()
    for one in known:
        if dataset in (one.id, one.name):
            if item >= one.count:
                raise NotFoundError(
                    f"item {item} is not in data set {dataset!r} (0 to {one.count - 1})"
                )
            return DatasetInput(dataset=one.id, item=item)
    raise NotFoundError(
        f"data set {dataset!r} is not served" + nearest_hint(dataset, [one.name for one in known])
    )


def describe_answer(manifest: SnapshotManifest) -> str:
    """Return what is on the input and what the network says, for people."""
    best = ", ".join(f"{line.name} {percent(line.probability)}" for line in manifest.top[:3])
    return f"{manifest.input.title}: {best}" if best else manifest.input.title


def write_picture(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write a picture whole or not at all; the ending names the format.

    Raises:
        InvalidRequestError: an unknown ending, or the file cannot be written.
    """
    kind = format_of(path)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **({"quality": 92} if kind == "JPEG" else {}))
    try:
        with _draft(path) as draft:
            draft.write_bytes(buffer.getvalue())
            draft.replace(path)
    except OSError as error:
        raise InvalidRequestError(f"{path} cannot be written: {error.strerror}") from error


def check_writable(path: Path) -> None:
    """Refuse at once what could not be written after all the work.

    Raises:
        InvalidRequestError: an unknown ending, or no such folder.
    """
    format_of(path)
    if path.is_dir():
        raise InvalidRequestError(f"{path} is a folder, expected a file to write")
    folder = path.parent
    if not folder.is_dir():
        raise InvalidRequestError(f"{path} cannot be written: there is no folder {folder}")
    if not os.access(folder, os.W_OK):
        raise InvalidRequestError(f"{path} cannot be written: the folder is read-only")


def format_of(path: Path) -> str:
    """Return Pillow's name of the format that the ending stands for.

    Raises:
        InvalidRequestError: it stands for none of ours.
    """
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise InvalidRequestError(
            f"{path}: pictures end in {', '.join(FORMATS)}, not in {path.suffix or 'nothing'!r}"
        )
    return found


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    os.close(handle)
    draft = Path(name)
    draft.chmod(0o644)
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _appearance(options: ShotOptions) -> Appearance:
    found = Appearance(theme=options.theme, mode="percentile")
    if options.table is not None:
        describe_table(options.table)
        found = replace(found, table=options.table)
    if options.range_mode is not None:
        if options.range_mode not in MODES[:-1]:
            raise InvalidRequestError(
                f"range {options.range_mode!r}, expected one of {', '.join(MODES[:-1])}"
            )
        found = replace(found, mode=options.range_mode)
    return found

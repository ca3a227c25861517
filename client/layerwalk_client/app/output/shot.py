"""A picture of the scene without a window: connect, wait until everything is there, draw, write."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.app.comparing.looks import ComparedLooks, signed
from layerwalk_client.app.comparing.staged import SecondWish, compare
from layerwalk_client.app.handling.arrangements import read_arrangement
from layerwalk_client.app.output.staging import (
    MANY_BYTES,
    MANY_WISHES,
    USUAL_LOOK,
    Staging,
    staged,
)
from layerwalk_client.app.output.writing import check_writable, format_of, write_picture
from layerwalk_client.app.served import Served
from layerwalk_client.app.travel.places import Place, camera_at
from layerwalk_client.gl.target import MAX_SIDE, Target, shrink
from layerwalk_client.world.answer import percent
from layerwalk_client.world.options import Style
from layerwalk_client.world.view import Appearance, Camera, Look, Marks
from layerwalk_shared.links import LinkedInput
from layerwalk_shared.messages import SnapshotManifest

SUPERSAMPLING = 2
"""Pixels drawn for each pixel of the picture, along each side."""


@dataclass(frozen=True, slots=True)
class ShotOptions:
    """What the picture shows and where it goes.

    Attributes:
        out: file; its ending names the format.
        where: the network.
        size_wh: of the view, pixels.
        scale: pixels of the file along a side of each of the view's: the same picture, finer.
        place: where the eye is.
        put: a file, or what was said, to put on the input first.
        step: of the training to look at.
        selected: (node's id, channel or -1) that is marked.
        arrangement: file that says where walls stand.
        maximised: ids of nodes whose walls show the newest result of a maximisation.
        second: what it is compared with.
        appearance: how values and everything else look.
        layout: how long chains stand.
    """

    out: Path
    where: Served = field(default_factory=Served)
    size_wh: tuple[int, int] = (1920, 1080)
    scale: int = 1
    place: Place = None
    put: Path | LinkedInput | None = None
    step: int | None = None
    selected: tuple[str, int] | None = None
    arrangement: Path | None = None
    maximised: tuple[str, ...] = ()
    second: SecondWish | None = None
    appearance: Appearance = USUAL_LOOK
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
    format_of(options.out)
    check_writable(options.out)
    arranged = None if options.arrangement is None else read_arrangement(options.arrangement)
    with staged(options.where, theme=options.appearance.theme, style=options.layout) as staging:
        if options.step is not None:
            staging.choose_step(options.step)
        if isinstance(options.put, Path):
            staging.put_file(options.put)
        elif options.put is not None:
            staging.put_said(options.put)
        staging.hang(options.maximised)
        if arranged is not None:
            staging.stage.arrange(arranged)
        if options.second is not None:
            compare(staging, options.second)
        pixels = photograph(staging, options)
        shown = staging.stage.shown
        assert shown is not None
    write_picture(options.out, pixels)
    width, height = options.size_wh
    return Shot(options.out, (width * options.scale, height * options.scale), shown)


def photograph(staging: Staging, options: ShotOptions) -> NDArray[np.uint8]:
    """Return the picture, uint8 `[H, W, 3]`, once all that it shows is there."""
    stage = staging.stage
    assert stage.network is not None
    width, height = options.size_wh
    scale = options.scale
    factor = SUPERSAMPLING if max(width, height) * scale * SUPERSAMPLING <= MAX_SIDE else 1
    size_wh = (width * scale * factor, height * scale * factor)
    index = stage.network.graph.index.get(str(options.place))
    if index is not None:
        stage.open_for(index)
    network = stage.network

    def camera() -> Camera:
        return camera_at(options.place, stage.scene, network, aspect=width / height)

    def step() -> None:
        now_s = staging.clock()
        stage.plan(camera(), size_wh, now_s=now_s, max_wishes=MANY_WISHES)
        stage.step(now_s, MANY_BYTES)

    staging.wait(lambda: stage.is_settled(staging.clock()), step)
    with Target(size_wh, pixel_scale=scale * factor) as target:
        looked = camera()
        selection = None if options.selected is None else staging.mark(*options.selected)
        notes = stage.words(looked, height)
        view = stage.comparing.view
        look = Look(
            looked,
            signed(options.appearance, view),
            Marks(selection=selection),
            notes=notes,
            ranges=ComparedLooks().ranges(view, options.appearance),
        )
        stage.draw(look, target)
        return shrink(target.read_rgb(), factor)


def describe_answer(manifest: SnapshotManifest) -> str:
    """Return what is on the input and what the network says, for people."""
    best = ", ".join(f"{line.name} {percent(line.probability)}" for line in manifest.top[:3])
    return f"{manifest.input.title}: {best}" if best else manifest.input.title

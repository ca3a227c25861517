"""A film of the scene without a window, the same frames each time.

The film has a clock of its own: between two frames exactly one frame's time passes, however long
the server takes. Each frame waits until all is there that it shows, so a film never blurs because
a network was slow, and what happens in it (an input sweeping through the walls, cross-fades,
labels that come and go) happens at the same frame on every machine.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.app.demo import end_on_termination
from layerwalk_client.app.handling.arrangements import read_arrangement
from layerwalk_client.app.links.dressing import dressed
from layerwalk_client.app.output.film_script import Happening, Script, Waypoint, read_script
from layerwalk_client.app.output.film_writing import check_film, film_sink
from layerwalk_client.app.output.progress import Progress
from layerwalk_client.app.output.staging import (
    MANY_BYTES,
    MANY_WISHES,
    USUAL_LOOK,
    Staging,
    staged,
)
from layerwalk_client.app.served import Served
from layerwalk_client.app.travel.places import camera_at
from layerwalk_client.gl.target import MAX_SIDE, Target, shrink
from layerwalk_client.world.camera_path import Course, Keyframe, course
from layerwalk_client.world.options import Style
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.view import Appearance, Camera, Look, Mark, Marks
from layerwalk_shared.errors import InvalidRequestError

SAMPLES = {1: 1, 4: 2, 9: 3, 16: 4}
"""Samples of each pixel -> pixels drawn along each of its sides."""
SWEEP_S = 0.8
"""So long an input takes through the network; twice that of the window, as a film is not asked
to be quick."""


@dataclass(frozen=True, slots=True)
class FilmOptions:
    """What is filmed and where it goes.

    Attributes:
        out: an `.mp4` file, or a folder for PNG pictures.
        path: file of the script.
        where: the network.
        size_wh: pixels of a frame.
        fps: frames per second.
        samples: of each pixel, one of `SAMPLES`.
        sweep_s: how long a new input takes to pass through the walls; 0: at once.
        appearance: how values look at the beginning.
        layout: how long chains stand.
        arrangement: file that says where walls stand.
    """

    out: Path
    path: Path
    where: Served = field(default_factory=Served)
    size_wh: tuple[int, int] = (1280, 720)
    fps: int = 30
    samples: int = 4
    sweep_s: float = SWEEP_S
    appearance: Appearance = USUAL_LOOK
    layout: Style = "straight"
    arrangement: Path | None = None


@dataclass(frozen=True, slots=True)
class Film:
    """A film that was made."""

    path: Path
    size_wh: tuple[int, int]
    frames: int
    fps: int

    def __str__(self) -> str:
        width, height = self.size_wh
        seconds = self.frames / self.fps
        return f"{self.path}: {self.frames} frames of {width} x {height}, {seconds:.1f} s"


def frame_count(script: Script, fps: int) -> int:
    """Return how many frames a script takes: one at each 1/fps, at both ends, too."""
    return 1 + round(script.seconds * fps)


def run_film(options: FilmOptions) -> Film:
    """Make the film.

    Raises:
        LayerwalkError: a wrong script, no server, no GL, no such node, item or step, or the film
            cannot be written; nothing is left of it then.
    """
    script = read_script(options.path)
    check_film(options.out, options.size_wh)
    factor = SAMPLES[options.samples]
    width, height = options.size_wh
    if max(width, height) * factor > MAX_SIDE:
        raise InvalidRequestError(
            f"{width}x{height} with {options.samples} samples is drawn {factor} times as large, "
            f"which is more than {MAX_SIDE} pixels a side: take fewer samples"
        )
    arranged = None if options.arrangement is None else read_arrangement(options.arrangement)
    clock = _Clock()
    frames = frame_count(script, options.fps)
    restore = end_on_termination()
    try:
        with (
            staged(
                options.where,
                theme=options.appearance.theme,
                style=options.layout,
                sweep_s=options.sweep_s,
                clock=clock,
            ) as staging,
            Target((width * factor, height * factor), pixel_scale=factor) as target,
            film_sink(options.out, options.size_wh, options.fps) as sink,
            Progress(sys.stderr, total=frames, unit="frames", clock=time.monotonic) as progress,
        ):
            if arranged is not None:
                staging.stage.arrange(arranged)
            shooting = _Shooting(staging, script, target, options.appearance)
            for number in range(frames):
                clock.time_s = number / options.fps
                pixels = shooting.frame(clock.time_s, 1 / options.fps if number else 0.0)
                sink.add(shrink(pixels, factor))
                progress.note(number + 1)
    finally:
        restore()
    return Film(options.out, options.size_wh, frames, options.fps)


class _Clock:
    """The film's time. Mutable, owned by the main thread."""

    def __init__(self) -> None:
        self.time_s = 0.0

    def __call__(self) -> float:
        return self.time_s


class _Shooting:
    """Draws frame after frame. Mutable, owned by the main thread.

    Raises:
        LayerwalkError: the script names what there is not.
    """

    def __init__(
        self, staging: Staging, script: Script, target: Target, appearance: Appearance
    ) -> None:
        self._staging = staging
        self._stage = staging.stage
        self._script = script
        self._target = target
        self._appearance = appearance
        self._selection: Mark | None = None
        self._coming = sorted(script.actions, key=lambda one: one.time)
        self._scene: Scene | None = None
        self._path = self._way()

    def frame(self, time_s: float, dt: float) -> NDArray[np.uint8]:
        """Return the frame at a time as it was drawn, `[H * factor, W * factor, 3]`."""
        while self._coming and self._coming[0].time <= time_s:
            self._happen(self._coming.pop(0))
        if self._stage.scene is not self._scene:
            self._path = self._way()
        camera = self._path.camera_at(time_s)
        self._settle(camera, time_s)
        stage, target = self._stage, self._target
        height = round(target.size_wh[1] / target.pixel_scale)
        notes = stage.words(camera, height)
        look = Look(camera, self._appearance, Marks(selection=self._selection), notes=notes)
        stage.draw(look, target, dt=dt)
        return target.read_rgb()

    def _way(self) -> Course:
        """Return the camera's way in the world as it stands."""
        network = self._stage.network
        assert network is not None
        for waypoint in self._script.keyframes:
            if waypoint.node is not None:
                network.graph.node(waypoint.node)
                self._stage.open_for(network.graph.index[waypoint.node])
        self._scene = self._stage.scene
        keyframes = [
            Keyframe(one.time, self._camera(one), one.stay, is_place=one.camera is None)
            for one in self._script.keyframes
        ]
        return course(keyframes, self._stage.arrays)

    def _camera(self, waypoint: Waypoint) -> Camera:
        network = self._stage.network
        assert network is not None
        width, height = self._target.size_wh
        return camera_at(waypoint.where(), self._stage.scene, network, aspect=width / height)

    def _settle(self, camera: Camera, time_s: float) -> None:
        """Wait until everything is on the screen that should be by now.

        Nothing changes on the screen before all has come, so that it does not matter in which
        parts it came.
        """
        stage, size_wh = self._stage, self._target.size_wh

        def step() -> None:
            stage.plan(camera, size_wh, now_s=time_s, max_wishes=MANY_WISHES)
            if not stage.is_fetching(time_s):
                stage.step(time_s, MANY_BYTES)

        self._staging.wait(lambda: stage.is_complete(time_s), step)

    # What happens.

    def _happen(self, one: Happening) -> None:
        if one.put is not None:
            self._staging.put_said(one.put)
        if one.step is not None:
            self._staging.choose_step(None if one.step == "newest" else one.step)
        if one.select is not None:
            self._selection = self._staging.mark(one.select) if one.select else None
        self._appearance = dressed(
            self._appearance, table=one.table, mode=one.range, limit=one.limit
        )

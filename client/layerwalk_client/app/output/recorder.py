"""Records a walk as a film's script: the camera's way, and what was put on the input, in time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from layerwalk_client.app.output.film_script import LONGEST_S, Happening, Script, Waypoint
from layerwalk_client.world.camera_path import thinned
from layerwalk_client.world.view import Appearance, Camera
from layerwalk_shared.links import LinkedInput

HOLD_S = 0.1
"""A camera that had not moved for longer stood still until so long before it did."""
LONGEST_FRAME_S = 0.6
NEAREST = Camera().near


@dataclass(frozen=True, slots=True)
class Situation:
    """What is shown beside the camera, as far as a script can say it.

    Attributes:
        input: what lies on the input; None: what cannot be said.
        step: of the training that is looked at; None: live.
        appearance: how values look.
        selection: id of the selected node, "" none.
    """

    input: LinkedInput | None = None
    step: int | None = None
    appearance: Appearance = field(default_factory=Appearance)
    selection: str = ""


class Recorder:
    """Mutable, owned by the main thread. Times are any clock that only goes forward."""

    def __init__(self) -> None:
        self._start_s: float | None = None
        self._times: list[float] = []
        self._cameras: list[Camera] = []
        self._seen_s = 0.0
        self._situation = Situation()
        self._happenings: list[Happening] = []

    @property
    def is_on(self) -> bool:
        """Whether a walk is being recorded."""
        return self._start_s is not None

    def is_full(self, now_s: float) -> bool:
        """Whether it has recorded for as long as a film may be."""
        return self._start_s is not None and now_s - self._start_s >= LONGEST_S

    def seconds(self, now_s: float) -> float:
        """Return how long it has recorded."""
        return 0.0 if self._start_s is None else now_s - self._start_s

    def start(self, now_s: float, camera: Camera, situation: Situation) -> None:
        """Begin anew."""
        self._start_s = self._seen_s = now_s
        self._times, self._cameras = [0.0], [camera]
        self._situation = Situation()
        self._happenings = []
        self._note_situation(0.0, situation)

    def note(self, now_s: float, camera: Camera, situation: Situation) -> None:
        """Note a frame; nothing happens while nothing is recorded."""
        if self._start_s is None:
            return
        time_s = min(LONGEST_S, now_s - self._start_s)
        if camera != self._cameras[-1] and time_s > self._times[-1]:
            # A frame without motion, or none for long: it rested. Slow frames of a move are none.
            has_rested = self._seen_s - self._start_s > self._times[-1]
            if has_rested or time_s - self._times[-1] > LONGEST_FRAME_S:
                rested_s = max(self._seen_s - self._start_s, time_s - HOLD_S)
                if self._times[-1] < rested_s < time_s:
                    self._add(rested_s, self._cameras[-1])
            self._add(time_s, camera)
        self._seen_s = now_s
        if situation != self._situation:
            self._note_situation(time_s, situation)

    def stop(self, now_s: float) -> Script:
        """End; return what was recorded."""
        assert self._start_s is not None
        end_s = min(LONGEST_S, now_s - self._start_s)
        if end_s > self._times[-1]:
            self._add(end_s, self._cameras[-1])
        self._start_s = None
        keyframes = thinned(self._times, self._cameras)
        return Script(
            keyframes=tuple(_waypoint(one.time_s, one.camera) for one in keyframes),
            actions=tuple(self._happenings),
        )

    def _add(self, time_s: float, camera: Camera) -> None:
        self._times.append(time_s)
        self._cameras.append(camera)

    def _note_situation(self, time_s: float, now: Situation) -> None:
        before, self._situation = self._situation, now
        told: dict[str, Any] = {}
        if now.input != before.input and now.input is not None:
            told["put"] = now.input
        if now.step != before.step:
            told["step"] = "newest" if now.step is None else now.step
        if now.selection != before.selection:
            told["select"] = now.selection
        told |= _dress(before.appearance, now.appearance, is_first=time_s == 0)
        if told:
            self._happenings.append(Happening(time=round(time_s, 3), **told))


def _dress(before: Appearance, now: Appearance, *, is_first: bool) -> Mapping[str, Any]:
    told: dict[str, Any] = {}
    if is_first or now.table != before.table:
        told["table"] = now.table
    if is_first or now.mode != before.mode:
        told["range"] = now.mode
    if now.mode == "manual" and now.manual != before.manual:
        told["limit"] = now.manual
    return told


def _waypoint(time_s: float, camera: Camera) -> Waypoint:
    x, y, z = (round(value, 4) for value in camera.position)
    return Waypoint(
        time=round(time_s, 4),
        camera=(x, y, z, round(math.degrees(camera.yaw), 3), round(math.degrees(camera.pitch), 3)),
        near=None if camera.near <= NEAREST else round(camera.near, 4),
    )

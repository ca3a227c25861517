"""The way of a camera through time: a smooth curve through keyframes, as films follow it.

Between keyframes each coordinate is a cubic in Hermite form. Where the way goes on, its slope is
that of the parabola through the keyframe and its neighbours (Bessel's rule); at both ends, where
one stays, and beside two equal keyframes it is zero. So the way is continuously differentiable,
begins and ends at rest, and what stands still stays still.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.camera import PITCH_LIMIT
from layerwalk_client.world.view import Camera
from layerwalk_client.world.ways import Way, plan
from layerwalk_shared.errors import InvalidRequestError

Floats = NDArray[np.float64]
NEAREST = Camera().near
TOLERANCE_M, TOLERANCE_RAD = 0.01, math.radians(0.2)
"""A recorded way that is thinned is at no time further off than this."""
_SCALES = np.array([1 / TOLERANCE_M] * 3 + [1 / TOLERANCE_RAD] * 2 + [1 / TOLERANCE_M])


@dataclass(frozen=True, slots=True)
class Keyframe:
    """Where the eye is at a time, and how long it stays; seconds.

    `is_place`: a place of the scene, to and from which one flies past whatever stands between.
    """

    time_s: float
    camera: Camera
    stay_s: float = 0.0
    is_place: bool = False

    @property
    def end_s(self) -> float:
        """When the stay is over."""
        return self.time_s + self.stay_s


@dataclass(frozen=True, slots=True, eq=False)
class CameraPath:
    """A way through keyframes.

    Args:
        keyframes: in the order of time, at least one; each stay ends before the next begins.

    Raises:
        InvalidRequestError: there is none, or they are not in order.
    """

    keyframes: tuple[Keyframe, ...]
    _times: Floats = field(init=False, repr=False)
    _values: Floats = field(init=False, repr=False)
    _slopes: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.keyframes:
            raise InvalidRequestError("a way needs one keyframe at least")
        times: list[float] = []
        cameras: list[Camera] = []
        for number, one in enumerate(self.keyframes):
            ends = (one.time_s, one.end_s) if one.stay_s > 0 else (one.time_s,)
            if not all(map(math.isfinite, ends)) or (times and ends[0] <= times[-1]):
                raise InvalidRequestError(
                    f"keyframe {number + 1} is at {one.time_s:g} s, expected a time after "
                    f"{times[-1] if times else 0:g} s, when the one before it ends"
                )
            times += ends
            cameras += [one.camera] * len(ends)
        values = _rows(cameras)
        for name, array in (
            ("_times", np.array(times)),
            ("_values", values),
            ("_slopes", _slopes(np.array(times), values)),
        ):
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def end_s(self) -> float:
        """When the last keyframe's stay is over, seconds."""
        return float(self._times[-1])

    def camera_at(self, time_s: float) -> Camera:
        """Return the camera at a time; before the beginning and after the end, the ends'."""
        return _camera(self._at(np.array([time_s]))[0], self.keyframes[0].camera)

    def _at(self, times: Floats) -> Floats:
        return _evaluate(self._times, self._values, self._slopes, times)


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A way through keyframes, of pieces that begin and end at rest where they meet.

    To and from places it goes as one flies there, past whatever stands between; through keyframes
    that are cameras (recorded, or written down) it is the smooth curve of `CameraPath`.

    Attributes:
        pieces: (seconds when it begins, and when it ends, the way), in the order of time.
    """

    pieces: tuple[tuple[float, float, CameraPath | Way], ...]

    def camera_at(self, time_s: float) -> Camera:
        """Return the camera at a time; before the beginning and after the end, the ends'."""
        begin_s, end_s, way = self.pieces[0]
        for piece in self.pieces[1:]:
            if time_s < piece[0]:
                break
            begin_s, end_s, way = piece
        if isinstance(way, CameraPath):
            return way.camera_at(time_s)
        return way.camera((time_s - begin_s) / (end_s - begin_s))


def course(keyframes: Sequence[Keyframe], arrays: SceneArrays | None) -> Course:
    """Return the way through keyframes in a scene.

    Args:
        keyframes: as for `CameraPath`.
        arrays: of the scene; None: nothing stands there.

    Raises:
        InvalidRequestError: see `CameraPath`.
    """
    CameraPath(tuple(keyframes))  # says what is wrong with them
    runs: list[list[Keyframe]] = [[keyframes[0]]]
    for before, after in pairwise(keyframes):
        if before.is_place or after.is_place:
            runs.append([after])
        else:
            runs[-1].append(after)
    pieces: list[tuple[float, float, CameraPath | Way]] = []
    last = keyframes[0]
    for run in runs:
        if pieces:
            way = plan(last.camera, run[0].camera, arrays)
            pieces.append((last.end_s, run[0].time_s, way))
        pieces.append((run[0].time_s, run[-1].end_s, CameraPath(tuple(run))))
        last = run[-1]
    return Course(tuple(pieces))


def thinned(times: Sequence[float], cameras: Sequence[Camera]) -> tuple[Keyframe, ...]:
    """Return few keyframes whose way is, at each given time, where the camera was.

    Keyframes are added where the way is furthest off, in each gap at once, until it is within
    `TOLERANCE_M` and `TOLERANCE_RAD` everywhere; where every sample became one, it is exact.

    Args:
        times: seconds, ascending, at least one.
        cameras: one for each.
    """
    given = np.array(times, dtype=np.float64)
    rows = _rows(cameras)
    kept = np.unique([0, len(given) - 1])
    while True:
        slopes = _slopes(given[kept], rows[kept])
        off = np.abs((_evaluate(given[kept], rows[kept], slopes, given) - rows) * _SCALES)
        worst = off.max(axis=1)
        added = [
            low + 1 + int(np.argmax(worst[low + 1 : high]))
            for low, high in pairwise(kept)
            if high - low > 1 and worst[low + 1 : high].max() > 1
        ]
        if not added:
            return tuple(Keyframe(float(given[index]), cameras[index]) for index in kept)
        kept = np.unique([*kept, *added])


def _rows(cameras: Sequence[Camera]) -> Floats:
    """Return cameras as numbers, `[N, 6]`: position, yaw (never a long way round), pitch, near."""
    rows = np.array([[*one.position, one.yaw, one.pitch, one.near] for one in cameras])
    rows[:, 3] = np.unwrap(rows[:, 3])
    return rows


def _camera(row: Floats, like: Camera) -> Camera:
    x, y, z, yaw, pitch, near = row.tolist()
    return Camera(
        position=(x, y, z),
        yaw=math.remainder(yaw, math.tau),
        pitch=min(max(pitch, -PITCH_LIMIT), PITCH_LIMIT),
        fov=like.fov,
        near=max(near, NEAREST),
        far=like.far,
    )


def _slopes(times: Floats, values: Floats) -> Floats:
    """Return the slope at each knot, `[N, 6]`."""
    slopes = np.zeros_like(values)
    if len(times) < 3:
        return slopes
    spans = np.diff(times)[:, None]
    chords = np.diff(values, axis=0) / spans
    slopes[1:-1] = (spans[1:] * chords[:-1] + spans[:-1] * chords[1:]) / (spans[1:] + spans[:-1])
    rests = ~np.diff(values, axis=0).any(axis=1)
    slopes[:-1][rests] = slopes[1:][rests] = 0.0
    return slopes


def _evaluate(knots: Floats, values: Floats, slopes: Floats, times: Floats) -> Floats:
    """Return the values of the curve at some times, `[T, 6]`."""
    if len(knots) == 1:
        return np.repeat(values, len(times), axis=0)
    times = np.clip(times, knots[0], knots[-1])
    left = np.clip(np.searchsorted(knots, times, side="right") - 1, 0, len(knots) - 2)
    span = (knots[left + 1] - knots[left])[:, None]
    share = (times - knots[left])[:, None] / span
    before, after = values[left], values[left + 1]
    rise, fall = slopes[left] * span, slopes[left + 1] * span
    # Hermite: p0 + t m0 + t^2 (3 d - 2 m0 - m1) + t^3 (m0 + m1 - 2 d), d = p1 - p0.
    way = after - before
    curve = way * 3 - rise * 2 - fall
    found: Floats = before + share * (rise + share * (curve + share * (rise + fall - way * 2)))
    return found

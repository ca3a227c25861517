"""Which labels are shown how strongly: large enough, not hidden, not over more important ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.gl.eye import NEAR_PLANE, Eye
from layerwalk_client.gl.visibility import WallPlaces
from layerwalk_client.world.scene import Label

Floats = NDArray[np.float32]

FADE_FROM_PX, FADE_TO_PX = 4.5, 7.0
"""Capital letters of fewer pixels than the first are not shown, of more than the second fully."""
PRIORITY_PX = 0.6
"""Each step of priority lowers both by so many pixels."""
_THINNEST_SLANT = 0.10
"""Cosine of the slant at which letters are too narrow to read."""
_MARGIN_PX = 3.0
_MOST_COMPARED = 160
_MOST_WALLS = 64

PLANES = {"wall": 0.0, "back": 0.0, "floor": 1.0, "billboard": 2.0, "column": 3.0}


@dataclass(frozen=True, slots=True, eq=False)
class LabelPlaces:
    """All labels as arrays.

    Attributes:
        position, right, up, normal: `[N, 3]`; normal is zero for billboards.
        box: `[N, 4]` left, bottom, right, top of the text from its anchor, metres.
        height: `[N]` of a capital letter, metres.
        priority: `[N]`.
    """

    position: Floats
    right: Floats
    up: Floats
    normal: Floats
    box: Floats
    height: Floats
    priority: Floats


def label_places(labels: Sequence[Label], boxes: Floats) -> LabelPlaces:
    """Return the arrays of labels whose set text covers `boxes` `[N, 4]`."""
    yaws = np.array([label.yaw for label in labels], np.float64)
    planes = np.array([label.plane for label in labels], "U9")
    sine, cosine, zero = np.sin(yaws), np.cos(yaws), np.zeros(len(labels))
    side = np.where(planes == "back", -1.0, 1.0)
    lies, turns = (planes == "floor")[:, None], (planes == "billboard")[:, None]
    right = np.stack([side * cosine, zero, -side * sine], axis=1)
    up = np.where(lies, np.stack([-sine, zero, -cosine], axis=1), (0.0, 1.0, 0.0))
    runs_up = (planes == "column")[:, None]
    up = np.where(runs_up, -right, up)
    right = np.where(runs_up, (0.0, 1.0, 0.0), right)
    normal = np.where(lies, (0.0, 1.0, 0.0), np.stack([side * sine, zero, side * cosine], axis=1))
    normal = np.where(turns, 0.0, normal)
    return LabelPlaces(
        np.array([label.position for label in labels], np.float32).reshape(-1, 3),
        right.astype(np.float32),
        up.astype(np.float32),
        normal.astype(np.float32),
        boxes,
        np.array([label.height for label in labels], np.float32),
        np.array([label.priority for label in labels], np.float32),
    )


def label_strengths(places: LabelPlaces, walls: WallPlaces, eye: Eye) -> Floats:
    """Return the opacity of each label, `[N]` in 0..1.

    A label fades with its size on the screen, is left out when it is seen from behind, too
    slantingly, outside the picture or behind a wall, and gives way to a more important label that
    covers the same place (among equals to the larger one).
    """
    strengths = np.zeros(len(places.height), np.float32)
    if not len(strengths):
        return strengths
    middle = _point_in(places, 0.5)
    to_eye = eye.position - middle
    distance = np.maximum(np.linalg.norm(to_eye, axis=1), 1e-3)
    is_turned = np.any(places.normal != 0, axis=1)
    slant = np.where(is_turned, np.einsum("ij,ij->i", to_eye, places.normal) / distance, 1.0)
    # Lying letters are foreshortened in height, standing ones in width.
    lying = places.normal[:, 1] > 0.5
    seen_px = (
        places.height
        * (eye.focal_px / eye.pixel_scale)
        / distance
        * np.where(lying, np.abs(slant), 1.0)
    )
    seen_px = seen_px + PRIORITY_PX * places.priority
    fade = np.clip((seen_px - FADE_FROM_PX) / (FADE_TO_PX - FADE_FROM_PX), 0, 1)
    narrow = np.clip((slant - _THINNEST_SLANT) / _THINNEST_SLANT, 0, 1)
    fade *= np.where(lying, slant > 0.02, narrow)
    shown = np.flatnonzero(fade > 0)
    shown = shown[_in_picture(places, shown, middle, eye)]
    # A name is worth showing while its beginning and its middle can be read.
    start, middle = _point_in(places, 0.1, 0.15)[shown], _point_in(places, 0.6, 0.15)[shown]
    is_hidden = _is_hidden(np.concatenate([start, middle]), walls, eye)
    shown = shown[~is_hidden[: len(shown)] & ~is_hidden[len(shown) :]]
    order = np.lexsort((-seen_px[shown], -places.priority[shown]))[:_MOST_COMPARED]
    shown = shown[order]
    kept = shown[_without_collisions(_screen_boxes(places, shown, eye))]
    strengths[kept] = fade[kept]
    return strengths


def _point_in(places: LabelPlaces, share: float, height: float = 0.5) -> Floats:
    """Return the point of each label at `share` of its width and `height` of its height."""
    box = places.box
    x = box[:, :1] + np.float32(share) * (box[:, 2:3] - box[:, :1])
    y = box[:, 1:2] + np.float32(height) * (box[:, 3:] - box[:, 1:2])
    found: Floats = places.position + places.right * x + places.up * y
    return found


def _in_picture(
    places: LabelPlaces, shown: NDArray[np.intp], middle: Floats, eye: Eye
) -> NDArray[np.bool_]:
    box = places.box[shown]
    radius = np.hypot(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) / 2
    planes = eye.planes()
    room = middle[shown] @ planes[:, :3].T + planes[:, 3]
    # What stands goes with what the near plane cuts away; what lies stays, as the floor does.
    lies = places.normal[shown, 1] > 0.5
    room[:, NEAR_PLANE] += np.where(lies, np.inf, -radius)
    found: NDArray[np.bool_] = (room >= -radius[:, None]).all(axis=1)
    return found


def _is_hidden(points: Floats, walls: WallPlaces, eye: Eye) -> NDArray[np.bool_]:
    """Return which points lie behind a wall, seen from the eye; what the near plane cuts away hides
    nothing."""
    if not len(points) or not len(walls.centre):
        return np.zeros(len(points), bool)
    near = np.argsort(((walls.centre - eye.position) ** 2).sum(axis=1))[:_MOST_WALLS]
    centre, right, normal = walls.centre[near], walls.right[near], walls.normal[near]
    from_eye = points - eye.position  # [P, 3]
    offset = np.einsum("wk,wk->w", centre - eye.position, normal)
    speed = from_eye @ normal.T  # [P, W]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = offset[None] / speed
    is_before = (share > 0) & (share < 0.995)
    near_plane = eye.planes()[NEAR_PLANE]
    beyond_near = near_plane[:3] @ eye.position + near_plane[3]
    share = np.where(is_before, share, 0)
    is_before &= beyond_near + share * (from_eye @ near_plane[:3])[:, None] >= 0
    relative = eye.position - centre  # [W, 3]
    x = np.einsum("wk,wk->w", relative, right)[None] + share * (from_eye @ right.T)
    y = relative[None, :, 1] + share * from_eye[:, 1:2]
    half = walls.half_wh[near]
    covered = is_before & (np.abs(x) < half[None, :, 0]) & (np.abs(y) < half[None, :, 1])
    found: NDArray[np.bool_] = covered.any(axis=1)
    return found


def _screen_boxes(places: LabelPlaces, shown: NDArray[np.intp], eye: Eye) -> Floats:
    """Return `[S, 4]` left, bottom, right, top on the screen, pixels; points behind the eye make
    a box nowhere."""
    box = places.box[shown]
    corners = []
    right, up = places.right[shown].copy(), places.up[shown].copy()
    boards = ~np.any(places.normal[shown] != 0, axis=1)
    right[boards], up[boards] = eye.view_from_world[0, :3], eye.view_from_world[1, :3]
    for x, y in ((0, 1), (2, 1), (0, 3), (2, 3)):
        at = places.position[shown] + right * box[:, x : x + 1] + up * box[:, y : y + 1]
        corners.append(at)
    points = np.stack(corners, axis=1)  # [S, 4, 3]
    clip = points @ eye.clip_from_world[:, :3].T + eye.clip_from_world[:, 3]
    w = clip[..., 3:]
    screen = clip[..., :2] / np.where(w > 1e-3, w, np.inf) * (np.array(eye.size_wh) / 2)
    found = np.concatenate([screen.min(axis=1), screen.max(axis=1)], axis=1)
    found[(w[..., 0] <= 1e-3).any(axis=1)] = np.nan
    return found.astype(np.float32)


def _without_collisions(boxes: Floats) -> list[int]:
    """Return the positions of boxes that overlap none before them that was kept."""
    kept: list[int] = []
    taken = np.empty((len(boxes), 4), np.float32)
    for place, box in enumerate(boxes):
        others = taken[: len(kept)]
        hits = (
            (others[:, 0] < box[2] + _MARGIN_PX) & (box[0] - _MARGIN_PX < others[:, 2])
            & (others[:, 1] < box[3] + _MARGIN_PX) & (box[1] - _MARGIN_PX < others[:, 3])
        )  # fmt: skip
        if not hits.any():
            taken[len(kept)] = box
            kept.append(place)
    return kept

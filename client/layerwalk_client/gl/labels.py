"""Which labels are shown how strongly: large enough, not hidden, not over more important ones.

What lies on the floor leans towards an eye that sees it at a slant, and turns round for one behind
it; what is important grows with the distance. `text.vert.glsl` does the same, step for step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

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
LEAST_ANGLE = math.radians(30)
"""Between the ray of sight and the letters of a label on the floor: below it they lean."""
GROWN_PX = 8.0
"""Labels that may grow keep this height of a capital letter."""
_QUIET = 3
"""Labels of less priority keep off walls that stand behind them, until they are large."""
OVER_FROM_PX, OVER_TO_PX = 8.5, 11.0
"""Quiet labels before another wall fade in over these heights."""
_BEHIND_M = 0.3
"""A wall so far behind a label is another's."""
_STAYS = 1.2
"""A label that shows counts as so much larger than one that would take its place."""
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
        grows: `[N]` how many times larger it may become.
        slides: `[N]` how far it may move to the right, metres.
    """

    position: Floats
    right: Floats
    up: Floats
    normal: Floats
    box: Floats
    height: Floats
    priority: Floats
    grows: Floats
    slides: Floats


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
        np.array([label.grows for label in labels], np.float32),
        np.array([label.slides for label in labels], np.float32),
    )


def seen_from(places: LabelPlaces, eye: Eye) -> LabelPlaces:
    """Return the labels as they stand for this eye: moved, leant, turned and grown."""
    lying = places.normal[:, 1:2] > 0.5
    width = places.box[:, 2:3] - places.box[:, :1]
    lateral = np.einsum("ij,ij->i", eye.position - places.position, places.right)[:, None]
    slid = np.clip(lateral - places.slides[:, None] - width, 0, 1) * (places.slides[:, None] > 0)
    slid = slid**2 * (3 - 2 * slid)
    places = replace(
        places, position=places.position + places.right * slid * places.slides[:, None]
    )
    middle = _point_in(places, 0.5)
    to_eye = eye.position - middle
    distance = np.maximum(np.linalg.norm(to_eye, axis=1, keepdims=True), 1e-3)
    front = -places.up
    is_turned = lying & (np.einsum("ij,ij->i", to_eye, front) < 0)[:, None]
    side = np.where(is_turned, -1.0, 1.0)
    elevation = np.arcsin(np.clip(to_eye[:, 1:2] / distance, -1, 1))
    lean = np.where(lying, np.clip(LEAST_ANGLE - elevation, 0, LEAST_ANGLE), 0)
    up = (np.cos(lean) * side * places.up + np.sin(lean) * (0, 1, 0)).astype(np.float32)
    normal = np.cos(lean) * places.normal + np.sin(lean) * side * front
    foreshortened = np.where(lying, np.maximum(np.sin(np.maximum(elevation, 0) + lean), 0.5), 1.0)
    own_px = places.height[:, None] * eye.focal_px / eye.pixel_scale / distance * foreshortened
    growth = np.clip(GROWN_PX / own_px, 1, places.grows[:, None])
    box = places.box * growth
    # What lies grows towards the reader, away from the walls behind it.
    box[:, [1, 3]] += np.where(lying, (1 - growth) * places.box[:, 3:], 0)
    box[:, [0, 2]] += (1 - growth) * slid * width
    return replace(
        places,
        position=np.where(is_turned, 2 * middle - places.position, places.position),
        right=side * places.right,
        up=up,
        normal=np.where(lying, normal, places.normal),
        box=box.astype(np.float32),
        height=places.height * growth[:, 0],
    )


def label_strengths(
    places: LabelPlaces, walls: WallPlaces, eye: Eye, *, before: Floats | None = None
) -> Floats:
    """Return the opacity of each label, `[N]` in 0..1.

    A label fades with its size on the screen, is left out when it is seen from behind, too
    slantingly, outside the picture or behind a wall, and gives way to a more important label that
    covers the same place (among equals to the larger one). A quiet one keeps off other walls.

    Args:
        places: of the labels.
        walls: hide them.
        eye: sees them.
        before: `[N]` opacities so far: what shows gives way only to what is clearly larger.
    """
    places = seen_from(places, eye)
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
    # A name is worth showing while its beginning and its middle can be read, on the floor all of it.
    parts = [_point_in(places, share, 0.15)[shown] for share in (0.1, 0.6, 0.95)]
    hidden, over = _before_and_behind(np.concatenate(parts), walls, eye)
    start, middle_part, end = hidden.reshape(3, -1)
    is_hidden = start | middle_part | (end & lying[shown])
    is_over = over.reshape(3, -1)[:2].any(axis=0)
    loud = np.clip((seen_px[shown] - OVER_FROM_PX) / (OVER_TO_PX - OVER_FROM_PX), 0, 1)
    keeps_off = is_over & (places.priority[shown] < _QUIET)
    fade[shown] = np.where(keeps_off, np.minimum(fade[shown], loud), fade[shown])
    shown = shown[~is_hidden & (fade[shown] > 0)]
    rank_px = seen_px if before is None else seen_px * np.where(before > 0, _STAYS, 1.0)
    order = np.lexsort((-rank_px[shown], -places.priority[shown]))[:_MOST_COMPARED]
    shown = shown[order]
    boxes = screen_boxes(places, shown, eye)
    kept = _without_collisions(boxes)
    strengths[shown[kept]] = fade[shown[kept]] * _share_in_picture(boxes[kept], eye)
    return strengths


def _share_in_picture(boxes: Floats, eye: Eye) -> Floats:
    """Return 0 for boxes of which less than a third is in the picture, 1 for those of which two
    thirds are."""
    half = np.tile(np.array(eye.size_wh, np.float32) / 2, 2)
    within = np.clip(boxes, -half, half)
    whole = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1e-6)
    share = (within[:, 2:] - within[:, :2]).prod(axis=1) / whole
    found: Floats = np.nan_to_num(np.clip(3 * share - 1, 0, 1), nan=1.0).astype(np.float32)
    return found


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


def _before_and_behind(
    points: Floats, walls: WallPlaces, eye: Eye
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which points lie behind a wall, seen from the eye, and which have one behind them; what
    the near plane cuts away hides nothing."""
    if not len(points) or not len(walls.centre):
        return np.zeros(len(points), bool), np.zeros(len(points), bool)
    near = np.argsort(((walls.centre - eye.position) ** 2).sum(axis=1))[:_MOST_WALLS]
    centre, right, normal = walls.centre[near], walls.right[near], walls.normal[near]
    from_eye = points - eye.position  # [P, 3]
    offset = np.einsum("wk,wk->w", centre - eye.position, normal)
    speed = from_eye @ normal.T  # [P, W]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = offset[None] / speed
    share = np.where(np.isfinite(share) & (share > 0), share, 0)
    relative = eye.position - centre  # [W, 3]
    x = np.einsum("wk,wk->w", relative, right)[None] + share * (from_eye @ right.T)
    y = relative[None, :, 1] + share * from_eye[:, 1:2]
    half = walls.half_wh[near]
    is_met = (share > 0) & (np.abs(x) < half[None, :, 0]) & (np.abs(y) < half[None, :, 1])
    near_plane = eye.planes()[NEAR_PLANE]
    beyond_near = near_plane[:3] @ eye.position + near_plane[3]
    is_there = beyond_near + share * (from_eye @ near_plane[:3])[:, None] >= 0
    beyond = (share - 1) * np.linalg.norm(from_eye, axis=1, keepdims=True)
    hidden: NDArray[np.bool_] = (is_met & (share < 0.995) & is_there).any(axis=1)
    over: NDArray[np.bool_] = (is_met & (beyond > _BEHIND_M)).any(axis=1)
    return hidden, over


def screen_boxes(places: LabelPlaces, shown: NDArray[np.intp], eye: Eye) -> Floats:
    """Return `[S, 4]` left, bottom, right, top on the screen, pixels from its middle; points behind
    the eye make a box nowhere.

    Args:
        places: as they stand for this eye.
        shown: `[S]` which of them.
        eye: sees them.
    """
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

"""What is seen, as frozen data: the camera, the looks of values, what is marked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from layerwalk_client.world.glow import Glow
from layerwalk_client.world.scene import Label, Vector


@dataclass(frozen=True, slots=True)
class Camera:
    """An eye. yaw 0 looks along -z, positive yaw turns left (right-handed about +y); positive
    pitch looks up. Angles are radians, `fov` is the vertical one."""

    position: Vector = (0.0, 1.6, 4.0)
    yaw: float = 0.0
    pitch: float = 0.0
    fov: float = math.radians(60)
    near: float = 0.05
    far: float = 2000.0


@dataclass(frozen=True, slots=True)
class Appearance:
    """How values become colours; the same for every wall but where `ranges` says otherwise.

    Attributes:
        table: name of a colour table (`layerwalk_client.world.colours`).
        mode: what value gets the table's end: largest of its channel, of its node, of all nodes,
            the `percentile` of the node, or `manual`.
        manual: the value for mode `manual`.
        marks_out_of_range: paint values beyond the range in the two marking colours.
        theme: `dark` or `paper`.
    """

    table: str = "coolblack"
    mode: Literal["channel", "node", "shared", "percentile", "manual"] = "node"
    manual: float = 1.0
    percentile: float = 99.0
    marks_out_of_range: bool = False
    theme: Literal["dark", "paper"] = "dark"


@dataclass(frozen=True, slots=True)
class Mark:
    """A wall, or one channel of it (channel -1: the whole wall)."""

    network: str
    node: int
    channel: int = -1


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the pictures on a wall: `box` is top, left, bottom, right in their pixels, the last
    two exclusive."""

    network: str
    node: int
    box: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Marks:
    """What is highlighted: under the pointer, chosen, and what of the input the pointer's place
    sees."""

    hover: Mark | None = None
    selection: Mark | None = None
    seen: Region | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """All a renderer is told about one frame beside the scene: matrices come from `camera`."""

    camera: Camera = field(default_factory=Camera)
    appearance: Appearance = field(default_factory=Appearance)
    marks: Marks = field(default_factory=Marks)
    notes: tuple[Label, ...] = ()
    glow: Glow | None = None
    ranges: Mapping[tuple[str, int], float] = field(default_factory=dict)

"""A calm mark on walls whose node is not well, told by the training's warnings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from layerwalk_client.world.lettering import fitting_height
from layerwalk_client.world.palette import PALETTES, Theme
from layerwalk_client.world.scene import Label, Scene
from layerwalk_client.world.signs import DETAIL_PRIORITY, DETAIL_SHARE, at, name_height, sign_room
from layerwalk_shared.graph import Graph
from layerwalk_shared.training import HealthWarning, WarningKind

SHORT: dict[WarningKind, str] = {
    "not-finite": "not finite",
    "exploding-gradients": "exploding gradients",
    "vanishing-gradients": "vanishing gradients",
    "dead-units": "dead units",
    "saturated-units": "saturated units",
    "graph-changed": "graph changed",
}
"""What stands on a wall; the sentence is told by the panel of gradient flow."""
SIGN = "\N{BLACK UP-POINTING TRIANGLE}"


def with_warnings(
    scene: Scene, graph: Graph, warnings: Iterable[HealthWarning], *, theme: Theme = "dark"
) -> Scene:
    """Return the scene with a line above each wall whose node has warnings.

    Warnings about the whole network, and about nodes that the graph does not have, mark nothing.
    """
    said: dict[int, list[str]] = {}
    for warning in warnings:
        index = None if warning.node is None else graph.index.get(warning.node)
        if index is not None and SHORT[warning.kind] not in said.setdefault(index, []):
            said[index].append(SHORT[warning.kind])
    if not said:
        return scene
    colour = PALETTES[theme].warning
    labels = []
    for wall in scene.walls:
        if wall.node not in said:
            continue
        width, height = wall.size_wh
        text = f"{SIGN} {', '.join(said[wall.node])}"
        cap = DETAIL_SHARE * name_height(wall.size_wh)
        cap = fitting_height(text, width, largest=cap)
        labels.append(
            Label(
                text, at(wall, -width / 2, height + sign_room(wall.size_wh)), cap, colour,
                yaw=wall.yaw, priority=DETAIL_PRIORITY + 1, max_width=width,
            )
        )  # fmt: skip
    return replace(scene, labels=(*scene.labels, *labels))

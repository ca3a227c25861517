"""Where one is: the wall one stands before, in the groups around it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.boxes import Box
from layerwalk_client.world.camera import forward
from layerwalk_client.world.inputs import spec_at
from layerwalk_client.world.routes import Routes
from layerwalk_client.world.scene import Vector
from layerwalk_client.world.terms import shape_line
from layerwalk_client.world.view import Camera
from layerwalk_shared.messages import NetworkDescription

FARTHEST = 4.0
"""Metres, and half sizes of a wall, up to which one stands before it; from farther, or from higher
above it, one sees the whole."""
ABOVE = 3.0


@dataclass(frozen=True, slots=True)
class Crumb:
    """One part of the line: its text, and the group it stands for (None: the whole network)."""

    text: str
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Attributes:
    node: whose wall one stands before; None: none.
    crumbs: the network, then groups from the outermost in.
    name: of the node within its group; "" for none.
    facts: its shape, and which of how many walls it is.
    """

    node: int | None
    crumbs: tuple[Crumb, ...]
    name: str = ""
    facts: str = ""


def whereabouts(
    network: NetworkDescription, routes: Routes, node: int | None, *, box: Box | None = None
) -> Whereabouts:
    """Return the line for the wall of a node.

    Args:
        network: of which the node is.
        routes: of what stands there.
        node: before whose wall one stands; None: before none.
        box: the folded group that the wall stands for.
    """
    root = Crumb(network.name)
    if node is None or node >= len(network.graph.nodes):
        return Whereabouts(None, (root,))
    told = network.graph.nodes[node]
    parents = {group.id: group for group in network.graph.groups}
    chain: list[Crumb] = []
    group = told.group if box is None else parents[box.group].parent
    while group is not None:
        parent = parents[group].parent
        chain.append(Crumb(_within(parents[group].name, parent), group))
        group = parent
    if box is None:
        facts, name = shape_line(told, spec_at(network, told.id)), _within(told.id, told.group)
    else:
        facts, name = box.subtitle, _within(box.title, parents[box.group].parent)
    if node in routes.depth:
        facts += f" · {routes.order.index(node) + 1} of {len(routes.order)}"
    return Whereabouts(node, (root, *reversed(chain)), name, facts)


def _within(name: str, group: str | None) -> str:
    return name.removeprefix(f"{group}.") if group else name


def nearest_wall(arrays: SceneArrays, position: Vector) -> int | None:
    """Return the index of the wall nearest to a point, None where there is none."""
    walls = arrays.walls
    if not len(walls.centres):
        return None
    apart = np.array(position) - walls.centres
    aside = np.abs(np.einsum("ij,ij->i", apart, walls.rights)) - walls.halves[:, 0]
    before = np.einsum("ij,ij->i", apart, walls.normals)
    return int(np.argmin(np.hypot(np.maximum(aside, 0), before)))


def wall_ahead(arrays: SceneArrays, camera: Camera) -> int | None:
    """Return the index of the wall that one stands before: near, in front, facing the eye.

    Walls that the near plane cuts away are not seen. None where no wall shows its front.
    """
    walls = arrays.walls
    if not len(walls.centres):
        return None
    apart = walls.centres - np.array(camera.position)
    distance = np.linalg.norm(apart, axis=1)
    depth = apart @ forward(camera)
    ahead = depth / np.maximum(distance, 1e-9)
    is_front = np.einsum("ij,ij->i", apart, walls.normals) < 0
    is_near = distance < FARTHEST * (1 + walls.halves.max(axis=1))
    is_near &= -apart[:, 1] < walls.halves[:, 1] + ABOVE
    is_meant = is_front & is_near & (ahead > 0.3) & (depth > camera.near)
    if not is_meant.any():
        return None
    return int(np.argmin(np.where(is_meant, distance * (1.6 - ahead), np.inf)))

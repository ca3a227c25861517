"""Where a picture or a walk begins: a camera given, a node's wall, the whole, or the input."""

from __future__ import annotations

from layerwalk_client.world.answer import output_node
from layerwalk_client.world.compared import with_partner
from layerwalk_client.world.scene import Scene, Wall
from layerwalk_client.world.view import Camera
from layerwalk_client.world.viewpoints import before_answer, facing, home, overview
from layerwalk_shared.messages import NetworkDescription

OVERVIEW = "//overview"
"""Stands where a node's id could: no id begins like this."""
Place = Camera | str | None
"""A camera, a node's id, `OVERVIEW`, or None for the input."""


def wall_of(scene: Scene, network: str, node: int) -> Wall | None:
    """Return the wall that a node stands as, or None."""
    for wall in scene.walls:
        if wall.network == network and wall.node == node:
            return wall
    return None


def camera_at(place: Place, scene: Scene, network: NetworkDescription, *, aspect: float) -> Camera:
    """Return the camera of a place.

    Raises:
        NotFoundError: there is no node of that id; the message names the nearest.
    """
    if isinstance(place, Camera):
        return place
    if place is None:
        return home(scene)
    if place == OVERVIEW:
        return overview(scene, aspect)
    network.graph.node(place)
    index = network.graph.index[place]
    wall = wall_of(scene, network.id, index)
    if wall is None:
        return home(scene)
    return facing_node(wall, scene, network, aspect=aspect)


def facing_node(wall: Wall, scene: Scene, network: NetworkDescription, *, aspect: float) -> Camera:
    """Return the camera before a wall, and the one it makes a pair with; before the output's it sees
    the answer beside it, too."""
    wall = with_partner(wall, scene)
    if wall.node == output_node(network) and scene.boards:
        return before_answer(wall)
    return facing(wall, aspect, scene=scene)

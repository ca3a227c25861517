"""Where to go next: along the data flow, to what is near, to what one searches for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.camera import forward
from layerwalk_client.world.scene import Scene, Vector
from layerwalk_client.world.view import Camera
from layerwalk_shared.graph import Graph

FUZZY_CUTOFF = 0.55
LIMIT = 20


@dataclass(frozen=True, slots=True)
class Found:
    """A node that a search found; `score` is higher the better it fits."""

    node: int
    score: float


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
    """Return the wall that the camera most likely means: near, in front, facing it.

    None where no wall shows its front.
    """
    walls = arrays.walls
    if not len(walls.centres):
        return None
    apart = walls.centres - np.array(camera.position)
    distance = np.linalg.norm(apart, axis=1)
    ahead = apart @ forward(camera) / np.maximum(distance, 1e-9)
    is_front = np.einsum("ij,ij->i", apart, walls.normals) < 0
    is_meant = is_front & (ahead > 0.3)
    if not is_meant.any():
        return None
    return int(np.argmin(np.where(is_meant, distance * (1.6 - ahead), np.inf)))


def following(graph: Graph, node: int) -> int:
    """Return the node after `node` along the data flow; the last stays.

    Of several readers it is the first to run; a node that nobody reads leads on to the next one
    in order of execution.
    """
    after = graph.successors[graph.nodes[node].id]
    if after:
        return graph.index[after[0]]
    return min(node + 1, len(graph.nodes) - 1)


def preceding(graph: Graph, node: int) -> int:
    """Return the node before `node` along the data flow; the first stays.

    Of several sources it is the one that ran last: the main line at a join.
    """
    before = graph.predecessors[graph.nodes[node].id]
    if before:
        return max(graph.index[source] for source in before)
    return max(node - 1, 0)


def walls_in_order(scene: Scene, network: str) -> tuple[int, ...]:
    """Return the walls of a network from its input to its answer: by distance along the flow, then
    from the main line outward."""
    own = [
        index for index, wall in enumerate(scene.walls) if wall.network == network and not wall.copy
    ]
    depth = _depths(scene, network)
    return tuple(
        sorted(own, key=lambda index: (depth[index], abs(scene.walls[index].centre[0]), index))
    )


def _depths(scene: Scene, network: str) -> dict[int, int]:
    """Longest path over the ribbons, by wall index."""
    index = {
        wall.node: place
        for place, wall in enumerate(scene.walls)
        if wall.network == network and not wall.copy
    }
    depth = dict.fromkeys(index.values(), 0)
    # Ribbons go forward in order of execution, so one pass in order of their sources is enough.
    for ribbon in sorted(scene.ribbons, key=lambda ribbon: ribbon.source):
        source, target = index.get(ribbon.source), index.get(ribbon.target)
        if ribbon.network == network and source is not None and target is not None:
            depth[target] = max(depth[target], depth[source] + 1)
    return depth


def search(graph: Graph, text: str, *, limit: int = LIMIT) -> tuple[Found, ...]:
    """Return nodes whose id, name or operation fits a text, best first.

    Ranked: the whole id, its beginning, the beginning of one of its parts, anywhere in it, the
    letters in order with gaps, and last what is merely spelt alike. Words apart must all fit.
    Among equals the order of execution decides.
    """
    words = text.lower().split()
    if not words:
        return ()
    found = []
    for index, node in enumerate(graph.nodes):
        fields = (node.id.lower(), node.name.lower(), node.operation.lower())
        scores = [max(_fit(word, field) for field in fields) for word in words]
        if min(scores) > 0:
            found.append(Found(index, sum(scores) / len(scores)))
    return tuple(sorted(found, key=lambda one: (-one.score, one.node))[:limit])


def _fit(word: str, field: str) -> float:
    """Return how well a word fits: 0 not at all, 1 exactly. Longer fields fit a little less."""
    if word == field:
        return 1.0
    share = len(word) / max(len(word), len(field), 1)
    parts = field.replace(":", ".").replace("_", ".").split(".")
    kinds = (
        (0.80, field.startswith(word)),
        (0.75, word in parts),
        (0.65, any(part.startswith(word) for part in parts)),
        (0.50, word in field),
        (0.30, len(word) > 1 and _is_subsequence(word, field)),
    )
    for score, fits in kinds:
        if fits:
            return score + 0.04 * share
    if len(word) < 3:
        return 0.0
    likeness = SequenceMatcher(None, word, field, autojunk=False).ratio()
    return 0.3 * likeness if likeness >= FUZZY_CUTOFF else 0.0


def _is_subsequence(word: Sequence[str], field: Sequence[str]) -> bool:
    rest = iter(field)
    return all(letter in rest for letter in word)

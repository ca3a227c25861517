"""Where the data goes: the walls after and before each wall, and those beside it. Pure.

Routes are those of what stands there: where blocks are folded, the ribbons lead past what is
hidden, and so do the routes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from layerwalk_client.world.scene import Scene, Wall


@dataclass(frozen=True, slots=True)
class Routes:
    """The data flow among the walls of one network, by node index.

    Attributes:
        order: nodes from the input to the answer: by depth, then from the main line outward.
        depth: walls on the longest way that leads to a node.
        ahead: walls on the longest way that leads on from it.
        after, before: neighbours, the main branch first: the one on the longest way, of equals
            the one straight ahead.
        aside: where a node's wall stands to the right of the line, looking along the flow, metres.
    """

    order: tuple[int, ...] = ()
    depth: Mapping[int, int] = field(default_factory=dict)
    ahead: Mapping[int, int] = field(default_factory=dict)
    after: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    before: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    aside: Mapping[int, float] = field(default_factory=dict)

    def next(self, node: int) -> int | None:
        """Return the node after one on the main branch, None where nobody reads it."""
        return next(iter(self.after.get(node, ())), None)

    def previous(self, node: int) -> int | None:
        """Return the node before one on the main branch, None where it reads nothing."""
        return next(iter(self.before.get(node, ())), None)

    def beside(self, node: int) -> tuple[int, ...]:
        """Return one node of each branch that runs beside a node, itself included, left to right.

        Two nodes are beside each other when no data goes from one to the other. Of each branch
        (nodes that follow each other at one place across) it is the one nearest in depth.
        """
        if node not in self.depth:
            return ()
        related = {node} | _reached(node, self.after) | _reached(node, self.before)
        here = self.depth[node]
        chosen: dict[float, int] = {}
        for other in self.order:
            if other in related:
                continue
            lane = round(self.aside[other], 2)
            best = chosen.get(lane)
            if best is None or abs(self.depth[other] - here) < abs(self.depth[best] - here):
                chosen[lane] = other
        own = round(self.aside[node], 2)
        found = [one for lane, one in chosen.items() if lane != own]
        return tuple(sorted((*found, node), key=lambda one: (self.aside[one], one)))


def routes(scene: Scene, network: str) -> Routes:
    """Return the routes of one network of a scene."""
    own = [wall for wall in scene.walls if wall.network == network and not wall.copy]
    walls = {wall.node: wall for wall in own}
    after: dict[int, list[int]] = {node: [] for node in walls}
    before: dict[int, list[int]] = {node: [] for node in walls}
    for ribbon in scene.ribbons:
        if ribbon.network == network and ribbon.source in walls and ribbon.target in walls:
            after[ribbon.source].append(ribbon.target)
            before[ribbon.target].append(ribbon.source)
    flow = _flow(after, before)
    depth = _longest(flow, before)
    ahead = _longest(flow[::-1], after)
    aside = {node: _aside(wall) for node, wall in walls.items()}

    def sorted_by(
        neighbours: Sequence[int], node: int, along: Mapping[int, int]
    ) -> tuple[int, ...]:
        return tuple(
            sorted(
                dict.fromkeys(neighbours),
                key=lambda other: (-along[other], abs(aside[other] - aside[node]), other),
            )
        )

    return Routes(
        order=tuple(sorted(walls, key=lambda node: (depth[node], abs(aside[node]), node))),
        depth=depth,
        ahead=ahead,
        after={node: sorted_by(found, node, ahead) for node, found in after.items()},
        before={node: sorted_by(found, node, depth) for node, found in before.items()},
        aside=aside,
    )


def _flow(after: Mapping[int, Sequence[int]], before: Mapping[int, Sequence[int]]) -> list[int]:
    """Return nodes so that each comes after all that it reads."""
    waiting = {node: len(sources) for node, sources in before.items()}
    ready = sorted((node for node, count in waiting.items() if not count), reverse=True)
    found = []
    while ready:
        node = ready.pop()
        found.append(node)
        for target in after[node]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return found


def _longest(flow: Sequence[int], sources: Mapping[int, Sequence[int]]) -> dict[int, int]:
    found: dict[int, int] = {}
    for node in flow:
        found[node] = 1 + max((found[source] for source in sources[node]), default=-1)
    return found


def _aside(wall: Wall) -> float:
    """Return where a wall stands across the line; on a line that turns, across its own leg."""
    x, _, z = wall.centre
    return math.cos(wall.yaw) * x - math.sin(wall.yaw) * z


def _reached(node: int, neighbours: Mapping[int, Sequence[int]]) -> set[int]:
    found: set[int] = set()
    rest = [node]
    while rest:
        for other in neighbours[rest.pop()]:
            if other not in found:
                found.add(other)
                rest.append(other)
    return found

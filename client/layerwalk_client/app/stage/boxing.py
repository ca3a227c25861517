"""Which groups are folded into boxes, and what stands for what is in them."""

from __future__ import annotations

from collections.abc import Collection

from layerwalk_client.world.boxes import equal_groups, groups_around, hiding
from layerwalk_client.world.folding import nodes_inside
from layerwalk_shared.graph import Graph


class Boxing:
    """Mutable, owned by the main thread.

    Attributes:
        folded: ids of the groups that are folded; equal groups are folded together.
    """

    def __init__(self) -> None:
        self.folded: frozenset[str] = frozenset()
        self._graph: Graph | None = None
        self._inside: dict[str, list[int]] = {}

    def begin(self, graph: Graph, *, keeps: bool) -> None:
        """Begin with another graph; folded groups that it still has stay so, if asked for."""
        known = {group.id for group in graph.groups}
        self.folded = self.folded & known if keeps else frozenset()
        self._graph = graph
        self._inside = nodes_inside(graph)

    def fold(self, node: int, standing: Collection[int]) -> str | None:
        """Fold the innermost group around a node that is not folded and holds more than one wall;
        return its id, None where there is none.

        Args:
            node: in it.
            standing: nodes that have walls now.
        """
        if self._graph is None:
            return None
        around = groups_around(self._graph, node, standing)
        group = next((one for one in around if one not in self.folded), None)
        if group is not None:
            self.folded |= equal_groups(self._graph, group)
        return group

    def open(self, node: int) -> str | None:
        """Open the box that a node's wall is; return its group, None where it is none."""
        if self._graph is None:
            return None
        found = hiding(self._graph, self.folded, node)
        if not found:
            return None
        outermost = max(found, key=lambda group: len(self._inside[group]))
        self.folded -= equal_groups(self._graph, outermost)
        return outermost

    def open_for(self, node: int) -> bool:
        """Open all boxes that hide a node; return whether there was one."""
        if self._graph is None:
            return False
        found = hiding(self._graph, self.folded, node)
        hidden = {group for group in found if self._inside[group][-1] != node}
        if hidden:  # an inner one would be hidden by the outer one
            for group in found:
                self.folded -= equal_groups(self._graph, group)
        return bool(hidden)

    def stands_for(self, node: int) -> list[int]:
        """Return what may stand for a node that has no wall, the nearest first."""
        if self._graph is None or node >= len(self._graph.nodes):
            return []
        parents = {group.id: group.parent for group in self._graph.groups}
        found = []
        group = self._graph.nodes[node].group
        while group is not None:
            found.append(self._inside[group][-1])
            group = parents[group]
        return found

"""Ranges that are held: of one node, of several, or one for all walls of all networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from layerwalk_client.world.scene import Scene

NodeKey = tuple[str, int]
"""Network and index of a node."""


@dataclass(frozen=True, slots=True)
class Locks:
    """Attributes:
    nodes: what value gets the table's end at nodes of their own.
    everywhere: the same for all others; None: they follow the range mode.
    """

    nodes: Mapping[NodeKey, float] = field(default_factory=dict)
    everywhere: float | None = None

    @property
    def is_any(self) -> bool:
        """Whether something is locked."""
        return bool(self.nodes) or self.everywhere is not None

    def of(self, key: NodeKey) -> float | None:
        """Return the range that a node is locked at, None where it is not."""
        return self.nodes.get(key, self.everywhere)

    def locked(self, keys: Iterable[NodeKey], value: float) -> Locks:
        """Return the locks with nodes held at a value.

        Raises:
            ValueError: the value is not above zero.
        """
        return replace(self, nodes={**self.nodes, **dict.fromkeys(keys, _checked(value))})

    def locked_everywhere(self, value: float) -> Locks:
        """Return the lock of all walls at one value; nodes have none of their own any more.

        Raises:
            ValueError: the value is not above zero.
        """
        return Locks({}, _checked(value))

    def unlocked(self, keys: Iterable[NodeKey]) -> Locks:
        """Return the locks without those of some nodes."""
        gone = frozenset(keys)
        return replace(self, nodes={key: one for key, one in self.nodes.items() if key not in gone})

    def ranges(self, scene: Scene) -> dict[NodeKey, float]:
        """Return the ranges of a scene's walls, by what hangs there (`Wall.value_key`)."""
        found: dict[NodeKey, float] = {}
        for wall in scene.walls if self.is_any else ():
            value = self.of((wall.network, wall.node))
            if value is not None and not wall.is_image:
                found[wall.value_key] = value
        return found


def _checked(value: float) -> float:
    if not value > 0:
        raise ValueError(f"a range of {value}, expected one above 0")
    return float(value)

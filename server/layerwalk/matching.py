"""Which node of one graph stands for which of another: by id, else by place and kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from layerwalk_shared.graph import Graph

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Partner:
    """The node of a second graph that one of the first is compared with.

    Attributes:
        node: its index; None where there is none.
        reason: why there is none; "" where there is one.
    """

    node: int | None
    reason: str = ""


def match_nodes(
    first: Graph, second: Graph, *, first_shapes: Sequence[Shape], second_shapes: Sequence[Shape]
) -> tuple[Partner, ...]:
    """Return the partner of each node of `first`.

    Nodes of one id are partners where their shapes agree. What is left is matched in the order of
    the graphs: of the longest run of nodes with the same operations and shapes, each is the
    partner of the one in its place.

    Args:
        first, second: the graphs.
        first_shapes, second_shapes: of each node's values, without batch axis.
    """
    found: dict[int, Partner] = {}
    taken: set[int] = set()
    for index, node in enumerate(first.nodes):
        other = second.index.get(node.id)
        if other is not None and first_shapes[index] == second_shapes[other]:
            found[index] = Partner(other)
            taken.add(other)
    left = [index for index in range(len(first.nodes)) if index not in found]
    right = [index for index in range(len(second.nodes)) if index not in taken]
    kinds = [(first.nodes[index].operation, first_shapes[index]) for index in left]
    others = [(second.nodes[index].operation, second_shapes[index]) for index in right]
    matcher = SequenceMatcher(None, kinds, others, autojunk=False)
    for block in matcher.get_matching_blocks():
        for place in range(block.size):
            found[left[block.a + place]] = Partner(right[block.b + place])
    for index in left:
        if index not in found:
            found[index] = Partner(None, _why(first, second, index, first_shapes, second_shapes))
    return tuple(found[index] for index in range(len(first.nodes)))


def _why(
    first: Graph, second: Graph, index: int, mine: Sequence[Shape], theirs: Sequence[Shape]
) -> str:
    name = first.nodes[index].id
    other = second.index.get(name)
    if other is None:
        return f"the other network has no {name!r}"
    return f"{_sides(mine[index])} here, {_sides(theirs[other])} there"


def _sides(shape: Shape) -> str:
    return " x ".join(map(str, shape)) or "a number"

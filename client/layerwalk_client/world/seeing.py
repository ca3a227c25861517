"""What a place of a node sees of the input picture: its receptive field, as a region of a wall."""

from __future__ import annotations

from collections.abc import Sequence

from layerwalk_client.world.view import Region
from layerwalk_shared.graph import Node
from layerwalk_shared.messages import NetworkDescription
from layerwalk_shared.receptive import ReceptiveField


def place_of(node: Node, index: Sequence[int]) -> tuple[int, int] | None:
    """Return (row, column) of an element in the maps of its node; None where it has no such place."""
    if len(node.shape) != 3 or len(index) != 3:
        return None
    if node.view == "grid":
        return index[0], index[1]
    return (index[1], index[2]) if node.view in ("maps", "image") else None


def field_of(network: NetworkDescription, node: int) -> ReceptiveField | None:
    """Return the receptive field of a node; None: all of the input, or nobody knows."""
    return network.receptive[node] if node < len(network.receptive) else None


def region_of(network: NetworkDescription, node: Node, index: Sequence[int]) -> Region | None:
    """Return what an element sees of the input picture; None without a picture, and of that itself.

    Args:
        network: that is shown.
        node: as it is in the snapshot that is shown.
        index: of the element.
    """
    graph = network.graph
    if node.kind == "input" or not network.receptive:
        return None
    pictures = [one for one in graph.nodes if one.kind == "input" and one.view == "image"]
    field = field_of(network, graph.index[node.id])
    place = place_of(node, index)
    if field is not None and place is not None:
        seen = graph.node(field.input)
        box = field.at(*place, seen.shape_hw)
    elif pictures:
        seen = pictures[0]
        box = (0, 0, *seen.shape_hw)
    else:
        return None
    if seen.view != "image":
        return None
    return Region(network.id, graph.index[seen.id], box)


def seen_text(network: NetworkDescription, node: int) -> str:
    """Return how much of the input a place of a node sees, "" where nobody knows."""
    field = field_of(network, node)
    if field is None or network.graph.nodes[node].kind == "input":
        return ""
    height, width = field.size_hw
    limit = network.graph.node(field.input).shape_hw
    if height >= limit[0] and width >= limit[1]:
        return "sees all of the picture"
    return f"sees {height} \N{MULTIPLICATION SIGN} {width} pixels"

"""How a comparison changes what values look like, and what is told of it over the view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from layerwalk_client.app.comparing.comparing import Comparing
from layerwalk_client.ui.compared_line import ComparedLine
from layerwalk_client.world.compared import ComparedView
from layerwalk_client.world.comparison import MODE_TEXTS, second_of, titles_of
from layerwalk_client.world.ranges import node_range
from layerwalk_client.world.view import Appearance
from layerwalk_shared.colours import TABLES

SIGNED_TABLE = "blue-orange"
"""For differences where a table without signs is chosen: it tells more from less, to every eye."""
Ranges = Mapping[tuple[str, int], float]


class ComparedLooks:
    """Mutable, owned by the main thread: remembers the ranges, which depend on every node."""

    def __init__(self) -> None:
        self._known: object = None
        self._ranges: Ranges = {}

    def ranges(self, view: ComparedView | None, appearance: Appearance) -> Ranges:
        """Return a range for both walls of each node, so that one colour is one value on both.

        It is the larger of both nodes' own; channels share it, too. Where both are not seen side by
        side, each wall has its own.
        """
        if view is None or view.mode not in ("pair", "blink") or appearance.mode == "manual":
            return {}
        known = (view.mode, view.difference.id, appearance.mode, appearance.percentile)
        if known != self._known:
            self._known, self._ranges = known, ranges_of(view, appearance)
        return self._ranges


def ranges_of(view: ComparedView, appearance: Appearance) -> dict[tuple[str, int], float]:
    """Return (network, node) -> the value that gets the table's end, the same for both sides."""
    if appearance.mode == "channel":
        appearance = replace(appearance, mode="node")
    network, found = view.first.network, {}
    for node in range(len(view.first.nodes)):
        limits = [
            node_range(appearance, one, node)
            for one in (view.first, view.second)
            if one.nodes[node].has_values
        ]
        largest = max((one for one in limits if one is not None), default=None)
        if largest is not None:
            found[network, node] = found[second_of(network), node] = largest
    return found


def signed(appearance: Appearance, view: ComparedView | None) -> Appearance:
    """Return how differences look: by a table that tells more from less."""
    if view is None or view.mode != "difference" or TABLES[appearance.table].is_diverging:
        return appearance
    return replace(appearance, table=SIGNED_TABLE)


def line_of(comparing: Comparing) -> ComparedLine | None:
    """Return what is told of the comparison over the view; None where there is none."""
    view = comparing.view
    if view is None:
        return None
    first, second = titles_of(view.compared)
    seen: Literal["A", "B"] | None = None
    if comparing.is_blinking:
        seen = "B" if comparing.shows_reverse else "A"
    alone = len(view.compared.unmatched)
    note = f"{alone} nodes have no partner" if alone else ""
    return ComparedLine(first, second, MODE_TEXTS[view.mode], seen, note)

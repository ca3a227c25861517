"""Which walls' edges are lit, and how far that has come: selected ones fully, pointed at half."""

from __future__ import annotations

from layerwalk_client.gl.residency import FADE_S
from layerwalk_client.world.view import Marks

NodeKey = tuple[str, int]

SELECTED, POINTED_AT = 1.0, 0.6
MOST = 4
"""Walls that are lit at one time: two, and two that are just going out."""


class Lighting:
    """The lit walls. Mutable, owned by the main thread."""

    def __init__(self) -> None:
        """Light nothing."""
        self._wanted: dict[NodeKey, float] = {}
        self._lit: dict[NodeKey, float] = {}

    @property
    def is_fading(self) -> bool:
        """Some wall's edges have not reached their light."""
        return self._lit != self._wanted

    @property
    def lit(self) -> list[tuple[NodeKey, float]]:
        """The walls and their light, 0..1, the brightest first; `MOST` at most."""
        return sorted(self._lit.items(), key=lambda item: -item[1])[:MOST]

    def advance(self, marks: Marks, dt: float) -> None:
        """Let `dt` seconds pass with these marks; 0 ends every fade."""
        wanted: dict[NodeKey, float] = {}
        for mark, light in ((marks.hover, POINTED_AT), (marks.selection, SELECTED)):
            if mark is not None:
                wanted[mark.network, mark.node] = light
        self._wanted = wanted
        if dt <= 0:
            self._lit = dict(wanted)
            return
        step = dt / FADE_S
        lit: dict[NodeKey, float] = {}
        for key in {**self._lit, **wanted}:
            light, goal = self._lit.get(key, 0.0), wanted.get(key, 0.0)
            light = min(goal, light + step) if goal > light else max(goal, light - step)
            if light > 0 or key in wanted:
                lit[key] = light
        self._lit = lit

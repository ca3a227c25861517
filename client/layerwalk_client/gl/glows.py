"""The light of a signal on the GPU: one number for each channel and ribbon, read by their shaders."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.gl.buffers import RecordTable
from layerwalk_client.world.glow import Glow
from layerwalk_client.world.scene import Ribbon, Wall

FADE_S = 0.35
UNIT_GLOWS = 6
"""Texture unit that shaders read it from."""
_TEXEL = 4

NodeKey = tuple[str, int]


class GlowTable:
    """Mutable, owned by the main thread. From one signal to the next it fades.

    The table holds for each node of the scene the light of its wall, then that of its channels, and
    behind all of them that of the ribbons.

    Attributes:
        amount: how much of the light is on, 0..1.
        first_ribbon: place of the first ribbon.
    """

    def __init__(self) -> None:
        """Make an empty table."""
        self._table = RecordTable()
        self._glow: Glow | None = None
        self._walls: tuple[Wall, ...] = ()
        self._ribbons: tuple[Ribbon, ...] = ()
        self._places: dict[NodeKey, int] = {}
        self._rooms: dict[NodeKey, int] = {}
        self._from = np.zeros(0, np.float32)
        self._now = np.zeros(0, np.float32)
        self._goal = np.zeros(0, np.float32)
        self._amounts = (0.0, 0.0)
        self._since_s = FADE_S
        self._is_stale = True
        self.amount = 0.0
        self.first_ribbon = 0

    @property
    def is_fading(self) -> bool:
        """Whether time alone changes the light."""
        return self._since_s < FADE_S

    def set_scene(self, walls: Sequence[Wall], ribbons: Sequence[Ribbon]) -> None:
        """Make room for the walls and ribbons of another scene; the light stays what it is."""
        self._walls, self._ribbons = tuple(walls), tuple(ribbons)
        self._places, self._rooms = {}, {}
        count = 0
        for wall in self._walls:
            key = wall.network, wall.node
            if key not in self._places:
                self._places[key], self._rooms[key] = count, wall.channels
                count += 1 + wall.channels
        self.first_ribbon = count
        self._now = self._goal = self._from = self._lit()
        self._is_stale = True
        self._since_s = FADE_S
        self.amount = self._amounts[1]

    def set_glow(self, glow: Glow | None) -> None:
        """Let another signal shine, or none; it fades there."""
        if glow is self._glow:
            return
        self._glow = glow
        self._from = self._now
        self._goal = self._now if glow is None else self._lit()
        self._amounts = (self.amount, 0.0 if glow is None else 1.0)
        self._since_s = 0.0

    def advance(self, dt: float) -> None:
        """Let `dt` seconds of a fade pass; 0 ends it."""
        if not self.is_fading:
            return
        self._since_s = FADE_S if dt <= 0.0 else min(FADE_S, self._since_s + dt)
        share = self._since_s / FADE_S
        eased = share * share * (3 - 2 * share)
        self.amount = self._amounts[0] + eased * (self._amounts[1] - self._amounts[0])
        self._now = self._from + np.float32(eased) * (self._goal - self._from)
        self._is_stale = True

    def places(self, walls: Sequence[Wall]) -> NDArray[np.float32]:
        """Return of each wall the place of its first channel plus one, `[N]`."""
        found = [self._places.get((wall.network, wall.node), -1) + 2 for wall in walls]
        return np.array(found, np.float32)

    def bind(self, unit: int) -> None:
        """Make it readable from a texture unit, as it is now."""
        if self._is_stale:
            self._is_stale = False
            padded = np.zeros((-(-max(1, len(self._now)) // _TEXEL), 1, _TEXEL), np.float32)
            padded.reshape(-1)[: len(self._now)] = self._now
            self._table.write(padded)
        self._table.bind(unit)

    def close(self) -> None:
        """Release every GL object."""
        self._table.close()

    def _lit(self) -> NDArray[np.float32]:
        found = np.zeros(self.first_ribbon + len(self._ribbons), np.float32)
        glow = self._glow
        if glow is None:
            return found
        for (network, node), place in self._places.items():
            if network != glow.network:
                continue
            found[place] = glow.nodes.get(node, 0.0)
            light = glow.channels.get(node, found[:0])
            count = min(self._rooms[network, node], len(light))
            found[place + 1 : place + 1 + count] = light[:count]
        for number, ribbon in enumerate(self._ribbons):
            if ribbon.network == glow.network:
                light_of = glow.edges.get((ribbon.source, ribbon.target), 0.0)
                found[self.first_ribbon + number] = light_of
        return found

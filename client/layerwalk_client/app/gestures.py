"""Clicks and holds in the world: pick up, put down, put away, magnify, fly there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from layerwalk_client.app.commands.folding import toggle_run
from layerwalk_client.app.handling.hand import Holding
from layerwalk_client.app.handling.sharpening import sharpen
from layerwalk_client.app.panels import PanelHit
from layerwalk_client.app.pointer import Pointed
from layerwalk_client.app.travel.going import go_to_node
from layerwalk_client.devices.actions import Actions
from layerwalk_client.world.comparison import is_second as is_second_wall

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker

HOLD_S = 0.18
"""A right button held longer magnifies; a shorter press puts away."""


class Gestures:
    """Mutable, owned by the main thread: since when the other button is pressed, and what was in
    the hand before the last click."""

    def __init__(self) -> None:
        self._pressed_s: float | None = None
        self._held: Holding | None = None

    @property
    def is_pressing(self) -> bool:
        """Whether the other button is down."""
        return self._pressed_s is not None

    def follow(self, walker: Walker, actions: Actions, hit: PanelHit | None, now_s: float) -> None:
        """Carry out one frame's clicks and holds; those on a panel are the panel's own."""
        for is_down in actions.secondary:
            if is_down:
                self._pressed_s = now_s
            else:
                held_s = math.inf if self._pressed_s is None else now_s - self._pressed_s
                if held_s < HOLD_S:
                    walker.tools.put_away()
                self._pressed_s = None
        pointed = walker.pointed
        is_looking = self._pressed_s is not None and now_s - self._pressed_s >= HOLD_S
        has_changed = walker.tools.look_closer(
            None if pointed is None else pointed.wall.node,
            None if pointed is None else pointed.hit.channel,
            is_looking=is_looking,
        )
        has_changed |= sharpen(walker)
        has_changed |= walker.handheld.magnifier.hold(walker.tools.looked_at, pointed)
        walker.needs_draw |= has_changed
        walker.needs_plan |= has_changed  # the finest level of what is held to the eye
        if actions.clicks and hit is None and walker.badge is not None:
            toggle_run(walker, walker.badge)
        elif actions.clicks and hit is None and pointed is not None:
            self._click(walker, pointed, actions)

    def _click(self, walker: Walker, pointed: Pointed, actions: Actions) -> None:
        node, channel = pointed.wall.node, pointed.hit.channel
        if actions.is_double_click:
            walker.tools.hold_again(self._held)  # the first of the two clicks took something up
            go_to_node(walker, node)
            return
        self._held = None
        is_second = "shift" in actions.click_modifiers or is_second_wall(pointed.wall.network)
        if pointed.is_input and walker.tools.put(node, is_second=is_second):
            walker.lesson.has_put = True
            return
        self._held = walker.tools.hand.holding
        walker.selection = pointed.mark
        if channel is not None:
            walker.tools.pick_channel(node, channel, wall=pointed.wall)

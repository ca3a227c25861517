"""The guided tour: leads from station to station, and never stands in the way."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from layerwalk_client.app.travel.going import go_to_group, go_to_node, show_all
from layerwalk_client.app.travel.places import camera_at
from layerwalk_client.devices.actions import Actions, Key
from layerwalk_client.devices.bindings import rebound, shown_keys
from layerwalk_client.source.arrivals import Arrival
from layerwalk_client.ui.desk_intents import StartGuide, StepGuide
from layerwalk_client.ui.guide_card import GuideCard
from layerwalk_client.ui.intents import (
    Intent,
)
from layerwalk_client.world.stations import Station, stations

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker

_STEPS = {Key.RIGHT: 1, Key.LEFT: -1, Key.ESCAPE: 0}


class Guide:
    """Mutable, owned by the main thread. Keeps no panel; what is asked for on its card comes here.

    Args:
        walker: who is led.
    """

    kind = "guide"

    def __init__(self, walker: Walker) -> None:
        self._walker = walker
        self._stations: Sequence[Station] = ()
        self._place = 0
        self._text: GuideCard | None = None

    @property
    def is_on(self) -> bool:
        """Whether somebody is being led."""
        return bool(self._stations)

    @property
    def card(self) -> GuideCard | None:
        """What is told now."""
        return self._text

    def begin(self, *, moves: bool = True) -> bool:
        """Begin at the first station; return whether there is a network to be led through.

        Args:
            moves: fly there; else one stands there already.
        """
        walker = self._walker
        network = walker.stage.network
        if network is None:
            return False
        table = {one.name: shown_keys(one) for one in rebound(walker.settings.keys)}
        self._stations = stations(network, walker.stage.shown, lambda name: table.get(name, "-"))
        self._place = 0
        walker.tools.close_panels()
        walker.trace.note("guide", place=0)
        self._tell(moves=moves)
        return True

    def step(self, by: int) -> None:
        """Go on, or back; 0 and what goes past the last station end the tour."""
        if not self.is_on:
            return
        place = max(0, self._place + by)
        if by == 0 or place >= len(self._stations):
            self.end()
            return
        self._place = place
        self._walker.trace.note("guide", place=place)
        self._tell(moves=True)

    def end(self) -> None:
        """Lead no more; a newcomer's tour does not come again by itself."""
        self._stations, self._text = (), None
        walker = self._walker
        walker.needs_draw = True
        walker.trace.note("guide-over")
        if walker.settings.shows_guide:
            walker.keep(dataclasses.replace(walker.settings, shows_guide=False))

    def claim(self, actions: Actions) -> Actions:
        """Take the keys that lead on; return what is left. Begins by itself for a newcomer who has
        arrived at the input."""
        walker = self._walker
        is_new = walker.teaches and walker.settings.shows_guide and walker.start.place is None
        is_there = walker.stage.shown is not None and not walker.journey.is_on_tour
        if is_new and is_there and not self.is_on:
            self.begin(moves=False)
        if self.is_on and not walker.tools.is_typing:
            for one in actions.typed:
                if one.key in _STEPS:
                    self.step(_STEPS[one.key])
            actions = dataclasses.replace(actions, typed=())
        walker.desktop.set_led(is_led=self.is_on)
        return actions

    def learn(self, actions: Actions, dt: float) -> None:
        """Note what a newcomer has done; hints do not come again once all was done."""
        walker = self._walker
        if not walker.teaches:
            return
        walker.lesson.note(actions, dt)
        walker.lesson.has_picked |= walker.tools.hand.holding is not None
        if walker.lesson.is_over:
            walker.teaches = False
            walker.keep(dataclasses.replace(walker.settings, shows_hints=False))

    # As a desk.

    def content(self, *, node: int | None, unit: int | None) -> None:
        """There is no panel of it."""

    def refresh(self) -> bool:
        """There is no panel of it."""
        return False

    def take(self, arrival: Arrival) -> bool:
        """Nothing arrives for it."""
        return False

    def carry_out(self, intent: Intent) -> bool:
        """Begin, go on, go back or end."""
        if isinstance(intent, StartGuide):
            self.begin()
            return True
        if isinstance(intent, StepGuide):
            self.step(intent.by)
            return True
        return False

    def renew(self) -> None:
        """The stations were another network's."""
        if self.is_on:
            self._stations, self._text = (), None

    def close(self) -> None:
        """Nothing is held."""

    def _tell(self, *, moves: bool) -> None:
        station = self._stations[self._place]
        self._text = GuideCard(station.title, station.text, self._place, len(self._stations))
        self._walker.needs_draw = True
        if moves:
            self._go(station)

    def _go(self, station: Station) -> None:
        walker = self._walker
        network = walker.stage.network
        assert network is not None
        if station.sight == "group" and station.group is not None:
            go_to_group(walker, station.group)
        elif station.sight in ("wall", "group") and station.node is not None:
            go_to_node(walker, station.node)
        elif station.sight == "input":
            place = camera_at(None, walker.stage.scene, network, aspect=walker.aspect)
            walker.journey.go(place, walker.stage.arrays)
        else:
            show_all(walker)

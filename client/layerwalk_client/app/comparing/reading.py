"""The exact values under the pointer of both that are compared, and their difference."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from layerwalk_client.app.pointer import Pointed, spot_at
from layerwalk_client.app.readings import Readings, Spot
from layerwalk_client.source.arrivals import ValuesArrived
from layerwalk_client.source.asking import Values
from layerwalk_client.world.compared import ComparedView
from layerwalk_shared.messages import SnapshotManifest

MINUS = "\N{MINUS SIGN}"
Side = Literal["first", "second"]


class ComparedReading:
    """Mutable, owned by the main thread: what is known of the place under the pointer."""

    def __init__(self) -> None:
        self._readings: dict[Side, Readings] = {"first": Readings(), "second": Readings()}
        self._spots: dict[Side, Spot | None] = {"first": None, "second": None}

    @property
    def is_waiting(self) -> bool:
        """Whether time must pass before something is fetched."""
        return any(one.is_waiting for one in self._readings.values())

    def look(self, pointed: Pointed | None, view: ComparedView | None, dt: float) -> list[Values]:
        """Note what the pointer is on for `dt` seconds more; return what to fetch now."""
        fetches = []
        for side, readings in self._readings.items():
            manifest = None if view is None else getattr(view, side)
            spot = _spot(pointed, manifest, side)
            self._spots[side] = spot
            fetch = readings.look(None if spot is None else spot.fetch, dt)
            if fetch is not None:
                fetches.append(fetch)
        return fetches

    def arrive(self, arrival: ValuesArrived) -> bool:
        """Keep values; return whether they were asked for here."""
        for side, readings in self._readings.items():
            if arrival.fetch.purpose == side:
                readings.arrive(arrival)
                return True
        return False

    def fail(self, request: Values) -> bool:
        """Note values that did not come; return whether they were asked for here."""
        for side, readings in self._readings.items():
            if request.purpose == side:
                readings.fail(request)
                return True
        return False

    def clear(self) -> None:
        """Forget everything: something else is compared."""
        for readings in self._readings.values():
            readings.clear()

    def text(self) -> str:
        """Return both values and the second minus the first; "" while one is not known."""
        found = {
            side: None if spot is None else self._readings[side].value(spot)
            for side, spot in self._spots.items()
        }
        first, second = found["first"], found["second"]
        if first is None or second is None or len(first) != len(second):
            return ""
        apart = np.array(second, np.float32) - np.array(first, np.float32)
        return f"A {_line(first)}   B {_line(second)}   B{MINUS}A {_line(tuple(apart.tolist()))}"


def _line(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:.5g}" for value in values)


def _spot(pointed: Pointed | None, manifest: SnapshotManifest | None, side: Side) -> Spot | None:
    spot = spot_at(pointed, manifest)
    return None if spot is None else replace(spot, fetch=replace(spot.fetch, purpose=side))

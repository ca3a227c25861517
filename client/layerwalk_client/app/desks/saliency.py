"""Keeps the panel of what made the answer: asks for the map, and draws it over the input."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.app.desks.input_pictures import picture_of
from layerwalk_client.app.desks.thumbnails import Textures
from layerwalk_client.app.following import Followed
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import (
    Arrival,
    EventArrived,
    RequestFailed,
    ValuesArrived,
    WishTaken,
)
from layerwalk_client.source.asking import Values
from layerwalk_client.source.wishes import Attribute
from layerwalk_client.ui.intents import AskSaliency, Intent
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.saliency import SaliencyPanel, value_line
from layerwalk_client.world.saliency import overlaid, strengths
from layerwalk_shared.errors import error_from_problem
from layerwalk_shared.messages import Attributed, AttributeRequest, SnapshotTaken


class SaliencyDesk:
    """Mutable, owned by the main thread; a GL context is current.

    Args:
        stage: whose picture is explained.
        source: is asked for the values.
        images: makes textures.
        followed: tells the unit that is followed; None: the answer.
    """

    kind = "attribution"

    def __init__(
        self,
        stage: Stage,
        source: Source,
        images: Textures,
        *,
        followed: Callable[[], Followed | None],
    ) -> None:
        self._stage = stage
        self._source = source
        self._images = images
        self._followed = followed
        self._panel = SaliencyPanel()
        self._asked: tuple[str, str, Followed] | None = None
        self._wish: Attribute | None = None
        self._job = ""
        self._found: Attributed | None = None
        self._given: Values | None = None
        self._below: Values | None = None
        self._values: dict[Values, NDArray[np.float32]] = {}
        self._texture: int | None = None

    def content(self, *, node: int | None, unit: int | None) -> SaliencyPanel | None:
        """Return the panel; None without a network."""
        if self._stage.network is None:
            return None
        self._asked = None
        self.refresh()
        return self._panel

    def refresh(self) -> bool:
        """Ask anew where another picture is shown, or another unit is followed."""
        network, shown = self._stage.network, self._stage.shown
        if network is None or shown is None:
            return False
        unit = self._followed() or Followed()
        asked = (shown.id, self._panel.method, unit)
        if asked == self._asked:
            return self._watch()
        self._asked = asked
        self._panel.problem, self._panel.share = "", 0.0
        self._job = ""
        self._given = self._below = None
        self._wish = Attribute(
            network.id,
            AttributeRequest(
                node=unit.node, unit=unit.unit, method=self._panel.method, snapshot=shown.id
            ),
        )
        self._stage.submit(self._wish)
        return True

    def take(self, arrival: Arrival) -> bool:
        """Take in what comes of a question."""
        if isinstance(arrival, WishTaken) and arrival.wish is self._wish:
            self._job, self._wish = arrival.job.id, None
            return False
        if isinstance(arrival, EventArrived) and isinstance(arrival.event, SnapshotTaken):
            told = arrival.event.manifest.attributed
            return told is not None and self._fetch(arrival.event.manifest.id, told)
        if isinstance(arrival, ValuesArrived) and arrival.fetch in (self._given, self._below):
            self._values[arrival.fetch] = arrival.values
            return self._show()
        if isinstance(arrival, RequestFailed):
            is_mine = arrival.request is self._wish and self._wish is not None
            if is_mine or (self._given is not None and arrival.request == self._given):
                self._fail(str(arrival.error))
                return True
        return False

    def carry_out(self, intent: Intent) -> bool:
        """Ask by another method."""
        if not isinstance(intent, AskSaliency):
            return False
        self._panel.method = intent.method
        self.refresh()
        return True

    def renew(self) -> None:
        """Forget the network before."""
        method = self._panel.method
        self.close()
        self._panel = SaliencyPanel()
        self._panel.method = method
        self._asked = self._wish = self._found = self._given = self._below = None
        self._job = ""

    def close(self) -> None:
        """Release the texture."""
        self._values.clear()
        if self._texture is not None:
            self._images.drop(self._texture)
            self._texture = None

    def _watch(self) -> bool:
        """Tell how far the job is; return whether that is news."""
        job = self._stage.state.ledger.job(self._job) if self._job else None
        if job is None or self._panel.share is None:
            return False
        if job.state in ("failed", "cancelled"):
            problem = job.problem
            self._fail("cancelled" if problem is None else str(error_from_problem(problem)))
            return True
        before, self._panel.share = self._panel.share, job.progress
        return before != job.progress

    def _fail(self, problem: str) -> None:
        self._panel.problem, self._panel.share = problem, None
        self._wish, self._job = None, ""

    def _fetch(self, snapshot: str, told: Attributed) -> bool:
        if self._asked is None or (told.snapshot, told.method) != self._asked[:2]:
            return False
        unit = self._asked[2]
        if unit.node not in (None, told.node) or unit.unit not in (None, told.unit):
            return False
        if told.argument is None:
            self._fail("the input is no picture; the walls show the maps")
            return True
        self._found = told
        self._given = Values(snapshot, told.argument, None, "saliency")
        self._below = Values(told.snapshot, told.argument, None, "explained")
        self._values.clear()
        self._source.fetch(self._given)
        self._source.fetch(self._below)
        return False

    def _show(self) -> bool:
        """Draw the map once both have come."""
        network, told, panel = self._stage.network, self._found, self._panel
        given = self._values.get(self._given) if self._given is not None else None
        below = self._values.get(self._below) if self._below is not None else None
        if given is None or below is None or network is None or told is None:
            return False
        panel.share, self._job = None, ""
        panel.subject = told.name or f"{told.node} channel {told.unit}"
        panel.detail = value_line(told.value, told.baseline)
        self.close()
        panel.picture, panel.tokens = None, ()
        argument = next((one for one in network.inputs if one.node == told.argument), None)
        spec = network.input if argument is None else argument.spec
        if spec.kind == "text" and given.ndim == 1:
            shown = self._stage.shown
            words = () if shown is None else shown.input.tokens
            sizes = strengths(given).tolist()
            panel.tokens = tuple(
                (words[place] if place < len(words) else str(place), size)
                for place, size in enumerate(sizes)
            )
            return True
        made = picture_of(below, spec)
        pixels = overlaid(given, None if made is None else made.pixels)
        self._texture = self._images.make(pixels, is_smooth=True)
        panel.picture = Picture(self._texture, size_wh=(pixels.shape[1], pixels.shape[0]))
        return True

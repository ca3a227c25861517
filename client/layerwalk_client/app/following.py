"""Following a signal: asks what made a unit strong, and makes light of it; anew for each picture."""

from __future__ import annotations

from dataclasses import dataclass

from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import Arrival, EventArrived, RequestFailed, SharesArrived
from layerwalk_client.source.arrivals import WishTaken as Taken
from layerwalk_client.source.asking import ChannelShares
from layerwalk_client.source.wishes import Attribute
from layerwalk_client.world.glow import Glow, glow_of
from layerwalk_shared.messages import Attributed, AttributeRequest, SnapshotTaken

METHOD = "gradient \N{MULTIPLICATION SIGN} activation"
_LOST = ("failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Followed:
    """What is followed: a unit of a node; None: the answer, its strongest class."""

    node: str | None = None
    unit: int | None = None


class Following:
    """Mutable, owned by the main thread.

    Args:
        stage: whose pictures are followed.
        source: is asked for the numbers.

    Attributes:
        glow: the light of the newest signal; None while nothing is followed.
        found: what the newest signal is of.
    """

    def __init__(self, stage: Stage, source: Source) -> None:
        self._stage = stage
        self._source = source
        self._followed: Followed | None = None
        self._explained = ""
        self._wish: Attribute | None = None
        self._job = ""
        self._shares: ChannelShares | None = None
        self._coming: Attributed | None = None
        self.found: Attributed | None = None
        self.glow: Glow | None = None

    @property
    def followed(self) -> Followed | None:
        """What is followed."""
        return self._followed

    @property
    def is_on(self) -> bool:
        """Whether something is followed."""
        return self._followed is not None

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is on its way."""
        return self._wish is not None or bool(self._job) or self._shares is not None

    @property
    def line(self) -> str:
        """What is followed, for the HUD; "" for nothing."""
        if self._followed is None:
            return ""
        told = self.found
        if told is None:
            return "following\N{HORIZONTAL ELLIPSIS}"
        name = told.name or f"{told.node} channel {told.unit}"
        return f"signal to {name}   {told.value:.3g}   {METHOD}"

    def follow(self, followed: Followed) -> None:
        """Follow the signal of a unit, through this picture and those that come."""
        self._followed = followed
        self._explained = ""
        self.found = None
        self.keep_up()

    def end(self) -> bool:
        """Follow nothing any more; return whether something was followed."""
        was_on = self.is_on
        self._followed = None
        self._forget()
        self.glow = self.found = None
        return was_on

    def keep_up(self) -> bool:
        """Ask anew where another picture is shown; return whether the line is another."""
        network, shown = self._stage.network, self._stage.shown
        if self._followed is None or network is None or shown is None:
            return False
        job = self._stage.state.ledger.job(self._job) if self._job else None
        if job is not None and job.state in _LOST:
            return self.end()
        if shown.id == self._explained or shown.is_run is False:
            return False
        self._explained = shown.id
        self._forget()
        self._wish = Attribute(
            network.id,
            AttributeRequest(
                node=self._followed.node,
                unit=self._followed.unit,
                snapshot=shown.id,
                priority=10,
            ),
        )
        self._stage.submit(self._wish)
        return True

    def take(self, arrival: Arrival) -> bool:
        """Take in what comes of a question; return whether the picture changes."""
        if isinstance(arrival, Taken) and arrival.wish is self._wish:
            self._job, self._wish = arrival.job.id, None
            return False
        if isinstance(arrival, EventArrived) and isinstance(arrival.event, SnapshotTaken):
            told = arrival.event.manifest.attributed
            if told is not None and self._is_mine(told):
                self._coming = told
                self._shares = ChannelShares(arrival.event.manifest.id)
                self._source.fetch(self._shares)
            return False
        if isinstance(arrival, SharesArrived) and arrival.fetch == self._shares:
            self._shine(arrival)
            return True
        if isinstance(arrival, RequestFailed):
            is_mine = arrival.request is self._wish or arrival.request == self._shares
            return self.end() if is_mine and arrival.request is not None else False
        return False

    def renew(self) -> None:
        """Follow nothing: another network, or another graph."""
        self.end()

    def _is_mine(self, told: Attributed) -> bool:
        """Whether an attribution answers the newest question; events may be quicker than the job."""
        wish = self._followed
        if wish is None or told.snapshot != self._explained or told.method != "signal":
            return False
        return wish.node in (None, told.node) and wish.unit in (None, told.unit)

    def _shine(self, arrival: SharesArrived) -> None:
        network = self._stage.network
        self._shares, self._job = None, ""
        if network is None or self._coming is None:
            return
        self.found, self._coming = self._coming, None
        self.glow = glow_of(
            network.id, network.graph, arrival.contributions, target=self.found.node
        )

    def _forget(self) -> None:
        self._wish = self._shares = self._coming = None
        self._job = ""

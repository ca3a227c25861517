"""What is compared with what is shown: asks for it, follows both, and turns the walls.

The first of the two is always what the network shows; the second is chosen, or put on the input as
the second. Whenever one of them becomes another, the server is asked for their comparison; until
its overviews are here, the walls stay as they are. Once everything is here, blinking needs neither
the server nor a new layout.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from layerwalk_client.app.comparing.second_hall import SecondHall
from layerwalk_client.app.comparing.turning import Turning
from layerwalk_client.app.comparing.values import ComparedValues
from layerwalk_client.app.stage.changes import unfit_manifest, unfit_tile
from layerwalk_client.source.arrivals import (
    Arrival,
    ComparisonArrived,
    Connected,
    EventArrived,
    RequestFailed,
    TilesArrived,
)
from layerwalk_client.source.asking import (
    SECOND,
    Compare,
    EndComparison,
    Fetch,
    Overview,
    PutInput,
    Tiles,
)
from layerwalk_client.world.compared import ComparedView
from layerwalk_client.world.comparison import (
    Comparison,
    Mode,
    Subject,
    difference_of,
    is_second,
    second_of,
)
from layerwalk_shared.errors import LayerwalkError, error_from_problem
from layerwalk_shared.messages import (
    ComparisonDescription,
    Event,
    JobChanged,
    NetworkDescription,
    SnapshotInput,
    SnapshotManifest,
    SnapshotTaken,
)
from layerwalk_shared.tiles import Tile


class Comparing:
    """Mutable, owned by the main thread.

    Args:
        fetch: asks the source for something.
        values: brings what is compared to the walls.
        hall: stands beside that of the first.
        client: id of this client.

    Attributes:
        values: on the walls.
        hall: of the second one.
        linked: id of another network that is given every input, to compare with; "" for none.
        comparison: what is wished for; None: nothing is compared.
        turning: which of the two is seen while they blink.
        revision: grows whenever the scene must follow.
        failure: why the last comparison could not be had; "" when it could.
    """

    def __init__(
        self,
        fetch: Callable[[Fetch], None],
        values: ComparedValues,
        hall: SecondHall,
        *,
        client: str,
    ) -> None:
        self._fetch = fetch
        self._seat = client + SECOND
        self._network: NetworkDescription | None = None
        self._shown: SnapshotManifest | None = None
        self._asked: tuple[str, str] | None = None
        self._coming: ComparisonDescription | None = None
        self._missing: set[str] = set()
        self._sent = 0
        self._is_mode_chosen = False
        self.values = values
        self.hall = hall
        self.turning = Turning()
        self.linked = ""
        self.comparison: Comparison | None = None
        self.revision = 0
        self.failure = ""

    # What is seen.

    @property
    def mode(self) -> Mode:
        """How both are seen; `off` where nothing is compared."""
        return "off" if self.comparison is None else self.comparison.mode

    @property
    def view(self) -> ComparedView | None:
        """What of it stands in the scene; None where nothing does."""
        told = self.values.told
        if told is None or self.mode == "off":
            return None
        return ComparedView(self.mode, told.first, told.second, told.difference)

    @property
    def is_blinking(self) -> bool:
        """Whether walls have a reverse."""
        return self.values.told is not None and self.mode == "blink"

    @property
    def shows_reverse(self) -> bool:
        """Whether the second one is seen now."""
        return self.is_blinking and self.turning.shows_second

    @property
    def rest_s(self) -> float | None:
        """Seconds until walls turn by themselves; None where they do not."""
        return self.turning.rest_s if self.is_blinking and not self.turning.is_held else None

    @property
    def is_waiting(self) -> bool:
        """Whether something is on its way from the server."""
        return self._coming is not None or self._asked is not None or self._sent > 0

    def is_settled(self, now_s: float) -> bool:
        """Whether everything of it that is looked at is on the screen."""
        if self.is_waiting or not self.hall.is_settled(now_s):
            return False
        return self.mode == "halls" or self.values.is_settled(now_s, self.mode)

    def manifest_of(self, network: str, values: str) -> SnapshotManifest | None:
        """Return what a wall shows, where that is not the first one.

        Args:
            network, values: of the wall.
        """
        told, name = self.values.told, self.values_of(network, values)
        if told is None or not name:
            return None
        if name == self.hall.name:
            return self.hall.manifest
        return told.second if is_second(name) else told.difference

    def values_of(self, network: str, values: str) -> str:
        """Return the name of the values that a wall shows now; "" for what is not compared."""
        if self._network is None or self.values.told is None:
            return ""
        if network == self.hall.name:
            return network
        name = second_of(self._network.id)
        if network == name or (self.shows_reverse and not values):
            return name
        return values if values == difference_of(self._network.id) else ""

    def finest(self, name: str, node: int, channel: int) -> Tile | None:
        """Return the finest tile there is of a picture under a name of values."""
        if name == self.hall.name:
            return self.hall.finest(node, channel)
        return self.values.finest(name, node, channel)

    # What is wished for.

    def begin(self, network: NetworkDescription) -> None:
        """Begin with another network or graph: nothing is compared."""
        self._network = network
        self.comparison = self._shown = None
        self._forget()
        self.values.begin(network)
        self.hall.begin(network)

    def compare(self, first: Subject, second: Subject, mode: Mode) -> None:
        """Compare two snapshots, or see the same two otherwise."""
        before = self.comparison
        self.comparison = Comparison(first, second, mode)
        self.revision += 1
        if before is None or before.mode != mode:
            self.turning.begin()
            self._follow_hall()
        if before is None or before.pair != self.comparison.pair or self.failure:
            self._ask(self.comparison.pair)

    def compare_with(self, second: Subject, mode: Mode | None = None) -> None:
        """Compare what is shown with something; None: seen as before, or as a difference."""
        if self._shown is not None:
            kept = self.mode if self.mode != "off" else "difference"
            first = Subject(self._shown.network, self._shown.id)
            self.compare(first, second, mode or kept)

    def set_mode(self, mode: Mode) -> None:
        """See the same two otherwise."""
        self._is_mode_chosen = self.comparison is not None
        if self.comparison is not None and mode != self.comparison.mode:
            self.compare(self.comparison.first, self.comparison.second, mode)

    def link(self, network: str) -> PutInput | None:
        """Compare with what another network makes of every input from now on; return the wish that
        it be given the one that is shown, None where there is none."""
        self.linked = network
        if self._shown is None:
            return None
        image = SnapshotInput(snapshot=self._shown.id)
        return PutInput(network, image, title=self._shown.input.title, is_second=True)

    def follow(self, shown: SnapshotManifest) -> PutInput | None:
        """Compare with what is shown now, where something is compared; return the wish that the
        network that is linked be given the same input first, None where there is none."""
        before, self._shown = self._shown, shown
        now = self.comparison
        if now is None or now.first.snapshot == shown.id:
            return None
        if self.linked and (before is None or before.input != shown.input or shown.step is None):
            return self.link(self.linked)
        self.compare(Subject(shown.network, shown.id), now.second, now.mode)
        return None

    def note_sent(self) -> None:
        """Note that something was sent to be put on the input as the second."""
        self._sent += 1

    def end(self) -> bool:
        """Compare nothing any more; return whether something was."""
        if self.comparison is None:
            return False
        for one in {one.id for one in (self.values.told, self._coming) if one is not None}:
            self._fetch(EndComparison(one))
        self.comparison = None
        self._forget()
        return True

    def _choose_mode(self, told: ComparisonDescription) -> None:
        """See two networks of different graphs as two halls, where nobody has said otherwise."""
        now = self.comparison
        if now is None or self._is_mode_chosen or 2 * told.matched >= len(told.first.nodes):
            return
        self.comparison = replace(now, mode="halls")

    def _follow_hall(self) -> None:
        """Let there be a hall where one is looked at."""
        if self.mode != "halls":
            self.hall.end()
        elif self.values.told is not None:
            self.hall.follow(self.values.told)

    def _ask(self, pair: tuple[str, str]) -> None:
        self.failure = ""
        self._asked = pair
        self._fetch(Compare(*pair))

    def _forget(self) -> None:
        self._coming = self._asked = None
        self._missing.clear()
        self.failure = self.linked = ""
        self._is_mode_chosen = False
        self.turning.begin()
        self.values.clear()
        self.hall.end()
        self.revision += 1

    # What arrives.

    def take(self, arrival: Arrival, now_s: float) -> bool:
        """Take in what is about the comparison; return whether it is about nothing else."""
        self.hall.take(arrival, now_s)
        self.failure = self.hall.problem or self.failure
        if isinstance(arrival, Connected):
            self._connect()
        elif isinstance(arrival, EventArrived):
            return self._take_event(arrival.event)
        elif isinstance(arrival, ComparisonArrived):
            self._take_comparison(arrival)
            return True
        elif isinstance(arrival, TilesArrived):
            return self._take_tiles(arrival, now_s)
        elif isinstance(arrival, RequestFailed):
            return self._fail(arrival, now_s)
        return False

    def _connect(self) -> None:
        """Ask anew: of another connection everything may be another server's."""
        self._sent = 0
        if self.comparison is not None:
            self._coming = None
            self._missing.clear()
            self.values.clear()
            self._ask(self.comparison.pair)
            self.revision += 1

    def _take_event(self, event: Event) -> bool:
        """Compare with what this client has put on the input as the second."""
        if isinstance(event, SnapshotTaken) and event.manifest.client == self._seat:
            self._sent = max(0, self._sent - 1)
            if event.manifest.network != self.linked:
                self.linked = ""
            self.compare_with(Subject(event.manifest.network, event.manifest.id))
            return True
        if isinstance(event, JobChanged) and event.job.client == self._seat:
            if event.job.state in ("failed", "cancelled"):
                self._sent = max(0, self._sent - 1)
            if event.job.problem is not None:
                self._refuse(error_from_problem(event.job.problem))
            return True
        return False

    def _take_comparison(self, arrival: ComparisonArrived) -> None:
        told, compared = arrival.comparison, arrival.comparison.difference.compared
        if isinstance(arrival.fetch, EndComparison) or compared is None or self._network is None:
            return
        if (compared.first, compared.second) != self._asked:
            return
        self._asked = None
        count = len(self._network.graph.nodes)
        problem = unfit_manifest(told.difference, count) or unfit_manifest(told.second, count)
        if problem is not None:
            self._refuse(problem)
            return
        self._coming = told
        self._missing = {told.second.id, told.difference.id}
        for snapshot in (told.difference.id, told.second.id):
            self._fetch(Overview(snapshot))

    def _take_tiles(self, arrival: TilesArrived, now_s: float) -> bool:
        known = {
            one.id: one
            for told in (self.values.told, self._coming)
            if told is not None
            for one in (told.second, told.difference)
        }
        manifest = known.get(arrival.snapshot)
        if manifest is None:
            return False
        problem = unfit_tile(arrival.tiles, manifest)
        if problem is not None:
            self._refuse(problem)
            return True
        self.values.put(arrival)
        if arrival.is_overview:
            self._missing.discard(arrival.snapshot)
            if self._coming is not None and not self._missing:
                told, self._coming = self._coming, None
                self.values.hang(told, now_s)
                self.revision += 1
                self._choose_mode(told)
                self._follow_hall()
        return manifest.compared is not None  # of the second, others may have asked for it too

    def _fail(self, arrival: RequestFailed, now_s: float) -> bool:
        request = arrival.request
        if isinstance(request, PutInput) and request.is_second:
            self._sent = max(0, self._sent - 1)
        elif isinstance(request, Compare):
            if (request.first, request.second) == self._asked:
                self._refuse(arrival.error)
        elif isinstance(request, Overview) and request.snapshot in self._missing:
            self._refuse(arrival.error)
        elif isinstance(request, Tiles):
            self.values.fail(request, now_s)
            return False
        elif not isinstance(request, EndComparison):
            return False
        return not isinstance(request, PutInput)

    def _refuse(self, error: LayerwalkError) -> None:
        """Tell why there is no comparison; what the walls show stays."""
        self._coming = self._asked = None
        self._missing.clear()
        self.failure = " ".join(str(error).split())
        if self.values.told is None:
            self.comparison = None
        self.revision += 1

    # What changes.

    def advance(self, now_s: float) -> bool:
        """Let walls change and turn; return whether one did."""
        has_turned = self.turning.advance(now_s, is_going=self.is_blinking)
        return self.values.advance(now_s) | self.hall.advance(now_s) | has_turned

    @property
    def has_uploads(self) -> bool:
        """Whether something may be ready to be uploaded, or waits for its turn."""
        return self.values.has_uploads or self.hall.has_uploads

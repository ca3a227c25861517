"""The course of one training, as the server follows it: what is published becomes steps to see."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from layerwalk.complaints import Complaints
from layerwalk.session import Session
from layerwalk.snapshots import Snapshot
from layerwalk.training.care import TrainingCare
from layerwalk.training.health import Health
from layerwalk.training.mailbox import Mailbox, Metric, PublishedStep
from layerwalk.training.records import Bookkeeper
from layerwalk.training.units import SilentUnits
from layerwalk.twin import Example
from layerwalk_shared.errors import ClosedError, LayerwalkError
from layerwalk_shared.training import HealthWarning, MetricPoint, TrainingStep

MOST_TRACES = 8
"""Times that a network is traced again; one that changes more often than that is left as it is."""
LONGEST_REST_S = 60.0
TELL_S = 1.0
"""Curves are told so often at least, however seldom a step is shown."""


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What `publish` was told at one step; tensors on a GPU are read later."""

    step: int
    values: Mapping[str, Metric]

    def point(self) -> MetricPoint:
        """Return it as numbers; waits for those that are on a GPU."""
        found = {name: float(value) for name, value in self.values.items()}
        return MetricPoint(
            step=self.step,
            values={name: one if math.isfinite(one) else None for name, one in found.items()},
        )


class Course:
    """Takes what the training thread publishes and serves it on the model thread.

    Mutable: `publish`, `flush` and `close` belong to the training thread, all else to the model
    thread.

    Args:
        session: with the network in it.
        network: id of the network.
        source: the user's model; of a network without a training thread, the twin itself.
        care: how the twin is run.
        more: what else there is of the example, in batches; dead units are looked for there too.
        share: of the time that serving takes at most; 1 is no bound. It is time on the clock:
            meanwhile the training gets on at about half its pace where it is bound by Python,
            because both need Python's lock (measured, on two busy processors).
        complaints: told of what goes wrong.
    """

    def __init__(
        self,
        session: Session,
        network: str,
        *,
        source: nn.Module,
        care: TrainingCare,
        more: Sequence[Example] = (),
        share: float = 1.0,
        complaints: Complaints,
    ) -> None:
        self._session = session
        self._network = network
        self._care = care
        self._more = tuple(more)
        self._share = share
        self._cost_s = 0.0
        self._complaints = complaints
        self._box = Mailbox(source, session.network(network).twin, care.lock)
        self._books = Bookkeeper()
        self._health = Health()
        self._changed = threading.Condition()
        self._told: list[Told] = []
        self._is_posted = False
        self._is_telling = False
        self._is_serving = False
        self._rest_until = 0.0
        self._last: MetricPoint | None = None
        self._changed_graph: list[HealthWarning] = []
        self._departure: str | None = None
        self._traces = 0
        session.gallery.begin_training(network)

    def publish(self, step: int, values: Mapping[str, Metric]) -> None:
        """Take a step: a copy of the weights, what is told of it; serve it as soon as may be.

        Raises:
            ModelError: the model's parameters are not those that were traced.
            ClosedError: the session is closed.
        """
        with self._changed:
            self._told.append(Told(step, values))
            is_due = time.monotonic() >= self._rest_until
        try:
            self._box.write(step)
            if self._departure is not None:
                with self._care.pause.given():
                    self._session.jobs.call(self._trace_again)
        finally:
            self._post()
            self._post_points()
        if self._care.needs_pause and is_due:
            with self._care.pause.given():
                self._wait(None)
                self._session.jobs.call(lambda: None)  # what people asked for meanwhile

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until all that was published is served; return whether it was in time."""
        with self._changed:
            self._rest_until = 0.0
            if self._is_posted:
                self._session.jobs.post(self._serve)
        if not self._care.needs_pause:
            return self._wait(timeout_s)
        with self._care.pause.given():
            return self._wait(timeout_s)

    def _wait(self, timeout_s: float | None) -> bool:
        with self._changed:
            return self._changed.wait_for(
                lambda: self._session.jobs.is_closed or not (self._is_posted or self._is_serving),
                timeout_s,
            )

    def close(self) -> None:
        """Tell the rest of the curves and that the training has ended; let go whoever waits for a
        pause."""
        self._care.pause.close()
        self._tell()
        self._session.gallery.end_training(self._network)

    def _post(self) -> None:
        with self._changed:
            if self._is_posted:
                return
            self._is_posted = True
            wait_s = max(0.0, self._rest_until - time.monotonic())
            try:
                self._session.jobs.post(self._serve, after_s=wait_s)
            except ClosedError:
                self._is_posted = False
                raise

    def _post_points(self) -> None:
        """See that the curves go on though no step is shown: what is told costs next to nothing."""
        with self._changed:
            if self._is_telling:
                return
            self._is_telling = True
            try:
                self._session.jobs.post(self._tell, after_s=TELL_S)
            except ClosedError:
                self._is_telling = False
                raise

    def _tell(self) -> None:
        """Tell the points of the curves that are new; the model thread, and whoever closes."""
        with self._changed:
            self._is_telling = False
            told, self._told = self._told, []
        try:
            points = [one.point() for one in told]
            self._session.gallery.add_points(self._network, points)
            self._last = points[-1] if points else self._last
        except Exception as error:  # noqa: BLE001 - said at the user's next line
            self._complaints.note("serving", _sentence("metrics could not be told", error), error)

    def _serve(self) -> None:
        """Serve what is there; the model thread."""
        with self._changed:
            if not self._is_posted:  # somebody did not want to wait, and it was served then
                return
            self._is_posted = False
            self._is_serving = True
        try:
            self._tell()
            self._show()
        except ClosedError:
            pass  # the training ended while a pause was waited for
        except Exception as error:  # noqa: BLE001 - said at the user's next line
            self._complaints.note("serving", _sentence("a step could not be shown", error), error)
        finally:
            with self._changed:
                rest_s = min(LONGEST_REST_S, self._cost_s * (1 / self._share - 1))
                self._rest_until = time.monotonic() + rest_s
                self._is_serving = False
                self._changed.notify_all()

    def _show(self) -> None:
        """Take out what was published and make a step of it."""
        self._cost_s = 0.0
        with self._care.running():  # the weights stay what they are until all is read
            started = time.monotonic()
            published = self._box.read()
            if published is None:
                return
            snapshot = self._take(published)
        self._session.gallery.warm(snapshot)
        try:
            self._session.gallery.write(snapshot)
        except OSError as error:
            self._complaints.note("disk", _sentence("no more steps are kept on disk", error), error)
        self._cost_s = time.monotonic() - started

    def _take(self, published: PublishedStep) -> Snapshot:
        network, snapshot, recording = self._session.take_step(self._network, published.step)
        if recording.error is not None:
            self._complaints.note(
                "forward", f"forward stopped at step {published.step}: {recording.error}"
            )
        self._departure = self._departure or recording.departure
        units = SilentUnits(snapshot)
        for batch in self._more:
            if units.is_settled:
                break
            units.see(network.recorder.record(batch.args, batch.kwargs))
        nodes, histograms = self._books.record(network, snapshot, published, units)
        warnings = (
            *self._changed_graph,
            *self._health.judge(network.graph, nodes, self._point(published.step)),
        )
        self._changed_graph.clear()
        step = TrainingStep(
            step=published.step, snapshot=snapshot.id, nodes=nodes, warnings=warnings
        )
        self._session.gallery.add_step(self._network, step, histograms)
        return snapshot

    def _point(self, step: int) -> MetricPoint | None:
        return self._last if self._last is not None and self._last.step == step else None

    def _trace_again(self) -> None:
        """Trace the network anew; the training waits meanwhile."""
        reason, self._departure = self._departure, None
        if reason is None or self._traces >= MOST_TRACES:
            return
        self._traces += 1
        again = f"the network is another than before ({reason}) and was traced anew"
        if self._traces == MOST_TRACES:
            again += "; it changes often, so this was the last time"
        self._complaints.note("graph", again)
        with self._care.running():
            self._session.trace_again(self._network, again)
            step = 0 if self._last is None else self._last.step
            _, snapshot, _ = self._session.take_step(self._network, step)
        self._changed_graph.append(HealthWarning(kind="graph-changed", text=again))
        self._session.gallery.warm(snapshot)


def _sentence(what: str, error: Exception) -> str:
    text = (str(error).splitlines() or [""])[0]
    return f"{what}: {text if isinstance(error, LayerwalkError) else f'{type(error).__name__}: {text}'}"

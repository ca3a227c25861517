"""The networks that are served: each change of one, and each snapshot of one, is told of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from layerwalk.candidate import Candidate
from layerwalk.edits import Edits
from layerwalk.events import EventLog
from layerwalk.gallery import Gallery
from layerwalk.inputs.placed import Placed
from layerwalk.inputs.prepared import PreparedInput
from layerwalk.network import Network, make_network
from layerwalk.nodeviews import shown_again
from layerwalk.register import Register
from layerwalk.snapshots import Snapshot
from layerwalk.tracking import Recording
from layerwalk_shared.graph import Node, View
from layerwalk_shared.messages import NetworkAdded, NetworkChanged, WeightsChanged


class Networks:
    """Mutable, shared by all threads.

    Args:
        gallery: where snapshots are kept.
        events: told of every change.
        lock: guards all of it; the session's own, so that both make one consistent cut.
    """

    def __init__(self, gallery: Gallery, *, events: EventLog, lock: threading.RLock) -> None:
        self._gallery = gallery
        self._events = events
        self._lock = lock
        self._placed = Placed()
        self._register: Register[Network] = Register("network", letter="n", lock=lock)

    def get(self, network_id: str) -> Network:
        """Return a network.

        Raises:
            NotFoundError: there is no such network.
        """
        return self._register.get(network_id)

    def all(self) -> tuple[Network, ...]:
        """Return all networks, in the order they were added."""
        return tuple(network for _, network in self._register.items())

    def add(self, candidate: Candidate) -> str:
        """Trace a candidate and take its first snapshot; return its id. Model thread only.

        Raises:
            InvalidRequestError: a view shows none of its nodes.
            ModelError: it cannot be traced. One whose forward raises is served up to there.
        """
        network_id = self._register.reserve()
        network = make_network(candidate, network_id)
        snapshot, _ = self._run(network, candidate.first)
        with self._lock:
            self._register.put(network_id, network)
            self._events.publish(NetworkAdded, network=network.summary())
            snapshot = self._keep(snapshot)
        self._gallery.warm(snapshot)
        return network_id

    def take(
        self, network_id: str, prepared: PreparedInput, *, client: str | None
    ) -> tuple[Snapshot, Recording]:
        """Run a network on an input, keep what came of it and tell of it; model thread only.

        What the client put on other arguments stays there.

        Raises:
            NotFoundError: there is no such network.
        """
        network = self.get(network_id)
        lying = self._placed.put(network_id, client, prepared, shown=network.example.slot)
        beside = [one for one in lying if one is not prepared]
        snapshot, recording = self._run(network, prepared, client=client, beside=beside)
        return self._keep(snapshot), recording

    def take_step(self, network_id: str, step: int) -> tuple[Network, Snapshot, Recording]:
        """Take the snapshot of a training step, keep it and tell of it; model thread only.

        It shows what the network was first shown with.

        A network that took another way than when it was traced is not told of here; see
        `trace_again`.

        Raises:
            NotFoundError: there is no such network.
        """
        network = self.get(network_id)
        snapshot, recording = self._run(network, network.first, step=step)
        return network, self._keep(snapshot), recording

    def trace_again(self, network_id: str, reason: str) -> Network:
        """Trace a network anew and tell that its graph is another; model thread only.

        Snapshots of the former graph are dropped: nobody could tell their nodes.

        Raises:
            NotFoundError: there is no such network.
            ModelError: it cannot be traced.
        """
        network = self.get(network_id).traced_again()
        with self._lock:
            before = self.get(network_id)
            self._change(network, reason)
            self._gallery.clear(network_id, before.graph, network.graph)
        before.recorder.close()
        return network

    def change_weights(
        self, network_id: str, change: Callable[[Edits], object], *, client: str | None
    ) -> str | None:
        """Change the edits of a twin, tell of it, and run again what is shown; model thread only.

        The newest input of every client, and the one that belongs to nobody, is run with the weights
        as they are then.

        Args:
            network_id: which network.
            change: makes the change.
            client: who asks.

        Returns:
            The new snapshot of that client, else the shared one.

        Raises:
            NotFoundError: there is no such network.
            InvalidRequestError: the twin is the user's own model.
        """
        network = self.get(network_id)
        network.check_own_twin()
        with network.care.running():
            change(network.edits)
        with self._lock:
            self._events.publish(WeightsChanged, network=network_id, edited=network.edited())
            newest = {
                one.manifest.client: one
                for one in self._gallery.of(network_id)
                if one.manifest.is_run and one.graph.index == network.graph.index
            }
        made: dict[str | None, str] = {}
        for one in sorted(newest.values(), key=lambda one: one.generation):
            *beside, last = _last_put(network.inputs_of(one), one, network)
            snapshot, _ = self._run(network, last, client=one.manifest.client, beside=beside)
            made[one.manifest.client] = self._keep(snapshot).id
            self._gallery.warm(snapshot)
        return made.get(client, made.get(None))

    def show_as(self, network_id: str, node_id: str, view: View | None) -> Node:
        """Show a node another way, for everyone; None restores the guess. Return it as shown now.

        Snapshots stay as they are. The newest of the network, and the newest of each client, come
        once more as new ones of the same values, shown the new way.

        Raises:
            NotFoundError: there is no such network or node; names the nearest.
            InvalidRequestError: the view cannot show the node's shape; names those that can.
        """
        again: list[Snapshot] = []
        with self._lock:
            before = self.get(network_id)
            network = before.with_view(node_id, view)
            node = network.graph.node(node_id)
            if node == before.graph.node(node_id):
                self._register.put(network_id, network)
                return node
            self._change(network, f"{node_id} is shown as {node.view}")
            newest = {
                one.manifest.client: one
                for one in self._gallery.of(network_id)
                if one.manifest.is_run
            }
            for one in sorted(newest.values(), key=lambda one: one.generation):
                new_id, generation = self._gallery.reserve()
                made = shown_again(one, network.graph, snapshot_id=new_id, generation=generation)
                again.append(self._keep(made))
        for one in again:
            self._gallery.warm(one)
        return node

    def close(self) -> None:
        """Take the hooks off all networks; the model thread has ended."""
        for network in self.all():
            network.recorder.close()

    def _change(self, network: Network, reason: str) -> None:
        self._register.put(network.id, network)
        self._events.publish(NetworkChanged, network=network.summary(), reason=reason)

    def _run(
        self,
        network: Network,
        prepared: PreparedInput,
        *,
        client: str | None = None,
        step: int | None = None,
        beside: Sequence[PreparedInput] = (),
    ) -> tuple[Snapshot, Recording]:
        snapshot_id, generation = self._gallery.reserve()
        return network.run(
            prepared,
            snapshot_id=snapshot_id,
            generation=generation,
            client=client,
            step=step,
            beside=beside,
        )

    def _keep(self, snapshot: Snapshot) -> Snapshot:
        """Keep a snapshot and tell of it; return it, shown as is wished now."""
        with self._lock:
            graph = self.get(snapshot.manifest.network).graph
            if snapshot.graph is not graph and snapshot.graph.index == graph.index:
                snapshot = shown_again(
                    snapshot, graph, snapshot_id=snapshot.id, generation=snapshot.generation
                )
            self._gallery.put(snapshot)
        return snapshot


def _last_put(
    inputs: Sequence[PreparedInput], snapshot: Snapshot, network: Network
) -> list[PreparedInput]:
    """Return what lay on the inputs, that which was put on last at the end."""
    put = next(
        (one for one in inputs if one.reference == snapshot.manifest.input),
        next((one for one in inputs if one.slot == network.first.slot), inputs[0]),
    )
    return [*(one for one in inputs if one is not put), put]

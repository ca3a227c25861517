"""A server read step by step, for tools that need no world: each call waits for its answer."""

from __future__ import annotations

import secrets
from types import TracebackType

from layerwalk_client.source import exchange, records
from layerwalk_client.source.arrivals import ManifestArrived, TrainingArrived
from layerwalk_client.source.asking import Manifest, PutInput, Puttable, Training
from layerwalk_client.source.connection import Address, Connection
from layerwalk_client.source.files import NodeFile
from layerwalk_client.source.http import chosen_network
from layerwalk_shared.errors import LayerwalkError, NotFoundError, error_from_problem
from layerwalk_shared.messages import NetworkDescription, SessionDescription, SnapshotManifest

JOB_WAIT_S = 10
PATIENCE_S = 120.0


class Reader:
    """A connection of its own to a server's network. Mutable, owned by one thread.

    Args:
        url, token: of the server.
        network: id or name; None: the first.

    Raises:
        LayerwalkError: there is no server, or no such network.

    Attributes:
        session, network: what there is.
        shown: the newest snapshot that nobody owns alone, or that of what was put on last; None:
            none yet.
    """

    def __init__(self, url: str, *, token: str | None = None, network: str | None = None) -> None:
        address = Address.parse(url)
        self._connection = Connection(address, client=secrets.token_hex(8), token=token)
        try:
            self.session: SessionDescription = exchange.read_session(self._connection)
            chosen = chosen_network(self.session, network, address=str(address))
            self.network: NetworkDescription = exchange.read_network(self._connection, chosen)
        except LayerwalkError:
            self.close()
            raise
        self.shown: SnapshotManifest | None = self.network.snapshot

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def put(self, image: Puttable, *, title: str = "") -> SnapshotManifest:
        """Put something on the input; return the snapshot of it.

        Raises:
            LayerwalkError: it does not fit, or took too long.
        """
        wish = PutInput(self.network.id, image, title=title)
        job = exchange.grant(self._connection, wish).job
        waited_s = 0.0
        while job.state in ("queued", "running"):
            if waited_s >= PATIENCE_S:
                raise LayerwalkError(f"no answer to the input after {PATIENCE_S:.0f} s")
            job = exchange.read_job(self._connection, job.id, wait_s=JOB_WAIT_S)
            waited_s += JOB_WAIT_S
        if job.problem is not None:
            raise error_from_problem(job.problem)
        if job.snapshot is None:
            raise NotFoundError(f"job {job.id!r} ended without a snapshot ({job.state})")
        return self._read(job.snapshot)

    def _read(self, snapshot: str) -> SnapshotManifest:
        arrival = records.perform(self._connection, Manifest(snapshot))
        assert isinstance(arrival, ManifestArrived)
        self.shown = arrival.manifest
        return arrival.manifest

    def choose_step(self, number: int) -> SnapshotManifest:
        """Read a served step of the training; return its snapshot.

        Raises:
            NotFoundError: it was not served, or its snapshot is gone.
        """
        arrival = records.perform(self._connection, Training(self.network.id))
        assert isinstance(arrival, TrainingArrived)
        step = next((one for one in arrival.history.steps if one.step == number), None)
        if step is None or step.snapshot is None:
            gone = "it was not served" if step is None else "its snapshot is gone"
            raise NotFoundError(f"step {number} of the training cannot be read: {gone}")
        return self._read(step.snapshot)

    def file(self, fetch: NodeFile) -> bytes:
        """Return a node's values as a file.

        Raises:
            LayerwalkError: there is no such node or channel.
        """
        return exchange.node_file(self._connection, fetch)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

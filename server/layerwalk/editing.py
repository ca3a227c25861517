"""Changes of the weights of twins that are asked for, as jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from layerwalk.edits import Edits
from layerwalk.jobs import JobHandle, JobQueue
from layerwalk.network import Network
from layerwalk.networks import Networks
from layerwalk_shared.messages import Job, WeightEdit


class Editing:
    """Takes changes of weights; any thread asks, the work is the model thread's.

    Args:
        networks: that are served.
        jobs: the model thread.
    """

    def __init__(self, networks: Networks, jobs: JobQueue) -> None:
        self._networks, self._jobs = networks, jobs

    def edit(
        self,
        network_id: str,
        node_id: str,
        edits: Sequence[WeightEdit],
        *,
        client: str | None = None,
    ) -> Job:
        """Set the edits of the weights behind a node of a twin; the job ends with a snapshot.

        Raises:
            NotFoundError: no such network, node or channel, or it has no weights.
            InvalidRequestError: they do not fit the module, or the twin is the user's own model.
            BusyError: see `JobQueue`.
        """
        network = self._networks.get(network_id)
        path = network.module_of(node_id)
        network.edits.check(path, edits, node=node_id)
        return self._change(network, lambda held: held.put(path, edits, node=node_id), client)

    def replace(
        self,
        network_id: str,
        node_id: str,
        values: NDArray[np.generic],
        *,
        client: str | None = None,
    ) -> Job:
        """Put a whole tensor in the place of the weights behind a node of a twin.

        Raises:
            NotFoundError, InvalidRequestError, BusyError: see `edit`.
            InputError: another shape, or numbers that are not finite.
        """
        network = self._networks.get(network_id)
        path = network.module_of(node_id)
        network.edits.check_array(path, values, node=node_id)
        return self._change(network, lambda held: held.replace(path, values, node=node_id), client)

    def restore(self, network_id: str, node_id: str | None, *, client: str | None = None) -> Job:
        """Put the weights behind a node back, or (None) all of a network's.

        Raises:
            NotFoundError, InvalidRequestError, BusyError: see `edit`.
        """
        network = self._networks.get(network_id)
        path = None if node_id is None else network.module_of(node_id)
        return self._change(network, lambda held: held.drop(path), client)

    def _change(
        self, network: Network, change: Callable[[Edits], object], client: str | None
    ) -> Job:
        network.check_own_twin()

        def work(handle: JobHandle) -> str | None:
            handle.check()
            return self._networks.change_weights(network.id, change, client=client)

        return self._jobs.submit("forward", network.id, work=work, client=client)

"""What a network's weights are told apart by, without reading them all at every question."""

from __future__ import annotations

import threading
from itertools import chain

import torch
from torch import nn

from layerwalk.maximisation.keeping import fingerprint
from layerwalk.network import Network

_Token = tuple[object, ...]


class Prints:
    """Fingerprints of networks. Mutable, shared by all threads.

    A fingerprint is made of every weight; it is made anew only where a tensor of the network is
    another one or was written since, which torch counts.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[_Token, Network, str]] = {}

    def of(self, network: Network) -> str:
        """Return 64 hexadecimal digits that differ where the network would answer otherwise."""
        with network.care.reading():
            token = _token(network.twin)
            with self._lock:
                known = self._known.get(network.id)
            if token is not None and known is not None and known[0] == token:
                _, before, found = known
                if before.trace is network.trace:
                    return found
            found = fingerprint(network.twin, network.trace.graph, network.input, torch.float32)
            if token is not None:
                with self._lock:
                    self._known[network.id] = token, network, found
            return found


def _token(model: nn.Module) -> _Token | None:
    """Return what differs once a tensor of a model is another or was written; None: unknown."""
    try:
        return tuple(
            (id(tensor), tensor.data_ptr(), tensor._version)
            for tensor in chain(model.parameters(), model.buffers())
        )
    except RuntimeError:  # tensors of inference mode count no writes
        return None

"""What each client has put on the arguments of networks that take several."""

from __future__ import annotations

from collections import OrderedDict

from layerwalk.inputs.prepared import PreparedInput, Slot

MOST_CLIENTS = 64
"""The one that put nothing on for the longest time is forgotten beyond that."""


class Placed:
    """Mutable, owned by the model thread.

    Who gives no name is nobody again with the next request, so for it nothing is kept.
    """

    def __init__(self) -> None:
        self._by_client: OrderedDict[tuple[str, str], dict[Slot, PreparedInput]] = OrderedDict()

    def put(
        self, network_id: str, client: str | None, made: PreparedInput, *, shown: Slot
    ) -> tuple[PreparedInput, ...]:
        """Keep what a client puts on an argument; return all that it has put on this network.

        Args:
            network_id: which network.
            client: who; None: nobody, whose other arguments are as in the example.
            made: what is put on.
            shown: place of the argument that is meant where `made` names none.
        """
        if client is None:
            return (made,)
        key = network_id, client
        kept = {**self._by_client.get(key, {}), made.slot or shown: made}
        self._by_client[key] = kept
        self._by_client.move_to_end(key)
        while len(self._by_client) > MOST_CLIENTS:
            self._by_client.popitem(last=False)
        return tuple(kept.values())

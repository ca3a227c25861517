"""Changing weights of the server's copy: which nodes are edited, and what the answer was before."""

from __future__ import annotations

from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.source.arrivals import Arrival, EventArrived
from layerwalk_client.source.wishes import EditWeights, ResetWeights
from layerwalk_client.world.edited import EditedView, silencing_node
from layerwalk_shared.messages import (
    EditedNode,
    NetworkDescription,
    ScaleChannels,
    SnapshotManifest,
    WeightEdit,
    WeightsChanged,
)


class Editing:
    """Mutable, owned by the main thread.

    Args:
        stage: whose network it is.

    Attributes:
        nodes: that are edited, as the server has told.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._network: NetworkDescription | None = None
        self._before: SnapshotManifest | None = None
        self.nodes: tuple[EditedNode, ...] = ()

    @property
    def is_any(self) -> bool:
        """Whether any weights are edited."""
        return bool(self.nodes)

    def silence(self, node: int, channel: int) -> str:
        """Silence a channel, or let it speak again; return what to say of it."""
        network = self._stage.network
        if network is None:
            return ""
        graph = network.graph
        maker = silencing_node(graph, node)
        if maker is None:
            return f"{graph.nodes[node].id} is made by no weights of its own"
        name = graph.nodes[maker].id
        held = next((one for one in self.nodes if one.node == name), EditedNode(node=name))
        if channel in held.silenced:
            edits = _without(held.edits, channel)
            text = f"{name}  channel {channel} speaks again"
        else:
            edits = (*held.edits, ScaleChannels(channels=(channel,)))
            text = f"{name}  channel {channel} is silenced"
        if edits:
            self._stage.submit(EditWeights(network.id, name, _joined(edits)))
        else:
            self._stage.submit(ResetWeights(network.id, name))
        return text

    def reset(self) -> str:
        """Put all weights back; return what to say of it."""
        network = self._stage.network
        if network is None or not self.nodes:
            return "no weights are edited"
        self._stage.submit(ResetWeights(network.id))
        return "all weights are as they were"

    def take(self, arrival: Arrival) -> bool:
        """Take in that weights were changed; return whether they were."""
        if not isinstance(arrival, EventArrived) or not isinstance(arrival.event, WeightsChanged):
            return False
        network = self._stage.network
        if network is None or arrival.event.network != network.id:
            return False
        if not self.nodes:
            self._before = self._stage.shown
        self.nodes = arrival.event.edited
        if not self.nodes:
            self._before = None
        return True

    def keep_up(self) -> bool:
        """Let the walls and the answer's board show what is edited; return whether they changed."""
        network, shown = self._stage.network, self._stage.shown
        if network is not self._network:
            self._network = network
            self._before = None
            self.nodes = () if network is None else network.edited
        before = self._before
        if before is not None and (shown is None or before.input != shown.input):
            before = None
        if not self._stage.scenery.dress(EditedView(self.nodes, before)):
            return False
        return self._stage.arrange(self._stage.scenery.arranged)


def _without(edits: tuple[WeightEdit, ...], channel: int) -> tuple[WeightEdit, ...]:
    """Return the edits without what silences a channel."""
    kept: list[WeightEdit] = []
    for edit in edits:
        if isinstance(edit, ScaleChannels) and edit.factor == 0 and channel in edit.channels:
            rest = tuple(one for one in edit.channels if one != channel)
            if rest:
                kept.append(ScaleChannels(channels=rest, factor=0.0))
            continue
        kept.append(edit)
    return tuple(kept)


def _joined(edits: tuple[WeightEdit, ...]) -> tuple[WeightEdit, ...]:
    """Return the edits with all that silences channels as one."""
    silent = [one for one in edits if isinstance(one, ScaleChannels) and one.factor == 0]
    channels = tuple(dict.fromkeys(channel for one in silent for channel in one.channels))
    others = tuple(one for one in edits if one not in silent)
    return (*others, ScaleChannels(channels=channels)) if channels else others

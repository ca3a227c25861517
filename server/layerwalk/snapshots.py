"""A snapshot: the values of every node for one input and one state of the weights, frozen."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from layerwalk_shared.contributions import Contributions
from layerwalk_shared.errors import InvalidRequestError, NotFoundError
from layerwalk_shared.graph import Graph, View
from layerwalk_shared.messages import InputSpec, SnapshotManifest
from layerwalk_shared.views import guess_view, picture_shape

Values = NDArray[np.generic]


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All that one run of a network left, read-only, so that any thread may look at it.

    Attributes:
        manifest: everything but the values; its `id` and `generation` never come back.
        graph: of the network.
        values: of each node of `graph`, without batch axis; None where the model did not get to.
            Nodes that share their values (`same_as`) share the array. Made read-only here.
        input: how a picture became the input, for showing it as a picture again.
        contributions: what each channel and edge gave, of an attribution.
        nbytes: of all values, shared ones counted once.
        views: how each node is shown: as the graph says, where that fits the shape it has here;
            the node of a maximisation as the pictures or maps that its values are; of a difference
            see `difference_view`.
    """

    manifest: SnapshotManifest
    graph: Graph
    values: tuple[Values | None, ...]
    input: InputSpec
    contributions: Contributions | None = None
    nbytes: int = field(init=False)
    views: tuple[View, ...] = field(init=False)

    def __post_init__(self) -> None:
        assert len(self.values) == len(self.graph.nodes) == len(self.manifest.nodes)
        frozen = tuple(None if array is None else _read_only(array) for array in self.values)
        distinct = {_place(array): array.nbytes for array in frozen if array is not None}
        object.__setattr__(self, "values", frozen)
        object.__setattr__(self, "nbytes", sum(distinct.values()))
        shown = zip(self.graph.nodes, self.manifest.nodes, strict=True)
        made = self.manifest.maximised
        views = tuple(
            self._view_of_inputs()
            if made is not None and node.id == made.node
            else self._view_of(node.view, statistics.shape)
            for node, statistics in shown
        )
        object.__setattr__(self, "views", views)

    def _view_of_inputs(self) -> View:
        """Return how inputs of the network are shown where they are the pictures of a node."""
        return "pictures" if self.input.kind == "image" else "maps"

    def _view_of(self, view: View, shape: tuple[int, ...]) -> View:
        if self.manifest.attributed is not None and view == "image":
            view = "maps"  # what a picture gave is a map
        fitting = fitting_view(view, shape)
        return fitting if self.manifest.compared is None else difference_view(fitting)

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def generation(self) -> int:
        return self.manifest.generation

    def original(self, node: int) -> int:
        """Return the index of the first node that has the very values of node index `node`."""
        while (same_as := self.manifest.nodes[node].same_as) is not None:
            node = same_as
        return node

    def pictures(self, node: int) -> tuple[int, int, int]:
        """Return (channels, height, width) of a node as drawn in this snapshot.

        They differ from the graph's where the shape depends on the input.
        """
        return self.manifest.nodes[node].pictures

    def channel_of(self, node: int, channel: int) -> slice:
        """Return the slice that is one channel of a node.

        Of a maximisation it is the picture of that unit; of one of a whole node, picture 0.

        Raises:
            NotFoundError: the node has no such channel, or no values.
        """
        self.node_values(node)
        made = self.manifest.maximised
        if made is not None and made.node == self.graph.nodes[node].id:
            units = [image.channel or 0 for image in made.images]
            if channel not in units:
                raise NotFoundError(f"channel {channel} of node {made.node!r} was not maximised")
            channel = units.index(channel)
        count = self.pictures(node)[0]
        if not 0 <= channel < count:
            raise NotFoundError(
                f"channel {channel} is not in node {self.graph.nodes[node].id!r} (0 to {count - 1})"
            )
        return slice(channel, channel + 1)

    def node_values(self, node: int) -> Values:
        """Return the values of the node with that index, read-only, without batch axis.

        Raises:
            NotFoundError: there is no such index, or the model did not get to that node.
        """
        if not 0 <= node < len(self.values):
            raise NotFoundError(
                f"node index {node} is not in network {self.manifest.network!r} "
                f"({len(self.values)} nodes)"
            )
        found = self.values[self.original(node)]
        if found is None:
            raise NotFoundError(
                f"node {self.graph.nodes[node].id!r} has no values in snapshot {self.id!r}"
                + (f": {self.manifest.error}" if self.manifest.error else "")
            )
        return found


def _read_only(array: Values) -> Values:
    view = array.view() if array.flags.c_contiguous else np.ascontiguousarray(array)
    view.flags.writeable = False
    return view


def _place(array: Values) -> tuple[int, int]:
    return array.ctypes.data, array.nbytes


def fitting_view(view: View, shape: tuple[int, ...]) -> View:
    """Return `view` where it can show a tensor of `shape`, else the one guessed from the shape."""
    try:
        picture_shape(view, shape)
    except InvalidRequestError:
        return guess_view(shape)
    return view


def difference_view(view: View) -> View:
    """Return how a difference of values is shown that are shown as `view`: it is no image."""
    return "maps" if view in ("image", "pictures") else view

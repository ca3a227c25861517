"""Made-up surveys: scores of the made-up data set, what excites a channel, weights around it."""

from __future__ import annotations

import numpy as np

from layerwalk_client.source.arrivals import PageArrived, TidingsArrived
from layerwalk_client.source.made_up import weights_of
from layerwalk_client.source.showcase import ITEMS
from layerwalk_client.source.surveying import (
    Excite,
    Exciting,
    ItemPage,
    Listing,
    Scores,
    Survey,
    Told,
    WeightsAround,
)
from layerwalk_client.source.synthetic import CLASSES, Floats
from layerwalk_shared.errors import NotFoundError
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import (
    ChannelExcitations,
    ChannelLink,
    ChannelWeights,
    ClassRate,
    DatasetItem,
    DatasetPage,
    ExcitingItem,
    ScoreSummary,
)

WRONG_EVERY = 7
"""Of the items, one of so many is taken for the class after its own."""


class MadeUpSurveys:
    """What was asked of a made-up network about its data set. Mutable, owned by the main thread.

    Args:
        network: its id.
        classes: names of its outputs; () where it has none: nothing is compared then.
    """

    def __init__(self, network: str, classes: tuple[str, ...]) -> None:
        self._network, self._classes = network, classes
        self._scored = 0
        self._searched: dict[str, int] = {}

    def take(self, wish: Survey) -> None:
        """Do what is wished for, at once."""
        count = min(wish.request.first or ITEMS, ITEMS)
        if isinstance(wish, Excite):
            self._searched |= dict.fromkeys(wish.request.nodes, count)
        else:
            self._scored = max(self._scored, count)

    def page(self, fetch: ItemPage) -> PageArrived:
        """Answer a fetch of items."""
        found = [_item(index, self._scored_of(fetch.listing)) for index in range(ITEMS)]
        items = _arranged(found, fetch.listing)
        page = DatasetPage(
            dataset=fetch.listing.dataset,
            offset=fetch.offset,
            total=len(items),
            items=tuple(items[fetch.offset : fetch.offset + fetch.limit]),
            scores="fresh" if self._scored_of(fetch.listing) else "none",
        )
        return PageArrived(fetch, page)

    def tell(self, graph: Graph, fetch: Told) -> TidingsArrived:
        """Answer a fetch about surveys or weights.

        Raises:
            NotFoundError: there is no such node.
        """
        if isinstance(fetch, Scores):
            return TidingsArrived(fetch, self._summary(fetch))
        graph.node(fetch.node)
        if isinstance(fetch, Exciting):
            return TidingsArrived(fetch, self._exciting(graph, fetch))
        return TidingsArrived(fetch, _weights(graph, fetch))

    def _scored_of(self, listing: Listing) -> int:
        return self._scored if listing.network == self._network else 0

    def _summary(self, fetch: Scores) -> ScoreSummary:
        items = [_item(index, self._scored) for index in range(self._scored)]
        rates = tuple(
            ClassRate(
                name=label,
                compared=sum(one.label == label for one in items),
                right=sum(one.label == label and one.is_right is True for one in items),
            )
            for label in CLASSES
        )
        return ScoreSummary(
            network=fetch.network,
            dataset=fetch.dataset,
            state="fresh" if self._scored else "none",
            count=ITEMS,
            scored=self._scored,
            compared=len(items),
            right=sum(one.is_right is True for one in items),
            classes=rates,
        )

    def _exciting(self, graph: Graph, fetch: Exciting) -> ChannelExcitations:
        node = graph.node(fetch.node)
        sizes = node.shape[1:] if node.view == "maps" else ()
        scanned = self._searched.get(fetch.node, 0)
        order = [(index * 37 + fetch.channel * 11) % max(1, scanned) for index in range(fetch.most)]
        found = tuple(
            ExcitingItem(
                item=item,
                name=f"shapes {item}",
                label=CLASSES[item % len(CLASSES)],
                value=round(6.5 * 0.93**rank, 4),
                position=tuple((item * 5 + 3 * axis) % size for axis, size in enumerate(sizes)),
            )
            for rank, item in enumerate(dict.fromkeys(order))
        )
        mean = tuple(one.model_copy(update={"value": one.value / 9}) for one in reversed(found))
        return ChannelExcitations(
            network=fetch.network,
            node=fetch.node,
            channel=fetch.channel,
            dataset=fetch.dataset,
            state="fresh" if scanned else "none",
            count=ITEMS,
            scanned=scanned,
            positions=sizes,
            by_maximum=found if scanned else (),
            by_mean=mean if scanned else (),
        )


def _item(index: int, scored: int) -> DatasetItem:
    label = CLASSES[index % len(CLASSES)]
    item = DatasetItem(index=index, name=f"shapes {index}", label=label)
    if index >= scored:
        return item
    is_right = index % WRONG_EVERY != 3
    answer = label if is_right else CLASSES[(index + 1) % len(CLASSES)]
    sure = 0.45 + 0.54 * abs(np.sin(index * 1.7))
    return item.model_copy(
        update={"prediction": answer, "probability": float(sure), "is_right": is_right}
    )


def _arranged(items: list[DatasetItem], listing: Listing) -> list[DatasetItem]:
    text = listing.text.casefold()
    found = [
        one
        for one in items
        if listing.label in (None, one.label) and text in f"{one.name}\n{one.label}".casefold()
    ]
    if listing.order == "least-sure":
        return sorted(found, key=lambda one: one.probability or 2.0)
    if listing.order != "index":
        first = listing.order == "right-first"
        return sorted(found, key=lambda one: (one.is_right is not first, -(one.probability or 0.0)))
    return found


def _weights(graph: Graph, fetch: WeightsAround) -> ChannelWeights:
    node = graph.node(fetch.node)
    try:
        own = weights_of(node)
    except NotFoundError:
        own = np.zeros((0, 0), np.float32)
    sources = graph.predecessors[fetch.node]
    incoming: list[ChannelLink] = []
    if sources and fetch.channel < len(own):
        incoming = [
            _link(sources[0], place, node.id, kernel)
            for place, kernel in enumerate(own[fetch.channel])
        ]
    outgoing: list[ChannelLink] = []
    for reader in graph.successors[fetch.node]:
        try:
            theirs = weights_of(graph.node(reader))
        except NotFoundError:
            continue
        if fetch.channel < theirs.shape[1]:
            outgoing += [
                _link(reader, place, reader, row[fetch.channel]) for place, row in enumerate(theirs)
            ]
    return ChannelWeights(
        node=node.id,
        channel=fetch.channel,
        layer=node.id if incoming else None,
        bias=0.12 if incoming else None,
        norm=float(np.linalg.norm(own[fetch.channel])) if incoming else 0.0,
        incoming=tuple(sorted(incoming, key=lambda one: -one.norm)[: fetch.most]),
        incoming_count=len(incoming),
        outgoing=tuple(sorted(outgoing, key=lambda one: -one.norm)[: fetch.most]),
        outgoing_count=len(outgoing),
    )


def _link(node: str, channel: int, layer: str, kernel: Floats) -> ChannelLink:
    values = np.asarray(kernel, np.float64)
    return ChannelLink(
        node=node,
        channel=channel,
        layer=layer,
        norm=float(np.linalg.norm(values)),
        total=float(values.sum()),
        shape=values.shape,
        kernel=tuple(values.reshape(-1).tolist()),
    )

"""The surveyor: whole data sets through networks, as jobs; what came of them is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from torch import Tensor

from layerwalk.answers import answer_of
from layerwalk.inputs.datasets import Dataset, name_and_label
from layerwalk.inputs.prepared import PreparedInput, from_item
from layerwalk.jobs import JobHandle, JobQueue
from layerwalk.limits import Limits
from layerwalk.maximisation.objectives import Place
from layerwalk.maximisation.truncated import place_of
from layerwalk.network import Network
from layerwalk.networks import Networks
from layerwalk.surveys.feed import Feed, Offer
from layerwalk.surveys.going import go_through
from layerwalk.surveys.kept import Kept
from layerwalk.surveys.passes import Passes
from layerwalk.surveys.prints import Prints
from layerwalk.surveys.scores import Scores, ScoreSheet
from layerwalk.surveys.strongest import Excitations, Ranking, Strongest, summarise
from layerwalk.tracking.reach import Reached
from layerwalk_shared.errors import DatasetError, InvalidRequestError, NotFoundError
from layerwalk_shared.messages import (
    ChannelExcitations,
    ExciteRequest,
    ExcitingItem,
    Job,
    ScoreRequest,
    ScoreSummary,
    SurveyState,
)

TOLD_EVERY_S = 1.0
"""While a data set is gone through, what is known is renewed so often at most."""


class Surveyor:
    """Takes requests for surveys. Mutable, shared by all threads; the work is the model thread's.

    Args:
        networks: that are served.
        jobs: the model thread.
        limits: how much of anything.
        dataset: gives a data set by its id.
        on_start: called first on every thread that reads items.
    """

    def __init__(
        self,
        *,
        networks: Networks,
        jobs: JobQueue,
        limits: Limits,
        dataset: Callable[[str], Dataset],
        on_start: Callable[[], object] = lambda: None,
    ) -> None:
        self._networks, self._jobs, self._limits = networks, jobs, limits
        self._dataset, self._on_start = dataset, on_start
        self._prints = Prints()
        self._scores: Kept[Scores] = Kept()
        self._excitations: Kept[Excitations] = Kept()

    def score(self, network_id: str, request: ScoreRequest, *, client: str | None = None) -> Job:
        """Queue the scoring of a data set; what is known already is not asked again. Any thread.

        Raises:
            NotFoundError: no such network or data set.
            DatasetError: the data set is empty.
            BusyError, ClosedError: see `JobQueue`.
        """
        network, dataset = self._checked(network_id, request.dataset)
        first = request.first
        known = self._fresh_scores(network, request.dataset)
        if known is not None and not ScoreSheet(
            len(dataset), classes=network.classes, before=known
        ).left(first):
            return self._jobs.enter_done(
                "score", network_id, client=client, dataset=request.dataset
            )

        def work(handle: JobHandle) -> None:
            self._score(handle, self._networks.get(network_id), request)

        return self._jobs.submit(
            "score", network_id, work=work, client=client, dataset=request.dataset
        )

    def excite(self, network_id: str, request: ExciteRequest, *, client: str | None = None) -> Job:
        """Queue a search for the strongest items of every channel of some nodes. Any thread.

        Raises:
            NotFoundError: no such network, node or data set.
            InvalidRequestError: a node is an input, or does not tell the items of a batch apart.
            DatasetError: the data set is empty.
            BusyError, ClosedError: see `JobQueue`.
        """
        network, dataset = self._checked(network_id, request.dataset)
        for node in request.nodes:
            _place(network, node)
        total = min(request.first or len(dataset), len(dataset))
        if not self._unscanned(network, request, total):
            return self._jobs.enter_done(
                "excite", network_id, client=client, node=request.nodes[0], dataset=request.dataset
            )

        def work(handle: JobHandle) -> None:
            self._excite(handle, self._networks.get(network_id), request, total)

        return self._jobs.submit(
            "excite",
            network_id,
            work=work,
            client=client,
            node=request.nodes[0],
            dataset=request.dataset,
        )

    def scores(self, network_id: str, dataset_id: str) -> tuple[Scores | None, SurveyState]:
        """Return what is known of a data set, and whether the weights are still those. Any thread.

        Raises:
            NotFoundError: no such network or data set.
        """
        network = self._networks.get(network_id)
        self._dataset(dataset_id)
        return self._scores.get((network_id, dataset_id), self._prints.of(network))

    def summary(self, network_id: str, dataset_id: str) -> ScoreSummary:
        """Return how right a network is about a data set. Any thread.

        Raises:
            NotFoundError: no such network or data set.
        """
        scores, state = self.scores(network_id, dataset_id)
        count = len(self._dataset(dataset_id))
        if scores is None:
            return ScoreSummary(network=network_id, dataset=dataset_id, state=state, count=count)
        answered = int((scores.predicted >= 0).sum())
        looked_at = int((scores.predicted != -1).sum())
        return ScoreSummary(
            network=network_id,
            dataset=dataset_id,
            state=state,
            count=count,
            scored=answered,
            unreadable=looked_at - answered,
            compared=int(scores.is_compared.sum()),
            right=int(scores.is_right.sum()),
            note=scores.matching.note,
            classes=scores.rates(),
        )

    def exciting(
        self, network_id: str, node: str, *, channel: int, dataset_id: str, most: int
    ) -> ChannelExcitations:
        """Return the items that excite a channel most, as far as they are known. Any thread.

        Raises:
            NotFoundError: no such network, node, channel or data set.
            InvalidRequestError: see `excite`.
        """
        network = self._networks.get(network_id)
        dataset = self._dataset(dataset_id)
        place = _place(network, node)
        if not channel < place.units:
            raise NotFoundError(
                f"channel {channel} is not in node {node!r} (0 to {place.units - 1})"
            )
        found, state = self._excitations.get(
            (network_id, dataset_id, node), self._prints.of(network)
        )
        made = ChannelExcitations(
            network=network_id,
            node=node,
            channel=channel,
            dataset=dataset_id,
            state=state,
            count=len(dataset),
            positions=place.positions,
        )
        if found is None:
            return made
        return made.model_copy(
            update={
                "scanned": found.scanned,
                "unreadable": found.unreadable,
                "positions": found.sizes,
                "by_maximum": _told(found.by_maximum, channel, dataset, found.sizes, most),
                "by_mean": _told(found.by_mean, channel, dataset, found.sizes, most),
            }
        )

    def _checked(self, network_id: str, dataset_id: str) -> tuple[Network, Dataset]:
        network, dataset = self._networks.get(network_id), self._dataset(dataset_id)
        if not len(dataset):
            raise DatasetError(f"data set {dataset.name!r} is empty")
        return network, dataset

    def _score(self, handle: JobHandle, network: Network, request: ScoreRequest) -> None:
        dataset = self._dataset(request.dataset)
        question, print_ = (network.id, request.dataset), self._prints.of(network)
        before, state = self._scores.get(question, print_)
        sheet = ScoreSheet(
            len(dataset),
            classes=network.classes,
            before=before if state == "fresh" else None,
        )
        left = sheet.left(request.first)
        total = min(request.first or len(dataset), len(dataset))

        def readout(reached: Reached, count: int) -> tuple[Tensor, ...] | None:
            answer = answer_of(reached.outputs, count=count)
            return None if answer is None else (answer,)

        passes = Passes(
            network,
            (),
            readout=readout,
            refusal=f"network {network.name!r} does not answer with one vector of classes, so "
            "nothing can be scored",
        )

        told_s = time.monotonic()

        def take(offers: Sequence[Offer], read: tuple[Tensor, ...]) -> None:
            nonlocal told_s
            sheet.take(offers, read)
            if time.monotonic() - told_s > TOLD_EVERY_S:
                self._scores.put(question, print_, sheet.frozen())
                told_s = time.monotonic()

        try:
            with self._feed(network, request.dataset, left) as feed:
                go_through(
                    handle,
                    feed,
                    passes,
                    done=total - len(left),
                    total=total,
                    take=take,
                    leave_out=sheet.leave_out,
                )
        finally:
            self._scores.put(question, print_, sheet.frozen())
        self._tell_of_change(handle, network, print_)
        if note := sheet.frozen().matching.note:
            handle.progress(1.0, note=note)

    def _excite(
        self, handle: JobHandle, network: Network, request: ExciteRequest, total: int
    ) -> None:
        print_ = self._prints.of(network)
        nodes = self._unscanned(network, request, total)
        if not nodes:
            return
        befores = [
            self._excitations.get((network.id, request.dataset, node), print_) for node in nodes
        ]
        known = [found if state == "fresh" else None for found, state in befores]
        if len({0 if one is None else one.scanned for one in known}) > 1:
            known = [None] * len(
                nodes
            )  # they were left at different places: all from the beginning
        strongest = [
            Strongest(_place(network, node), before)
            for node, before in zip(nodes, known, strict=True)
        ]
        done = strongest[0].scanned

        def readout(reached: Reached, count: int) -> tuple[Tensor, ...] | None:
            places = [one.place.fitted(reached.values[one.place.node], count) for one in strongest]
            if any(place is None for place in places):
                return None
            return tuple(
                summarise(place.by_unit(reached.values[place.node]))
                for place in places
                if place is not None
            )

        told_s = time.monotonic()

        def take(offers: Sequence[Offer], read: tuple[Tensor, ...]) -> None:
            nonlocal told_s
            for one, summary in zip(strongest, read, strict=True):
                one.take(offers, summary)
                one.scanned += len(offers)
            if time.monotonic() - told_s > TOLD_EVERY_S:
                keep()
                told_s = time.monotonic()

        def keep() -> None:
            for one in strongest:
                self._excitations.put(
                    (network.id, request.dataset, one.place.node), print_, one.frozen()
                )

        def leave_out(_: Offer) -> None:
            for one in strongest:
                one.scanned += 1
                one.unreadable += 1

        passes = Passes(
            network,
            nodes,
            readout=readout,
            refusal=f"the items of a batch cannot be told apart in {', '.join(nodes)}",
        )
        try:
            with self._feed(network, request.dataset, range(done, total)) as feed:
                go_through(
                    handle,
                    feed,
                    passes,
                    done=done,
                    total=total,
                    take=take,
                    leave_out=leave_out,
                )
        finally:
            keep()
        self._tell_of_change(handle, network, print_)

    def _feed(self, network: Network, dataset_id: str, indices: Sequence[int]) -> Feed:
        dataset, argument = self._dataset(dataset_id), network.argument(None)

        def read(index: int) -> PreparedInput:
            return from_item(
                dataset_id, dataset, index, argument, largest_side=self._limits.image_side
            )

        return Feed(read, indices, on_start=self._on_start)

    def _fresh_scores(self, network: Network, dataset_id: str) -> Scores | None:
        found, state = self._scores.get((network.id, dataset_id), self._prints.of(network))
        return found if state == "fresh" else None

    def _unscanned(self, network: Network, request: ExciteRequest, total: int) -> list[str]:
        """Return the nodes of a request of which not enough items were looked at."""
        print_ = self._prints.of(network)
        left = []
        for node in dict.fromkeys(request.nodes):
            found, state = self._excitations.get((network.id, request.dataset, node), print_)
            if found is None or state != "fresh" or found.scanned < total:
                left.append(node)
        return left

    def _tell_of_change(self, handle: JobHandle, network: Network, print_: str) -> None:
        """Note where the weights are others by now than those that the result is of."""
        if self._prints.of(network) != print_:
            handle.progress(1.0, note="the weights have changed meanwhile; this is of those before")


def _place(network: Network, node: str) -> Place:
    if network.graph.node(node).kind == "input":
        raise InvalidRequestError(f"node {node!r} is an input, whose items nothing has to excite")
    return place_of(network.graph, network.trace, node)


def _told(
    ranking: Ranking, channel: int, dataset: Dataset, sizes: Sequence[int], most: int
) -> tuple[ExcitingItem, ...]:
    found = []
    for rank in range(min(most, len(ranking.values))):
        value = float(ranking.values[rank, channel])
        if not np.isfinite(value):
            break
        item = int(ranking.items[rank, channel])
        try:
            name, label = name_and_label(dataset, item)
        except (DatasetError, NotFoundError):
            name, label = f"item {item}", None
        where = np.unravel_index(int(ranking.positions[rank, channel]), tuple(sizes) or (1,))
        position = tuple(int(at) for at in where) if sizes else ()
        found.append(
            ExcitingItem(item=item, name=name, label=label, value=value, position=position)
        )
    return tuple(found)

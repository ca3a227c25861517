"""A source without a server: a made-up network, answered at once, in the calling thread.

For tests and for looking around offline. What is asked is answered in `arrivals`, in the order it
was asked, so a run is the same every time.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from layerwalk_client.source.arrivals import (
    Arrival,
    Connected,
    EventArrived,
    PageArrived,
    PictureArrived,
    RequestFailed,
    StatisticsArrived,
    TilesArrived,
    ValuesArrived,
    WishTaken,
)
from layerwalk_client.source.asking import (
    OVERVIEW_SIDE,
    Fetch,
    ItemPage,
    ItemPicture,
    Kernels,
    Overview,
    PutInput,
    Sheet,
    Statistics,
    Tiles,
    Values,
    Wish,
)
from layerwalk_client.source.synthetic import (
    CLASSES,
    SIDE,
    SyntheticValues,
    make_tile,
    node_statistics,
    overview_keys,
    synthetic_graph,
    synthetic_item,
    synthetic_values,
)
from layerwalk_shared.errors import GoneError, InputError, LayerwalkError, NotFoundError
from layerwalk_shared.messages import (
    ChannelInput,
    ChannelStatistics,
    DatasetInput,
    DatasetItem,
    DatasetPage,
    DatasetSummary,
    Histogram,
    InputReference,
    InputSpec,
    Job,
    JobChanged,
    NetworkDescription,
    NetworkSummary,
    NoiseInput,
    SessionDescription,
    SnapshotManifest,
    SnapshotTaken,
    ValueStatistics,
)
from layerwalk_shared.tiles import TileKey

NETWORK = "synthetic"
DATASET = "shapes"
ITEMS = 240


class MemorySource:
    """A made-up network as a source. Mutable, owned by the main thread; no thread, no socket."""

    def __init__(self, *, on_arrival: Callable[[], None] | None = None) -> None:
        self._graph = synthetic_graph()
        self._on_arrival = on_arrival
        self._arrivals: deque[Arrival] = deque()
        self._snapshots: dict[str, tuple[SnapshotManifest, SyntheticValues]] = {}
        self._events = 0
        self._jobs = 0

    @property
    def client(self) -> str:
        """Id of this client."""
        return "memory"

    @property
    def address(self) -> str:
        """What stands where a URL would."""
        return "memory"

    def open(self) -> None:
        """Deliver Connected and the overview of the first picture."""
        manifest = self._take(
            synthetic_item(0),
            InputReference(kind="dataset", title="shapes 0", dataset=DATASET, item=0),
            client=None,
        )
        self._deliver(Connected(self._session(), self._network(manifest), 1))
        self.fetch(Overview(manifest.id))

    def want(self, batches: Sequence[Tiles]) -> None:
        """See `Source.want`."""
        for batch in batches:
            self.fetch(batch)

    def fetch(self, fetch: Fetch) -> None:
        """See `Source.fetch`."""
        try:
            self._deliver(self._answer(fetch))
        except LayerwalkError as error:
            self._deliver(RequestFailed(fetch, error))

    def submit(self, wish: Wish) -> None:
        """See `Source.submit`: the job is done by the time its events are read."""
        if not isinstance(wish, PutInput):
            error = NotFoundError(f"job {wish.job!r} is not running")
            self._deliver(RequestFailed(wish, error))
            return
        try:
            pixels, reference = self._picture(wish)
        except LayerwalkError as error:
            self._deliver(RequestFailed(wish, error))
            return
        self._jobs += 1
        job = Job(
            id=f"j{self._jobs}", kind="forward", network=NETWORK, state="queued", client="memory"
        )
        self._deliver(WishTaken(wish, job))
        manifest = self._take(pixels, reference, client=self.client)
        self._tell(SnapshotTaken(number=self._number(), manifest=manifest))
        done = job.model_copy(update={"state": "done", "progress": 1.0, "snapshot": manifest.id})
        self._tell(JobChanged(number=self._number(), job=done))

    def arrivals(self) -> list[Arrival]:
        """See `Source.arrivals`."""
        found = list(self._arrivals)
        self._arrivals.clear()
        return found

    def close(self) -> None:
        """Forget everything."""
        self._arrivals.clear()
        self._snapshots.clear()

    def _deliver(self, arrival: Arrival) -> None:
        self._arrivals.append(arrival)
        if self._on_arrival is not None:
            self._on_arrival()

    def _tell(self, event: SnapshotTaken | JobChanged) -> None:
        self._deliver(EventArrived(event))

    def _number(self) -> int:
        self._events += 1
        return self._events

    def _session(self) -> SessionDescription:
        return SessionDescription(
            version="0",
            networks=(
                NetworkSummary(
                    id=NETWORK, name=NETWORK, nodes=len(self._graph.nodes),
                    classes=len(CLASSES), parameters=0,
                ),
            ),
            datasets=(DatasetSummary(id=DATASET, name="Shapes", count=ITEMS, classes=CLASSES),),
            last_event=self._events,
        )  # fmt: skip

    def _network(self, manifest: SnapshotManifest) -> NetworkDescription:
        return NetworkDescription(
            id=NETWORK,
            name=NETWORK,
            graph=self._graph,
            input=InputSpec(kind="image", shape=(3, SIDE, SIDE)),
            classes=CLASSES,
            snapshot=manifest,
        )

    def _take(
        self, pixels: NDArray[np.uint8], reference: InputReference, *, client: str | None
    ) -> SnapshotManifest:
        values = synthetic_values(self._graph, np.asarray(pixels / np.float32(255), np.float32))
        number = len(self._snapshots) + 1
        manifest = SnapshotManifest(
            id=f"s{number}", network=NETWORK, generation=number, input=reference, client=client,
            nodes=node_statistics(self._graph, values), top=values.top,
        )  # fmt: skip
        self._snapshots[manifest.id] = (manifest, values)
        return manifest

    def _held(self, snapshot: str) -> tuple[SnapshotManifest, SyntheticValues]:
        if snapshot not in self._snapshots:
            raise GoneError(f"snapshot {snapshot!r} is not kept")
        return self._snapshots[snapshot]

    def _picture(self, wish: PutInput) -> tuple[NDArray[np.uint8], InputReference]:
        image = wish.image
        if isinstance(image, DatasetInput):
            if image.dataset != DATASET or image.item >= ITEMS:
                raise NotFoundError(f"item {image.item} of data set {image.dataset!r}")
            title = f"shapes {image.item}"
            reference = InputReference(
                kind="dataset", title=title, dataset=DATASET, item=image.item,
                label=CLASSES[image.item % len(CLASSES)],
            )  # fmt: skip
            return synthetic_item(image.item), reference
        if isinstance(image, NoiseInput):
            noise = np.random.default_rng(image.seed).normal(0.5, image.amplitude, (SIDE, SIDE, 3))
            pixels = np.rint(np.clip(noise, 0, 1) * 255).astype(np.uint8)
            return pixels, InputReference(kind="noise", title=f"{image.noise} noise")
        if isinstance(image, ChannelInput):
            _, values = self._held(image.snapshot)
            part = values.nodes[self._graph.index[image.node]]
            plane = part[image.channel] if part.ndim == 3 else part.mean(axis=2)
            span = float(np.ptp(plane)) or 1.0
            grey = np.rint((plane - plane.min()) / span * 255).astype(np.uint8)
            pixels = np.asarray(Image.fromarray(grey).resize((SIDE, SIDE)).convert("RGB"))
            return pixels, InputReference(kind="channel", title=f"{image.node} {image.channel}")
        try:
            with Image.open(io.BytesIO(image)) as picture:
                pixels = np.asarray(picture.convert("RGB").resize((SIDE, SIDE)))
        except OSError as error:
            raise InputError(f"{wish.title or 'the file'} is no image: {error}") from error
        return pixels, InputReference(kind="image", title=wish.title or "image")

    def _answer(self, fetch: Fetch) -> Arrival:
        if isinstance(fetch, Overview | Tiles):
            manifest, values = self._held(fetch.snapshot)
            is_overview = isinstance(fetch, Overview)
            keys: Sequence[TileKey] = (
                overview_keys(self._graph, OVERVIEW_SIDE)
                if isinstance(fetch, Overview)
                else fetch.keys
            )
            tiles = tuple(
                make_tile(self._graph, values, key, generation=manifest.generation) for key in keys
            )
            return TilesArrived(fetch.snapshot, tiles, is_overview)
        if isinstance(fetch, Values):
            _, values = self._held(fetch.snapshot)
            node = self._graph.nodes[self._graph.index[fetch.node]]
            found = values.nodes[self._graph.index[fetch.node]]
            if node.view == "image":
                found = found.transpose(2, 0, 1)
            elif node.view == "vector":
                found = found.reshape(-1)[: node.shape[0]]
            part = found if fetch.row is None else found[fetch.row : fetch.row + 1]
            return ValuesArrived(fetch, part)
        if isinstance(fetch, Statistics):
            return StatisticsArrived(fetch, self._statistics(fetch))
        if isinstance(fetch, ItemPage):
            items = tuple(
                DatasetItem(index=k, name=f"shapes {k}", label=CLASSES[k % len(CLASSES)])
                for k in range(fetch.offset, min(ITEMS, fetch.offset + fetch.limit))
            )
            page = DatasetPage(dataset=DATASET, offset=fetch.offset, total=ITEMS, items=items)
            return PageArrived(fetch, page)
        if isinstance(fetch, Sheet):
            return PictureArrived(fetch, _sheet(fetch))
        if isinstance(fetch, ItemPicture):
            return PictureArrived(fetch, synthetic_item(fetch.item))
        assert isinstance(fetch, Kernels)
        raise NotFoundError(f"node {fetch.node!r} has no weights")

    def _statistics(self, fetch: Statistics) -> ValueStatistics:
        manifest, values = self._held(fetch.snapshot)
        index = self._graph.index[fetch.node]
        found, numbers = values.nodes[index], manifest.nodes[index]
        counts, edges = np.histogram(found, bins=64)
        planes = found if found.ndim == 3 and fetch.node != "input" else found[None]
        flat = planes.reshape(len(planes), -1)
        return ValueStatistics(
            node=fetch.node,
            shape=numbers.shape,
            minimum=numbers.minimum,
            maximum=numbers.maximum,
            mean=numbers.mean,
            std=numbers.std,
            zeros=numbers.zeros,
            not_finite=0,
            histogram=Histogram(edges=tuple(edges.tolist()), counts=tuple(counts.tolist())),
            channels=ChannelStatistics(
                minimum=tuple(flat.min(axis=1).tolist()),
                maximum=tuple(flat.max(axis=1).tolist()),
                mean=tuple(flat.mean(axis=1).tolist()),
                std=tuple(flat.std(axis=1).tolist()),
                zeros=tuple((flat == 0).mean(axis=1).tolist()),
            ),
        )


def _sheet(fetch: Sheet) -> NDArray[np.uint8]:
    """Return thumbnails in rows of `ceil(sqrt(n))`, black where there is no item."""
    count = max(1, min(fetch.limit, ITEMS - fetch.offset))
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    sheet = np.zeros((rows * fetch.side, columns * fetch.side, 3), np.uint8)
    for place in range(count):
        row, column = divmod(place, columns)
        picture = Image.fromarray(synthetic_item(fetch.offset + place))
        small = np.asarray(picture.resize((fetch.side, fetch.side)))
        sheet[
            row * fetch.side : (row + 1) * fetch.side,
            column * fetch.side : (column + 1) * fetch.side,
        ] = small
    return sheet

"""The made-up data set, and numbers about made-up values, as answers to fetches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from layerwalk_client.source.showcase import DATASET, ITEMS
from layerwalk_client.source.surveying import Sheet
from layerwalk_client.source.synthetic import CLASSES, Floats, synthetic_item
from layerwalk_shared.messages import (
    ChannelStatistics,
    DatasetSummary,
    Histogram,
    NetworkSummary,
    NodeStatistics,
    SessionDescription,
    ValueStatistics,
)
from layerwalk_shared.views import grid_shape


def session(network: NetworkSummary, *, last_event: int) -> SessionDescription:
    """Return what there is: the network and the made-up data set."""
    return SessionDescription(
        version="0",
        networks=(network,),
        datasets=(DatasetSummary(id=DATASET, name="Shapes", count=ITEMS, classes=CLASSES),),
        last_event=last_event,
    )


def sheet(fetch: Sheet) -> NDArray[np.uint8]:
    """Return thumbnails in rows of `ceil(sqrt(n))`, black where there is no item."""
    rows, columns = grid_shape(len(fetch.items))
    found = np.zeros((rows * fetch.side, columns * fetch.side, 3), np.uint8)
    for place, item in enumerate(fetch.items):
        row, column = divmod(place, columns)
        picture = Image.fromarray(synthetic_item(item))
        small = np.asarray(picture.resize((fetch.side, fetch.side)))
        found[
            row * fetch.side : (row + 1) * fetch.side,
            column * fetch.side : (column + 1) * fetch.side,
        ] = small
    return found


def statistics(found: Floats, node: str, numbers: NodeStatistics) -> ValueStatistics:
    """Return the statistics of a node's pictures, `[channels, h, w]` (the input's in RGB)."""
    counts, edges = np.histogram(found, bins=64)
    planes = found if found.ndim == 3 and node != "input" else found[None]
    flat = planes.reshape(len(planes), -1)
    return ValueStatistics(
        node=node,
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
        dead_channels=tuple(np.flatnonzero(~flat.any(axis=1)).tolist()),
    )


def pixels(found: Floats, channel: int) -> NDArray[np.uint8]:
    """Return one of a node's pictures, in grey or as it is (the input's), `[h, w, 3]`."""
    if found.shape[-1] == 3 and found.ndim == 3 and channel == 0:
        return np.asarray(np.rint(found * 255), np.uint8)
    plane = found[channel]
    span = float(np.ptp(plane)) or 1.0
    grey = np.rint((plane - plane.min()) / span * 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)

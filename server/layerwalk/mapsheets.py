"""Feature maps to take along: a sheet of a node's channels with its legend, and exact arrays."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from layerwalk.drawing import range_end
from layerwalk.mappages import MOST_CHANNELS, Looks, check_chosen, draw_page
from layerwalk.pyramid import Pictures, make_pictures
from layerwalk.snapshots import Snapshot
from layerwalk_shared.colours import describe_table
from layerwalk_shared.errors import TooLargeError


def draw_maps(
    snapshot: Snapshot,
    node: int,
    *,
    network: str,
    channels: Sequence[int] | None = None,
    looks: Looks | None = None,
    names: Sequence[str] = (),
) -> bytes:
    """Return a PNG file with channels of a node side by side, and what they are.

    Args:
        snapshot, node: which; `node` is an index.
        network: its name, for people.
        channels: as drawn on the wall, in this order; None: all of them.
        looks: table and range.
        names: of the channels, such as classes; () none.

    Raises:
        NotFoundError: the node has no values, or no such channel.
        InvalidRequestError: no channel is asked for, no such table, or an impossible range.
        TooLargeError: the sheet would be too large.
    """
    looks = looks or Looks()
    describe_table(looks.table)
    chosen = _chosen(snapshot, node, channels)
    pictures = make_pictures(
        snapshot.node_values(node), view=snapshot.views[node], input_spec=snapshot.input
    )
    ends = _ends(snapshot, node, pictures, looks)
    told, manifest = snapshot.graph.nodes[node], snapshot.manifest
    facts = [
        network,
        told.operation,
        " x ".join(map(str, manifest.nodes[node].shape)) or "a number",
        f"{len(chosen)} of {snapshot.pictures(node)[0]} channels",
        f"input {manifest.input.title}",
        *([] if manifest.step is None else [f"step {manifest.step}"]),
    ]
    return draw_page(
        pictures, chosen, title=told.id, facts=facts, looks=looks, ends=ends, names=names
    )


def values_npz(
    snapshot: Snapshot, node: int, *, network: str, channels: Sequence[int] | None = None
) -> bytes:
    """Return an NPZ file with exact values of a node and what they are.

    Arrays: `values`, float32 without batch axis, rows of the first axis as chosen; `channels`, which
    rows they are; `node`, `network`, `input`, `shape` (of the whole), `step` (-1: none), as text and
    numbers.

    Raises:
        NotFoundError: the node has no values, or no such row.
        InvalidRequestError: no row is asked for.
    """
    values = snapshot.node_values(node)
    rows = values.shape[0] if values.ndim else 1
    chosen = list(range(rows)) if channels is None else list(channels)
    check_chosen(chosen, rows, node=snapshot.graph.nodes[node].id)
    taken = values if channels is None else values[np.array(chosen)]
    manifest = snapshot.manifest
    stream = BytesIO()
    np.savez(
        stream,
        values=taken.astype(np.float32, copy=False),
        channels=np.array(chosen),
        node=np.array(snapshot.graph.nodes[node].id),
        network=np.array(network),
        input=np.array(manifest.input.title),
        shape=np.array(values.shape),
        step=np.array(-1 if manifest.step is None else manifest.step),
    )
    return stream.getvalue()


def _chosen(snapshot: Snapshot, node: int, channels: Sequence[int] | None) -> list[int]:
    snapshot.node_values(node)
    count = snapshot.pictures(node)[0]
    chosen = list(range(count)) if channels is None else list(channels)
    check_chosen(chosen, count, node=snapshot.graph.nodes[node].id)
    if len(chosen) > MOST_CHANNELS:
        raise TooLargeError(f"{len(chosen)} channels: a sheet has at most {MOST_CHANNELS}")
    return chosen


def _ends(
    snapshot: Snapshot, node: int, pictures: Pictures, looks: Looks
) -> NDArray[np.float32] | float:
    """Return what the table's end stands for: of each channel, or of all of them."""
    if pictures.is_image:
        return 1.0
    if looks.mode == "channel":
        return pictures.scales
    return range_end(
        snapshot,
        node,
        range_mode=looks.mode,
        manual=looks.manual,
        percentile=looks.percentile,
    )

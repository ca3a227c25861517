"""Snapshots made of arrays, without any network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layerwalk.snapshots import Snapshot
from layerwalk_shared.graph import Node, View, make_graph
from layerwalk_shared.messages import InputReference, InputSpec, NodeStatistics, SnapshotManifest
from layerwalk_shared.views import guess_view, picture_shape

SPEC = InputSpec(kind="image", shape=(3, 6, 6))


def make_snapshot(
    *arrays: NDArray[np.float32] | None,
    same_as: dict[int, int] | None = None,
    views: dict[int, View] | None = None,
    generation: int = 1,
) -> Snapshot:
    nodes, statistics = [], []
    for index, array in enumerate(arrays):
        shape = (1,) if array is None else array.shape
        view = (views or {}).get(index) or guess_view(shape)
        pictures = picture_shape(view, shape)
        nodes.append(
            Node(
                id=f"node{index}",
                name=f"node{index}",
                kind="module",
                operation="Op",
                shape=shape,
                view=view,
                channels=pictures[0],
                height=pictures[1],
                width=pictures[2],
            )
        )
        statistics.append(
            NodeStatistics(
                shape=shape,
                pictures=pictures,
                has_values=array is not None,
                minimum=0.0 if array is None else float(np.nanmin(array)),
                maximum=0.0 if array is None else float(np.nanmax(array)),
                not_finite=0 if array is None else int((~np.isfinite(array)).sum()),
                same_as=(same_as or {}).get(index),
            )
        )
    manifest = SnapshotManifest(
        id=f"s{generation}",
        network="n1",
        generation=generation,
        input=InputReference(kind="example", title="example"),
        nodes=tuple(statistics),
    )
    return Snapshot(manifest, make_graph(tuple(nodes)), tuple(arrays), SPEC)


def random_maps(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)

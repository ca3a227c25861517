"""The images of a maximisation as they grow, and the snapshots that show them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from layerwalk.pyramid import arrange
from layerwalk.snapshots import Snapshot
from layerwalk.tracking.summary import summarise
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import (
    InputReference,
    InputSpec,
    Maximised,
    NodeStatistics,
    SnapshotManifest,
)
from layerwalk_shared.views import guess_view, layout

PREVIEW_BYTES = 16 * 2**20
"""Values of a preview at most, as long as that leaves its images 16 pixels a side."""
LEAST_SIDE = 16
GREY = 0.5


class Canvas:
    """Mutable, owned by the model thread.

    Args:
        count: images.
        spec: of the network's input.

    Raises:
        InvalidRequestError: an input of that kind is not one picture.
    """

    def __init__(self, count: int, spec: InputSpec) -> None:
        self._spec = spec
        self._is_image = spec.kind == "image"
        self._view = guess_view(spec.shape)
        shape: tuple[int, ...] = spec.shape
        if not self._is_image:
            pictures, height, width = layout(self._view, spec.shape).pictures
            if pictures != 1:
                raise InvalidRequestError(
                    f"an input of shape {list(spec.shape)} is {pictures} pictures; a maximisation "
                    "shows inputs that are one: images, vectors, series"
                )
            shape = (height, width)
        self._factor = reduction(count, spec.shape) if self._is_image else 1
        small = tuple(max(1, side // self._factor) for side in shape[-2:])
        self._full = np.zeros((count, *shape), np.float32)
        self._small = np.zeros((count, *shape[:-2], *small), np.float32)
        if self._is_image:
            self._small += self._grey()

    def paint(self, places: Sequence[int], images: Tensor) -> None:
        """Show images as they are now, `[N, *shape]` inputs."""
        with torch.no_grad():
            if self._is_image and self._factor > 1:
                images = functional.avg_pool2d(images, self._factor)
            self._small[list(places)] = self._laid(images)

    def finish(self, places: Sequence[int], images: Tensor) -> None:
        """Keep finished images, and show them."""
        self.paint(places, images)
        self._full[list(places)] = self._laid(images)

    def preview(self) -> NDArray[np.float32]:
        """Return all images as they are now, perhaps smaller; a copy."""
        return self._small.copy()

    def final(self) -> NDArray[np.float32]:
        """Return all finished images; nothing is to be finished any more."""
        return self._full

    def _laid(self, images: Tensor) -> NDArray[np.float32]:
        images = images.detach().to("cpu", torch.float32)
        if self._is_image:
            found: NDArray[np.float32] = images.numpy()
            return found
        return np.stack([arrange(image, self._view)[0].numpy() for image in images])

    def _grey(self) -> NDArray[np.float32]:
        mean = np.array(self._spec.mean or (0.0,), np.float32)
        std = np.array(self._spec.std or (1.0,), np.float32)
        grey: NDArray[np.float32] = ((GREY - mean) / std)[:, None, None]
        return grey


def reduction(count: int, shape: Sequence[int]) -> int:
    """Return by what power of two images are reduced, so that a preview is not too large."""
    factor = 1
    while (
        count * math.prod(shape) * 4 / factor**2 > PREVIEW_BYTES
        and min(shape[-2:]) // (2 * factor) >= LEAST_SIDE
    ):
        factor *= 2
    return factor


def snapshot_of(
    values: NDArray[np.float32],
    maximised: Maximised,
    *,
    graph: Graph,
    spec: InputSpec,
    network: str,
    snapshot_id: str,
    generation: int,
    client: str | None,
) -> Snapshot:
    """Return a snapshot that shows the images of a maximisation.

    Args:
        values: `[P, C, H, W]` inputs that are images, or `[P, h, w]` others as they are laid out.
        maximised: what they are.
        graph: of the network.
        spec: of its input.
        network, snapshot_id, generation, client: of the manifest.
    """
    is_image = spec.kind == "image"
    pictures = (len(values), *values.shape[-2:])
    shown = (
        NodeStatistics(
            shape=values.shape,
            pictures=pictures,
            minimum=float(values.min()),
            maximum=float(values.max()),
        )
        if is_image
        else summarise(torch.from_numpy(values), pictures)
    )
    nodes = tuple(
        shown
        if node.id == maximised.node
        else NodeStatistics(
            shape=node.shape, pictures=(node.channels, node.height, node.width), has_values=False
        )
        for node in graph.nodes
    )
    manifest = SnapshotManifest(
        id=snapshot_id,
        network=network,
        generation=generation,
        input=InputReference(kind="maximised", title=f"{maximised.node}, {maximised.recipe.name}"),
        client=client,
        nodes=nodes,
        maximised=maximised,
    )
    place = graph.index[maximised.node]
    held = tuple(values if index == place else None for index in range(len(graph.nodes)))
    return Snapshot(manifest, graph, held, spec)

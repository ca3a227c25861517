"""What the pointer is on, and what is told about it."""

from __future__ import annotations

from dataclasses import dataclass

from layerwalk_client.app.maximising.captions import picture_lines
from layerwalk_client.app.maximising.results import maximised_of
from layerwalk_client.app.readings import Readings, Spot, spot_of
from layerwalk_client.ui.hud import Readout
from layerwalk_client.ui.widgets import short_number
from layerwalk_client.world.camera import Ray, ray_from_pixel
from layerwalk_client.world.comparison import is_of
from layerwalk_client.world.inputs import spec_at, texts_at
from layerwalk_client.world.picking import Hit
from layerwalk_client.world.scene import Scene, Wall
from layerwalk_client.world.seeing import region_of, seen_text
from layerwalk_client.world.terms import kind_line, words
from layerwalk_client.world.view import Camera, Mark, Region
from layerwalk_shared.graph import Node
from layerwalk_shared.messages import NetworkDescription, NodeStatistics, SnapshotManifest
from layerwalk_shared.tiles import Tile, TileType


@dataclass(frozen=True, slots=True)
class Pointed:
    """What of the world the pointer is on.

    Attributes:
        hit: where the ray meets it.
        wall, node: the wall, and the node that stands there.
    """

    hit: Hit
    wall: Wall
    node: Node

    @property
    def mark(self) -> Mark:
        """The channel, or the wall, as something to highlight."""
        channel = -1 if self.hit.channel is None else self.hit.channel
        return Mark(self.wall.network, self.wall.node, channel)

    @property
    def is_input(self) -> bool:
        """Whether an image can be put here."""
        return self.node.kind == "input"


def ray_of(camera: Camera, pointer: tuple[float, float], size_wh: tuple[int, int]) -> Ray:
    """Return the ray through a pointer of -1..1 (x right, y up)."""
    width, height = size_wh
    pixel = ((pointer[0] + 1) / 2 * width, (1 - pointer[1]) / 2 * height)
    return ray_from_pixel(camera, pixel, size_wh)


def point_at(hit: Hit | None, scene: Scene, network: NetworkDescription | None) -> Pointed | None:
    """Return the place that a ray has met, where that is a wall of the network."""
    if hit is None or hit.wall is None or network is None:
        return None
    wall = scene.walls[hit.wall]
    if not is_of(wall.network, network.id) or wall.node >= len(network.graph.nodes):
        return None
    return Pointed(hit, wall, network.graph.nodes[wall.node])


def spot_at(pointed: Pointed | None, manifest: SnapshotManifest | None) -> Spot | None:
    """Return the pixel whose exact value can be asked for, or None."""
    if pointed is None or manifest is None or manifest.maximised is not None:
        return None
    hit = pointed.hit
    if hit.channel is None or hit.texel is None:
        return None
    if pointed.wall.cells and hit.unit is None:
        return None
    told = manifest.nodes[pointed.wall.node]
    if not told.has_values:
        return None
    node = node_as_shown(pointed.node, told)
    if node.view == "image" and not pointed.wall.is_image:  # a difference, a map for each colour
        node = node.model_copy(update={"view": "maps"})
    return spot_of(manifest.id, node, channel=hit.channel, texel=hit.texel)


def seen_from(
    pointed: Pointed | None, spot: Spot | None, network: NetworkDescription | None
) -> Region | None:
    """Return what the place under the pointer sees of the input picture, None where nothing."""
    if pointed is None or spot is None or network is None or pointed.wall.network != network.id:
        return None
    return region_of(network, spot.node, spot.index)


def node_as_shown(node: Node, told: NodeStatistics | None) -> Node:
    """Return a node with the shape and the pictures that it has in a snapshot, where it is told."""
    if told is None or told.shape == node.shape:
        return node
    channels, height, width = told.pictures
    shown = {"shape": told.shape, "channels": channels, "height": height, "width": width}
    return node.model_copy(update=shown)


def describe(
    pointed: Pointed,
    spot: Spot | None,
    readings: Readings,
    tile: Tile | None,
    *,
    network: NetworkDescription | None = None,
    manifest: SnapshotManifest | None = None,
) -> Readout:
    """Return what is told about the place under the pointer.

    Args:
        pointed: the place.
        spot: its element of the tensor, where it has one.
        readings: exact values that are known.
        tile: the finest tile there is of the block, for a value meanwhile.
        network: names classes and columns, and tells time.
        manifest: names what each position of a text reads.
    """
    node = pointed.node
    spec = None if network is None else spec_at(network, node.id)
    facts = kind_line(node, spec)
    if node.error:
        return Readout(node.id, facts, node.error)
    if spot is None:
        return Readout(node.id, facts)
    place = words(
        spot.node,
        spot.index,
        spec=spec,
        texts=() if network is None or manifest is None else texts_at(network, manifest, node.id),
        classes=() if network is None else network.classes,
    )
    index = None if network is None else network.graph.index.get(node.id)
    if network is not None and index is not None and (seen := seen_text(network, index)):
        facts = f"{facts} \N{MIDDLE DOT} {seen}"
    return Readout(node.id, facts, place, _value(pointed, spot, readings, tile))


def describe_result(pointed: Pointed, manifest: SnapshotManifest) -> Readout:
    """Return what is told about a picture of a result: its unit, what it reached, its rival.

    Args:
        pointed: a wall on which a result hangs.
        manifest: the result.
    """
    told = maximised_of(manifest)
    node = pointed.node.id
    facts = f"maximised by {told.recipe.name}, step {told.step} of {told.steps}, seed {told.seed}"
    if pointed.hit.channel is None:
        return Readout(node, facts)
    place, value, note = picture_lines(manifest, pointed.hit.channel)
    return Readout(node, note or facts, place, value)


def _value(pointed: Pointed, spot: Spot | None, readings: Readings, tile: Tile | None) -> str:
    if spot is None:
        return ""
    exact = readings.value(spot)
    if exact is not None:
        return "   ".join(f"{value:.7g}" for value in exact)
    near = nearby_value(pointed, tile)
    return "" if near is None else "~" + short_number(near)


def nearby_value(pointed: Pointed, tile: Tile | None) -> float | None:
    """Return the value of the tile's texel that covers the place; None for pictures."""
    hit = pointed.hit
    if tile is None or hit.channel is None or hit.uv is None or tile.dtype is TileType.RGB8:
        return None
    place = hit.channel - tile.first_channel
    if not 0 <= place < tile.count:
        return None
    height, width = tile.shape_hw
    row = min(height - 1, int(hit.uv[1] * height))
    column = min(width - 1, int(hit.uv[0] * width))
    stored = float(tile.values[place, row, column])
    if tile.dtype is TileType.INT8:
        return stored / 127 * float(tile.scales[place])
    return stored

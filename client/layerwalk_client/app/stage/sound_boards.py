"""Boards over the inputs that are sounds: the wave above its spectrogram, read from afar.

A wall of samples averages to nothing from a distance; its board shows what the ear would tell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from layerwalk_client.app.desks.input_pictures import picture_of_wave
from layerwalk_client.app.desks.thumbnails import Textures
from layerwalk_client.gl.pictures import Picture
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import RequestFailed, ValuesArrived
from layerwalk_client.source.asking import Values
from layerwalk_client.world.inputs import arguments
from layerwalk_client.world.scene import Scene, Wall
from layerwalk_client.world.signs import at, sign_room
from layerwalk_shared.messages import InputSpec, NetworkDescription, SnapshotManifest

LARGEST_VALUES = 4_000_000
"""Sounds of more samples are not fetched."""
BOARD_WH = (2.6, 1.1)
"""Metres."""
ROOM = 0.12
"""Metres between the wall's name and the board."""


class SoundBoards:
    """Mutable, owned by the main thread; a GL context is current.

    Args:
        source: is asked for samples.
        images: makes textures.
    """

    def __init__(self, source: Source, images: Textures) -> None:
        self._source = source
        self._images = images
        self._specs: dict[int, InputSpec] = {}
        self._asked: dict[Values, int] = {}
        self._textures: dict[int, int] = {}
        self._pictures: tuple[Picture, ...] = ()
        self._scene: Scene | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether samples are on their way."""
        return bool(self._asked)

    def begin(self, network: NetworkDescription) -> None:
        """Begin with another network."""
        self.close()
        index = network.graph.index
        self._specs = {
            index[one.node]: one.spec
            for one in arguments(network)
            if one.spec.kind == "sound" and one.node is not None and one.node in index
        }

    def show(self, network: NetworkDescription, manifest: SnapshotManifest) -> None:
        """Ask for the sounds of a snapshot; the boards stay as they are until these are there."""
        self._asked.clear()
        for node in self._specs:
            told = manifest.nodes[node]
            if told.has_values and math.prod(told.shape) <= LARGEST_VALUES:
                fetch = Values(manifest.id, network.graph.nodes[node].id, None, "sound")
                self._asked[fetch] = node
                self._source.fetch(fetch)

    def take(self, arrival: ValuesArrived) -> bool:
        """Draw a sound that has arrived; return whether it is one that was asked for."""
        node = self._asked.pop(arrival.fetch, None)
        if node is None:
            return False
        pixels = picture_of_wave(arrival.values, self._specs[node])
        self._drop(node)
        self._textures[node] = self._images.make(pixels, is_smooth=True)
        self._scene = None
        return True

    def fail(self, arrival: RequestFailed) -> None:
        """Wait no longer for what does not come."""
        if isinstance(arrival.request, Values):
            node = self._asked.pop(arrival.request, None)
            if node is not None:
                self._drop(node)
                self._scene = None

    def pictures(self, scene: Scene) -> Sequence[Picture]:
        """Return the boards as things to draw in the world."""
        if scene is not self._scene:
            self._scene = scene
            self._pictures = tuple(
                board(wall, self._textures[wall.node])
                for wall in scene.walls
                if wall.node in self._textures
            )
        return self._pictures

    def close(self) -> None:
        """Release every texture."""
        for node in list(self._textures):
            self._drop(node)
        self._asked.clear()
        self._specs = {}
        self._scene = None

    def _drop(self, node: int) -> None:
        texture = self._textures.pop(node, None)
        if texture is not None:
            self._images.drop(texture)


def board(wall: Wall, texture: int) -> Picture:
    """Return the board over a wall, its left end above that of the wall's."""
    width, height = BOARD_WH
    over = wall.size_wh[1] + sign_room(wall.size_wh) + ROOM + height / 2
    centre = at(wall, (width - wall.size_wh[0]) / 2, over)
    return Picture(texture, centre, BOARD_WH, wall.yaw, border=0.008)

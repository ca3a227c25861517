"""Which words stand at the walls now: follows the snapshot, the scene, the eye and the pointer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from layerwalk_client.app.desks.thumbnails import Textures
from layerwalk_client.gl.pictures import Picture
from layerwalk_client.world.palette import PALETTES, Theme
from layerwalk_client.world.scene import Label, Scene
from layerwalk_client.world.signs import at
from layerwalk_client.world.view import Camera
from layerwalk_client.world.wording import Strip, WordedWall, worded_walls, words_seen
from layerwalk_shared.messages import NetworkDescription, SnapshotManifest

GROUND_ALPHA = 0.92


class Wording:
    """Mutable, owned by the main thread; a GL context is current.

    Args:
        images: makes the grounds' texture.
        theme: of everything that is not data.
    """

    def __init__(self, images: Textures, theme: Theme) -> None:
        self._images = images
        self._palette = PALETTES[theme]
        self._texture: int | None = None
        self._worded: tuple[WordedWall, ...] = ()
        self._told: tuple[object, object] = (None, None)
        self.pictures: Sequence[Picture] = ()

    def restyle(self, theme: Theme) -> None:
        """Look otherwise from now on."""
        self._palette = PALETTES[theme]
        if self._texture is not None:
            self._images.drop(self._texture)
            self._texture = None

    def follow(
        self, network: NetworkDescription | None, manifest: SnapshotManifest | None, scene: Scene
    ) -> None:
        """Take the words of what is shown."""
        if manifest is self._told[0] and scene is self._told[1]:
            return
        self._told = manifest, scene
        is_there = network is not None and manifest is not None
        self._worded = worded_walls(network, manifest, scene) if is_there else ()  # type: ignore[arg-type]

    def look(
        self, camera: Camera, *, height_px: int, pointed: tuple[int, int] | None
    ) -> tuple[Label, ...]:
        """Return the words that can be read; `pictures` are their grounds from now on."""
        if not self._worded:
            self.pictures = ()
            return ()
        labels, strips = words_seen(
            self._worded, camera, height_px=height_px, palette=self._palette, pointed=pointed
        )
        self.pictures = tuple(self._ground(strip) for strip in strips)
        return labels

    def _ground(self, strip: Strip) -> Picture:
        if self._texture is None:
            red, green, blue = (round(255 * part) for part in self._palette.panel[:3])
            pixels = np.array([[[red, green, blue]]], np.uint8)
            self._texture = self._images.make(pixels, is_smooth=False)
        wall = strip.wall
        centre = at(wall, strip.lateral, strip.height, before=0.002)
        return Picture(self._texture, centre, strip.size_wh, wall.yaw, alpha=GROUND_ALPHA)

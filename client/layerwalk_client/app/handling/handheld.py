"""The handheld tool's parts: walls that are carried, the magnifier, the camera, the clipboard."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from layerwalk_client.app.desks.thumbnails import Textures
from layerwalk_client.app.desks.webcam import WebcamDesk
from layerwalk_client.app.handling.arrangements import Arrangements
from layerwalk_client.app.handling.arranger import Arranger
from layerwalk_client.app.handling.magnifier import Magnifier
from layerwalk_client.app.pointer import ray_of
from layerwalk_client.devices.actions import Actions
from layerwalk_client.devices.clipboard import Clipboard, SystemClipboard
from layerwalk_client.gl.pictures import Picture
from layerwalk_client.ui.style import ACCENT
from layerwalk_client.world.signs import at

HOLOGRAM_BEFORE = 0.05
"""Metres before the input's wall."""
HOLOGRAM_ALPHA = 0.86

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker
    from layerwalk_client.source import Source


class Handheld:
    """Mutable, owned by the main thread.

    Args:
        walker: whose hand it is; its stage and toolbox are there.
        source: is asked for exact values.
        images: makes textures.

    Attributes:
        arranger: takes walls and sets them down.
        magnifier: what is held to the eye is seen through it.
        webcam: keeps the camera's panel.
        clipboard: that of the desktop.
    """

    def __init__(self, walker: Walker, source: Source, images: Textures) -> None:
        self._walker = walker
        self.arranger = Arranger(
            walker.stage,
            Arrangements(walker.start.arrangements),
            say=lambda text, is_warning: walker.say(text, is_warning=is_warning),
            tell=walker.trace.note,
        )
        self.magnifier = Magnifier(walker.stage, source.fetch)
        self.webcam = WebcamDesk(
            walker.stage,
            images,
            hold=walker.tools.pick_up,
            put=walker.tools.put_held,
            clock=lambda: walker.now_s,
        )
        self.clipboard: Clipboard = SystemClipboard()

    def keep_up(self) -> None:
        """Follow the network that is shown; let the camera go where its panel was left."""
        self.arranger.keep_up()
        if self.webcam.is_open and "webcam" not in self._walker.tools.panels.kinds:
            self.webcam.leave()

    def hologram(self) -> list[Picture]:
        """Return what is carried, before the input that the pointer is on: as it would lie there."""
        walker = self._walker
        pointed, carried = walker.pointed, walker.tools.carried()
        if pointed is None or not (pointed.is_input and pointed.wall.is_image):
            return []
        if carried is None or carried.picture is None or carried.is_magnified:
            return []
        wall, (wide, high) = pointed.wall, carried.picture.size_wh
        factor = min(wall.tile_wh[0] / wide, wall.tile_wh[1] / high)
        return [
            Picture(
                carried.picture.texture,
                at(wall, 0.0, wall.size_wh[1] / 2, before=HOLOGRAM_BEFORE),
                (wide * factor, high * factor),
                yaw=wall.yaw,
                alpha=HOLOGRAM_ALPHA,
                border=0.008,
                border_colour=ACCENT,
            )
        ]

    def claim(self, actions: Actions) -> Actions:
        """Give a frame's actions to the wall that is carried and to the magnifier: wheel and mouse
        are not the walk's then. Return what is left for the walk."""
        walker = self._walker
        turn = math.radians(walker.settings.mouse_degrees)
        return self.magnifier.claim(
            self.arranger.claim(actions),
            walker.screen.size_wh,
            radians_per_pixel=(turn, -turn if walker.settings.inverts_y else turn),
            is_captured=walker.desktop.is_captured,
        )

    def follow(self, actions: Actions) -> bool:
        """Let the wall in the hand follow the pointer; return whether the scene has changed."""
        walker = self._walker
        camera = walker.journey.camera
        return self.arranger.follow(camera, ray_of(camera, actions.pointer, walker.screen.size_wh))

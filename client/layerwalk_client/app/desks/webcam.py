"""Keeps the panel of the camera: opens it when the panel opens, lets it go when that is left."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pygame
from numpy.typing import NDArray

from layerwalk_client.app.desks.thumbnails import Textures
from layerwalk_client.app.handling.hand import Holding, hold_pixels
from layerwalk_client.devices.camera import Camera, Frames, open_camera
from layerwalk_client.source.arrivals import Arrival
from layerwalk_client.ui.intents import Intent, PutFrame, SetLive, SetMirrored, TakeFrame
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.webcam import WebcamPanel

if TYPE_CHECKING:
    from layerwalk_client.app.stage.stage import Stage

TITLE = "camera"
KEPT_TIMES = 12


class WebcamDesk:
    """Mutable, owned by the main thread; a GL context is current.

    Args:
        stage: whose input gets the pictures.
        images: makes textures.
        hold: takes a picture in the hand.
        put: puts one on the input.
        clock: seconds, only forward.
        opener: opens the camera.
    """

    kind = "webcam"

    def __init__(
        self,
        stage: Stage,
        images: Textures,
        *,
        hold: Callable[[Holding], None],
        put: Callable[[Holding], object],
        clock: Callable[[], float],
        opener: Callable[[], Camera] = open_camera,
    ) -> None:
        self._stage = stage
        self._images = images
        self._hold = hold
        self._put = put
        self._clock = clock
        self.opener = opener
        self._panel = WebcamPanel()
        self._frames: Frames | None = None
        self._seen = 0
        self._sent = 0
        self._texture: int | None = None
        self._answers: deque[float] = deque(maxlen=KEPT_TIMES)

    @property
    def is_open(self) -> bool:
        """Whether the camera is on."""
        return self._frames is not None

    def content(self, *, node: int | None, unit: int | None) -> WebcamPanel:
        """Return the panel; the camera goes on."""
        if self._frames is None:
            self._panel = WebcamPanel()
            self._seen = self._sent = 0
            self._answers.clear()
            self._frames = Frames(self.opener, _wake)
        return self._panel

    def refresh(self) -> bool:
        """Show the newest picture, and let the network see it; return whether the panel changed."""
        if self._frames is None:
            return False
        count, pixels, problem = self._frames.latest()
        has_changed = (count, problem) != (self._seen, self._panel.problem)
        if pixels is not None and count != self._seen:
            self._seen = count
            self._show(pixels)
        self._panel.problem = problem
        if problem:
            self._panel.is_live = False
        if self._panel.is_live and pixels is not None and count != self._sent and not self._is_busy:
            self._sent = count
            self._answers.append(self._clock())
            self._put(self._held(pixels))
        line = self._line()
        has_changed |= line != self._panel.line
        self._panel.line = line
        return has_changed

    def leave(self) -> None:
        """Let the camera go: the panel is not open any more."""
        if self._frames is not None:
            self._frames.close()
            self._frames = None
        if self._texture is not None:
            self._images.drop(self._texture)
            self._texture = None

    def take(self, arrival: Arrival) -> bool:
        """Nothing is asked for here."""
        return False

    def carry_out(self, intent: Intent) -> bool:
        """Do what was asked for; return whether it is this desk's to do."""
        pixels = None if self._frames is None else self._frames.latest()[1]
        if isinstance(intent, SetLive):
            self._panel.is_live = intent.is_live
            self._answers.clear()
        elif isinstance(intent, SetMirrored):
            self._panel.is_mirrored = intent.is_mirrored
        elif isinstance(intent, TakeFrame):
            if pixels is not None:
                self._hold(self._held(pixels))
        elif isinstance(intent, PutFrame):
            if pixels is not None:
                self._put(self._held(pixels))
        else:
            return False
        return True

    def renew(self) -> None:
        """Another network: it is not shown the camera by itself."""
        self._panel.is_live = False

    def close(self) -> None:
        """Let the camera go."""
        self.leave()

    @property
    def _is_busy(self) -> bool:
        """Whether an answer is still on its way to the walls."""
        return self._stage.state.is_busy or self._stage.residency.is_switching

    def _held(self, pixels: NDArray[np.uint8]) -> Holding:
        seen = pixels[:, ::-1] if self._panel.is_mirrored else pixels
        return hold_pixels(np.ascontiguousarray(seen), TITLE)

    def _show(self, pixels: NDArray[np.uint8]) -> None:
        if self._texture is not None:
            self._images.drop(self._texture)
        height, width = pixels.shape[:2]
        self._texture = self._images.make(pixels, is_smooth=True)
        self._panel.picture = Picture(self._texture, size_wh=(width, height))

    def _line(self) -> str:
        if self._panel.problem or self._panel.picture is None:
            return ""
        if not self._panel.is_live:
            width, height = self._panel.picture.size_wh
            return f"{width} \N{MULTIPLICATION SIGN} {height}"
        if len(self._answers) < 3:
            return "the network sees"
        took_s = self._answers[-1] - self._answers[0]
        rate = (len(self._answers) - 1) / took_s if took_s > 0 else 0.0
        return f"the network sees {rate:.1f} pictures a second"


def _wake() -> None:
    """Let the window's loop look for the new picture; called by the camera's thread."""
    if pygame.display.get_init():
        pygame.event.post(pygame.event.Event(pygame.USEREVENT))

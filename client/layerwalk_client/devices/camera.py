"""A camera, read by a thread of its own: reading waits for the next frame, the window does not."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from layerwalk_shared.errors import LayerwalkError, NotFoundError

SIZE_WH = (640, 480)
"""Asked for; cameras give what they have."""
SHORTEST_S = 1 / 30
"""Between two frames: some cameras give the same one again at once."""
PATIENCE_S = 3.0
"""A camera that is left is waited for so long."""


class Camera(Protocol):
    """What takes pictures; used by one thread."""

    def read(self) -> NDArray[np.uint8]:
        """Return the next picture, `[H, W, 3]`.

        Raises:
            LayerwalkError: the camera is gone.
        """

    def close(self) -> None:
        """Let it go."""


def open_camera() -> Camera:
    """Return the first camera there is, opened.

    It is pygame's own way to cameras (Video4Linux, Media Foundation, or OpenCV where that is
    installed): nothing more to install on Linux and Windows.

    Raises:
        NotFoundError: there is none, or it cannot be opened.
    """
    import pygame
    from pygame import camera as cameras

    try:
        cameras.init()
        names = cameras.list_cameras()
    except (pygame.error, ImportError, OSError) as error:
        raise NotFoundError(
            f"no way to a camera: {error}; 'pip install opencv-python' may be one"
        ) from error
    if not names:
        raise NotFoundError("no camera is connected, or none may be read by this user")
    try:
        opened = cameras.Camera(names[0], SIZE_WH, "RGB")
        opened.start()
    except (pygame.error, SystemError, ValueError, OSError) as error:
        raise NotFoundError(f"the camera {names[0]} cannot be opened: {error}") from error
    return _PygameCamera(opened, str(names[0]))


class _PygameCamera:
    """One of pygame's. Mutable, used by one thread."""

    def __init__(self, opened: object, name: str) -> None:
        self._camera: object | None = opened
        self._name = name

    def read(self) -> NDArray[np.uint8]:
        import pygame

        try:
            surface = self._camera.get_image()  # type: ignore[union-attr]
            by_column = pygame.surfarray.array3d(surface)
        except (pygame.error, SystemError, OSError) as error:
            raise NotFoundError(f"the camera {self._name} is gone: {error}") from error
        return np.ascontiguousarray(by_column.swapaxes(0, 1), dtype=np.uint8)

    def close(self) -> None:
        import pygame

        with contextlib.suppress(pygame.error, SystemError, OSError):
            self._camera.stop()  # type: ignore[union-attr]
        self._camera = None


class Frames:
    """The pictures of a camera as they come; made and read by the main thread, filled by one of its
    own.

    Args:
        opener: opens the camera.
        ring: is called by that thread after each picture.
    """

    def __init__(self, opener: Callable[[], Camera], ring: Callable[[], None]) -> None:
        self._opener = opener
        self._ring = ring
        self._lock = threading.Lock()
        self._ends = threading.Event()
        self._pixels: NDArray[np.uint8] | None = None
        self._count = 0
        self._problem = ""
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def latest(self) -> tuple[int, NDArray[np.uint8] | None, str]:
        """Return how many pictures have come, the last one `[H, W, 3]`, and why there is none."""
        with self._lock:
            return self._count, self._pixels, self._problem

    def close(self) -> None:
        """Let the camera go; it is closed when this returns, but for one that hangs."""
        self._ends.set()
        self._thread.join(PATIENCE_S)

    def _run(self) -> None:
        try:
            camera = self._opener()
        except LayerwalkError as error:
            self._tell(str(error))
            return
        try:
            while not self._ends.is_set():
                began_s = time.monotonic()
                pixels = camera.read()
                pixels.flags.writeable = False
                with self._lock:
                    self._pixels = pixels
                    self._count += 1
                self._ring()
                self._ends.wait(max(0.0, SHORTEST_S - (time.monotonic() - began_s)))
        except LayerwalkError as error:
            self._tell(str(error))
        finally:
            camera.close()

    def _tell(self, problem: str) -> None:
        with self._lock:
            self._problem = problem
        self._ring()

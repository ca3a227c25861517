"""The clipboard: text by SDL, which all windows have; pictures and files by copykitten, as SDL 2 has
none of them."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Protocol

import numpy as np
import pygame
from numpy.typing import NDArray

from layerwalk_shared.errors import NotFoundError


class Clipboard(Protocol):
    """What can be taken from the clipboard, and put there."""

    def text(self) -> str:
        """Return the text there, "" for none."""

    def files(self) -> list[Path]:
        """Return the files that were copied."""

    def picture(self) -> NDArray[np.uint8] | None:
        """Return the picture there, `[H, W, 3]`."""

    def put_picture(self, pixels: NDArray[np.uint8]) -> None:
        """Put a picture `[H, W, 3]` there.

        Raises:
            NotFoundError: there is no way to.
        """


class SystemClipboard:
    """That of the desktop. Holds nothing; the display must be initialised.

    Text goes first: what this program has put there itself must not be asked for by another way,
    which would wait for this very thread.
    """

    def text(self) -> str:
        """Return the text there, "" for none."""
        try:
            return str(pygame.scrap.get_text())
        except pygame.error:
            return ""

    def files(self) -> list[Path]:
        """Return the files that were copied; none where there is text."""
        if self.text():
            return []
        kit = _kit()
        try:
            return [Path(path) for path in kit.paste_paths()]
        except kit.CopykittenError:
            return []

    def picture(self) -> NDArray[np.uint8] | None:
        """Return the picture there, `[H, W, 3]`, on black where it lets something through."""
        if self.text():
            return None
        kit = _kit()
        try:
            content, width, height = kit.paste_image()
        except kit.CopykittenError:
            return None
        pixels = np.frombuffer(content, np.uint8).reshape(height, width, 4).astype(np.uint16)
        opaque = (pixels[..., :3] * pixels[..., 3:] + 127) // 255
        return np.ascontiguousarray(opaque, dtype=np.uint8)

    def put_picture(self, pixels: NDArray[np.uint8]) -> None:
        """Put a picture `[H, W, 3]` there.

        Raises:
            NotFoundError: copykitten is not installed, or there is no clipboard.
        """
        kit = _kit()
        height, width = pixels.shape[:2]
        alpha = np.full((height, width, 1), 255, np.uint8)
        try:
            kit.copy_image(np.concatenate([pixels, alpha], axis=2).tobytes(), width, height)
        except kit.CopykittenError as error:
            raise NotFoundError(f"the clipboard cannot be had: {error}") from error


def _kit() -> ModuleType:
    """Return copykitten.

    Raises:
        NotFoundError: it is not installed.
    """
    try:
        import copykitten
    except ImportError as error:
        raise NotFoundError(
            "pictures on the clipboard need copykitten: pip install 'layerwalk[client]'"
        ) from error
    module: ModuleType = copykitten
    return module

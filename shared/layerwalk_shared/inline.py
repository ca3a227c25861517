"""What a notebook shows in its own page: pictures and films, by the display protocol of IPython.

IPython itself is not needed: an object says what it looks like, whoever asks.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class InlinePicture:
    """A PNG file, as bytes."""

    png: bytes = field(repr=False)

    def _repr_png_(self) -> bytes:
        return self.png

    def save(self, path: str | Path) -> Path:
        """Write the file; return its path."""
        found = Path(path)
        found.write_bytes(self.png)
        return found


@dataclass(frozen=True, slots=True)
class InlineFilm:
    """An MP4 file, as bytes."""

    mp4: bytes = field(repr=False)

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> Mapping[str, str]:
        code = b64encode(self.mp4).decode()
        source = f"data:video/mp4;base64,{code}"
        return {
            "text/plain": f"a film of {len(self.mp4)} bytes",
            "text/html": f'<video controls loop muted src="{source}"></video>',
        }

    def save(self, path: str | Path) -> Path:
        """Write the file; return its path."""
        found = Path(path)
        found.write_bytes(self.mp4)
        return found

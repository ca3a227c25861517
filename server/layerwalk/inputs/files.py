"""Folders of texts, sounds or tables as data sets; each file is an item with a small picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from layerwalk.inputs.pictures import Picture
from layerwalk.inputs.thumbnails import draw_curves, draw_text, draw_waveform
from layerwalk_shared.errors import DatasetError, InputError

MEDIA_TYPES = {".txt": "text/plain", ".wav": "audio/wav", ".csv": "text/csv"}
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
MAX_FILE_BYTES = 32 * 2**20
MAX_FILES = 1_000_000
_DRAW = {"text/plain": draw_text, "audio/wav": draw_waveform, "text/csv": draw_curves}


@dataclass(frozen=True, slots=True)
class Content:
    """A file's bytes and what they are."""

    media_type: str
    data: bytes


@dataclass(frozen=True)
class FileItem:
    """One file of a folder.

    Attributes:
        name: its path inside the folder.
        content: what it holds.
        label: the folder that it lies in, or None.
    """

    name: str
    content: Content
    label: str | None = None

    @cached_property
    def image(self) -> Picture:
        """A small picture of it, `[H, W, 3]`.

        Raises:
            DatasetError: it cannot be drawn: it is damaged.
        """
        try:
            return _DRAW[self.content.media_type](self.content.data)
        except InputError as error:
            raise DatasetError(str(error)) from error


@dataclass(frozen=True, slots=True)
class FileDataset:
    """Files of one kind in the order of their names; folders in the folder are classes.

    Attributes:
        name: of the folder.
        folder: where it is.
        media_type: of every item.
        files: their paths inside of it.
        classes: names of the folders, sorted.
        labels: of each file, or None where it lies in the folder itself.
    """

    name: str
    folder: Path
    media_type: str
    files: tuple[Path, ...]
    classes: tuple[str, ...]
    labels: tuple[str | None, ...]

    def __len__(self) -> int:
        return len(self.files)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(path.as_posix() for path in self.files)

    def item(self, i: int, /) -> FileItem:
        """Return item `i`.

        Raises:
            DatasetError: it is too large.
            OSError: it cannot be read.
        """
        path = self.folder / self.files[i]
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise DatasetError(f"file of {size} bytes: at most {MAX_FILE_BYTES} are read")
        content = Content(self.media_type, path.read_bytes())
        return FileItem(self.files[i].as_posix(), content, self.labels[i])


def open_files(folder: Path) -> FileDataset | None:
    """Return the data set of a folder of texts, sounds or tables; None where it holds others.

    A folder with pictures is one of pictures, whatever else is in it.

    Raises:
        DatasetError: it holds files of several of these kinds.
    """
    found: dict[str, list[Path]] = {}
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        suffix = path.suffix.lower()
        if any(part.startswith(".") for part in inside.parts) or not path.is_file():
            continue
        if suffix in PICTURES:
            return None
        if suffix in MEDIA_TYPES:
            found.setdefault(suffix, []).append(inside)
    if not found:
        return None
    if len(found) > 1:
        raise DatasetError(f"folder with {' and '.join(sorted(found))} files: one kind is expected")
    (suffix, files), *_ = found.items()
    files = sorted(files)[:MAX_FILES]
    labels = tuple(path.parts[0] if len(path.parts) > 1 else None for path in files)
    classes = tuple(sorted({label for label in labels if label is not None}))
    return FileDataset(
        folder.resolve().name, folder, MEDIA_TYPES[suffix], tuple(files), classes, labels
    )

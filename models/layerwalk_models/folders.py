"""A folder of class folders, or a zip file of one: which classes and images it holds, in order."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from .archives import read_directory, read_entry
from .errors import DatasetError

IMAGE_SUFFIXES: Final = frozenset(
    {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".pgm", ".webp"}
)


@dataclass(frozen=True, slots=True)
class Listing:
    """The images of a folder or zip file, sorted by class and file name (code points).

    Attributes:
        source: The folder or zip file.
        classes: Names of the class folders; () where images lie in `source` itself.
        files: Path of each image relative to `source`, with forward slashes.
        labels: Index into `classes` for each image; None where there are no classes.
        directory: Of a zip file: its entries by name.
    """

    source: Path
    classes: tuple[str, ...]
    files: tuple[str, ...]
    labels: tuple[int | None, ...]
    directory: Mapping[str, zipfile.ZipInfo] = field(
        default_factory=dict, compare=False, repr=False
    )

    def read(self, index: int) -> bytes:
        """Read the bytes of image `index`; raises `DatasetError` where the file is gone."""
        name = self.files[index]
        try:
            if self.source.is_dir():
                return (self.source / name).read_bytes()
            return read_entry(self.source, self.directory[name])
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise DatasetError(f"cannot read {name!r} in {str(self.source)!r}: {error}") from error

    def read_all(self, indices: Iterable[int]) -> Iterable[bytes | DatasetError]:
        """Read many images in order; a failure is yielded, not raised."""
        for index in indices:
            try:
                yield self.read(index)
            except DatasetError as error:
                yield error


def list_images(source: Path) -> Listing:
    """List the images of `source`, a folder or a zip file.

    Subfolders are classes, images at any depth inside one belong to it. Where everything lies in
    one single folder that itself holds folders (as in `caltech101/<class>/<file>`), that folder is
    passed over. Hidden files and macOS's `__MACOSX` are left out.

    Raises:
        DatasetError: `source` does not exist, is no folder or zip file, has no images, or has a
            class folder without an image.
    """
    paths, folders, directory = _walk(source)
    depth = 0
    while True:
        tops = {path.parts[depth] for path in (*paths, *folders) if len(path.parts) > depth}
        nested = any(len(path.parts) > depth + 2 for path in paths)
        direct = any(len(path.parts) == depth + 1 for path in paths)
        if len(tops) == 1 and nested and not direct and not _has_images(paths, depth + 1):
            depth += 1
        else:
            break
    images = sorted(
        (path for path in paths if path.suffix.lower() in IMAGE_SUFFIXES),
        key=lambda path: path.parts,
    )
    if not images:
        raise DatasetError(
            f"{str(source)!r} holds no images; expected a folder of class folders with "
            f"files that end in {', '.join(sorted(IMAGE_SUFFIXES))}"
        )
    inside = [path for path in images if len(path.parts) > depth + 1]
    loose = [path for path in images if len(path.parts) == depth + 1]
    if loose and inside:
        raise DatasetError(
            f"{str(source)!r} holds class folders and loose images such as {str(loose[0])!r}; "
            "expected either class folders alone or images alone"
        )
    if loose:
        return Listing(source, (), tuple(map(str, loose)), (None,) * len(loose), directory)
    classes = tuple(sorted({path.parts[depth] for path in inside}))
    empty = {path.parts[depth] for path in folders if len(path.parts) > depth} - set(classes)
    if empty:
        raise DatasetError(
            f"class folder {min(empty)!r} in {str(source)!r} holds no image "
            f"({len(empty)} such of {len(classes) + len(empty)} class folders)"
        )
    place = {name: index for index, name in enumerate(classes)}
    return Listing(
        source,
        classes,
        tuple(map(str, inside)),
        tuple(place[path.parts[depth]] for path in inside),
        directory,
    )


def _has_images(paths: list[PurePosixPath], depth: int) -> bool:
    """Say whether an image lies at `depth` exactly."""
    return any(
        len(path.parts) == depth + 1 and path.suffix.lower() in IMAGE_SUFFIXES for path in paths
    )


def _walk(
    source: Path,
) -> tuple[list[PurePosixPath], list[PurePosixPath], Mapping[str, zipfile.ZipInfo]]:
    """List files and folders below `source`, relative, without hidden ones; and a zip's entries."""
    directory: Mapping[str, zipfile.ZipInfo] = {}
    if source.is_dir():
        entries = [
            (PurePosixPath(path.relative_to(source).as_posix()), path.is_dir())
            for path in source.rglob("*")
        ]
    elif source.is_file() and zipfile.is_zipfile(source):
        directory = read_directory(source)
        entries = [(PurePosixPath(name), info.is_dir()) for name, info in directory.items()]
    elif source.exists():
        raise DatasetError(f"{str(source)!r} is neither a folder nor a zip file")
    else:
        raise DatasetError(f"{str(source)!r} does not exist; expected a folder or a zip file")
    seen = [
        (path, folder)
        for path, folder in entries
        if not any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    ]
    files = [path for path, folder in seen if not folder]
    folders = [path for path, folder in seen if folder]
    return files, folders, directory

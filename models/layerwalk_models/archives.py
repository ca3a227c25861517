"""Single files out of a zip file whose directory was read once.

`zipfile` reads the whole directory each time that a file is opened: for Caltech101 that takes longer
than a hundred of its pictures. Here the directory is kept, and no file stays open.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_HEADER: Final = struct.Struct("<4s22xHH")
"""Of a file in a zip file: signature, lengths of its name and of its extra field (PKWARE, 4.3.7)."""
_SIGNATURE: Final = b"PK\x03\x04"
_IS_ENCRYPTED: Final = 0x1


def read_directory(source: Path) -> Mapping[str, zipfile.ZipInfo]:
    """Return name -> entry of a zip file.

    Raises:
        OSError, zipfile.BadZipFile: it cannot be read.
    """
    with zipfile.ZipFile(source) as archive:
        return {entry.filename: entry for entry in archive.infolist()}


def read_entry(source: Path, entry: zipfile.ZipInfo) -> bytes:
    """Return the bytes of one file; several threads may read at once.

    Raises:
        OSError: the zip file is gone.
        zipfile.BadZipFile: it is another one by now, or damaged.
    """
    is_plain = entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    if not is_plain or entry.flag_bits & _IS_ENCRYPTED:
        with zipfile.ZipFile(source) as archive:
            return archive.read(entry)
    with source.open("rb") as file:
        file.seek(entry.header_offset)
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            raise zipfile.BadZipFile(f"{entry.filename!r} lies behind the end of the file")
        signature, name_bytes, extra_bytes = _HEADER.unpack(header)
        if signature != _SIGNATURE:
            raise zipfile.BadZipFile(f"{entry.filename!r} is not where the directory says")
        file.seek(name_bytes + extra_bytes, 1)
        data = file.read(entry.compress_size)
    if entry.compress_type == zipfile.ZIP_DEFLATED:
        try:
            data = zlib.decompress(data, -zlib.MAX_WBITS, entry.file_size or 1)
        except zlib.error as error:
            raise zipfile.BadZipFile(f"{entry.filename!r} is damaged: {error}") from error
    if len(data) != entry.file_size or zlib.crc32(data) != entry.CRC:
        raise zipfile.BadZipFile(f"{entry.filename!r} is damaged: its checksum is another")
    return data

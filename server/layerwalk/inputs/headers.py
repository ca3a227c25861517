"""The kind and size of an image file, from its first bytes, before anything is decoded.

Layouts: PNG 1.2 section 11.2.2 (IHDR), ITU-T T.81 annex B (JPEG frame headers), RFC 9649 section 2
(WebP containers).
"""

from __future__ import annotations

import struct
from typing import Literal

from layerwalk_shared.errors import InputError

ImageKind = Literal["PNG", "JPEG", "WEBP"]

_NOT_FRAMES = (0xC4, 0xC8, 0xCC)
"""JPEG markers between C0 and CF that begin no frame: tables and reserved."""


def image_size(data: bytes) -> tuple[ImageKind, int, int]:
    """Return (kind, width, height) that an image file claims.

    Raises:
        InputError: it is none of PNG, JPEG and WebP, or ends before its size.
    """
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            if data[12:16] != b"IHDR":
                raise InputError("PNG image: does not begin with its IHDR chunk")
            width, height = struct.unpack_from(">II", data, 16)
            return "PNG", width, height
        if data.startswith(b"\xff\xd8\xff"):
            width, height = _jpeg_size(data)
            return "JPEG", width, height
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            width, height = _webp_size(data)
            return "WEBP", width, height
    except (struct.error, IndexError) as error:
        raise InputError(f"image of {len(data)} bytes: ends before its size is told") from error
    begins = f"begins with {data[:8]!r}" if data else "is empty"
    raise InputError(f"not an image: {begins}; PNG, JPEG and WebP are taken")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    place = 2
    while True:
        if data[place] != 0xFF:
            raise InputError(f"JPEG image: no marker at byte {place}")
        marker = data[place + 1]
        if marker == 0xFF:  # a fill byte
            place += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in _NOT_FRAMES:
            height, width = struct.unpack_from(">HH", data, place + 5)
            return width, height
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # stand alone, without a length
            place += 2
            continue
        place += 2 + struct.unpack_from(">H", data, place + 2)[0]


def _webp_size(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X":
        width = 1 + int.from_bytes(_exactly(data, 24, 3), "little")
        height = 1 + int.from_bytes(_exactly(data, 27, 3), "little")
        return width, height
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise InputError(f"WebP image: begins with chunk {kind!r}")


def _exactly(data: bytes, start: int, count: int) -> bytes:
    part = data[start : start + count]
    if len(part) < count:
        raise IndexError(start)
    return part

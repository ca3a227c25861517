"""Decode image files and bring them to the sizes that networks take; images are uint8 [H, W, 3]."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from .errors import DatasetError

Picture = NDArray[np.uint8]

MAX_SIDE_PX: Final = 8192  # checked in the header, before anything is decoded


def decode_picture(data: bytes, name: str) -> Picture:
    """Decode an image file to uint8 [H, W, 3], upright, RGB.

    Args:
        data: The file's bytes.
        name: What errors call it.

    Raises:
        DatasetError: The bytes are no image, are broken, or the image is larger than
            `MAX_SIDE_PX` a side.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            if max(image.size) > MAX_SIDE_PX:
                raise DatasetError(
                    f"image {name!r} is {image.width} x {image.height} pixels, "
                    f"expected at most {MAX_SIDE_PX} a side"
                )
            upright = ImageOps.exif_transpose(image)
            return np.asarray(upright.convert("RGB"))
    except DatasetError:
        raise
    except UnidentifiedImageError as error:
        raise DatasetError(f"{name!r} ({len(data)} bytes) is no image") from error
    # Pillow's own limits; the first is a warning, and an error for those who make it one.
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DatasetError(
            f"image {name!r} is too large, expected at most {MAX_SIDE_PX} pixels a side: {error}"
        ) from error
    # Pillow's decoders raise all of these on damaged files.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError) as error:
        raise DatasetError(f"image {name!r} ({len(data)} bytes) is broken: {error}") from error


def squash(picture: Picture, side: int) -> Picture:
    """Resize [H, W, 3] to [side, side, 3], changing the aspect ratio (bicubic)."""
    return _resize(picture, (side, side))


def fit_centre(picture: Picture, size_hw: tuple[int, int]) -> Picture:
    """Resize [H, W, 3] so that it covers `size_hw`, then cut its centre to [h, w, 3] (bicubic).

    For a square size: the short side becomes `h`, the long side is cut on both ends.
    """
    height, width = size_hw
    scale = max(height / picture.shape[0], width / picture.shape[1])
    grown_h = max(height, round(picture.shape[0] * scale))
    grown_w = max(width, round(picture.shape[1] * scale))
    grown = _resize(picture, (grown_h, grown_w))
    top, left = (grown_h - height) // 2, (grown_w - width) // 2
    return grown[top : top + height, left : left + width]


def _resize(picture: Picture, size_hw: tuple[int, int]) -> Picture:
    if picture.shape[:2] == size_hw:
        return picture
    resized = Image.fromarray(picture).resize((size_hw[1], size_hw[0]), Image.Resampling.BICUBIC)
    return np.asarray(resized)

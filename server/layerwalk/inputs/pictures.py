"""Image files and pictures: bytes to pixels, pixels to what a network takes."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from layerwalk.inputs.headers import image_size
from layerwalk_shared.errors import InputError, TooLargeError
from layerwalk_shared.messages import InputSpec

Picture = NDArray[np.uint8]
"""`[H, W, 3]` or `[H, W]`, sRGB."""
DRAFT = 3
"""A JPEG is decoded at a reduced size that is still this many times what is needed."""


def decode_image(data: bytes, *, largest_side: int, needed_hw: tuple[int, int]) -> Picture:
    """Return the pixels of an image file, upright (EXIF), transparency over white.

    Args:
        data: a PNG, JPEG or WebP file; of an animation the first picture.
        largest_side: pixels of a side at most, checked before anything is decoded.
        needed_hw: size that it will be scaled to; a large JPEG is decoded at a reduced size that
            is at least three times this.

    Raises:
        InputError: it is no such file, or damaged.
        TooLargeError: a side is over `largest_side`.
    """
    kind, width, height = image_size(data)
    if max(width, height) > largest_side:
        raise TooLargeError(
            f"{kind} image of {width} x {height} pixels: a side has at most {largest_side}"
        )
    if min(width, height) == 0:
        raise InputError(f"{kind} image of {width} x {height} pixels: nothing to see")
    try:
        with Image.open(BytesIO(data), formats=(kind,)) as image:
            if max(image.size) > largest_side:
                raise TooLargeError(f"{kind} image of {image.size}: at most {largest_side} a side")
            if kind == "JPEG":
                side = DRAFT * max(needed_hw)
                image.draft(None, (side, side))
            return _pixels(ImageOps.exif_transpose(image))
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, TooLargeError):
            raise
        raise InputError(f"{kind} image of {len(data)} bytes cannot be decoded: {error}") from error


def _pixels(image: Image.Image) -> Picture:
    if image.mode.startswith("I;16") or image.mode == "I":
        wide = np.asarray(image).astype(np.float32)
        return np.rint(np.clip(wide / 257, 0, 255)).astype(np.uint8)
    if image.mode in ("1", "L"):
        return np.array(image.convert("L"))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        over = image.convert("RGBA")
        ground = Image.new("RGBA", over.size, (255, 255, 255, 255))
        return np.array(Image.alpha_composite(ground, over).convert("RGB"))
    return np.array(image.convert("RGB"))


def fit(picture: Picture, shape_hw: tuple[int, int], *, colours: int) -> Picture:
    """Return a picture of exactly (height, width): scaled until it covers, then cropped centrally.

    Scaling is Pillow's bicubic, as in the evaluation of the networks that we ship, so that an
    answer here is the answer there.

    Args:
        picture: any size.
        shape_hw: of the result.
        colours: 1 (grey by ITU-R 601 luma) or 3.

    Returns:
        `[H, W]` or `[H, W, 3]`.
    """
    height, width = shape_hw
    image = Image.fromarray(picture).convert("L" if colours == 1 else "RGB")
    scale = max(height / image.height, width / image.width)
    covers = (max(width, round(image.width * scale)), max(height, round(image.height * scale)))
    if covers != image.size:
        image = image.resize(covers, Image.Resampling.BICUBIC)
    left, top = (covers[0] - width) // 2, (covers[1] - height) // 2
    return np.array(image.crop((left, top, left + width, top + height)))


def picture_shape_of(spec: InputSpec) -> tuple[int, int, int]:
    """Return (colours, height, width) of the picture that a network takes.

    Raises:
        InputError: it takes no picture.
    """
    if spec.kind != "image" or len(spec.shape) != 3 or spec.shape[0] not in (1, 3):
        raise InputError(
            f"this network takes {spec.kind} inputs of shape {list(spec.shape)}, not pictures"
        )
    return spec.shape[0], spec.shape[1], spec.shape[2]


def normalise(planes: NDArray[np.float32], spec: InputSpec) -> NDArray[np.float32]:
    """Return `(planes - mean) / std` for `[C, ...]` in 0..1; unchanged where there is none."""
    if not spec.mean or not spec.std:
        return planes
    per_channel = (-1, *(1,) * (planes.ndim - 1))
    mean = np.asarray(spec.mean, np.float32).reshape(per_channel)
    std = np.asarray(spec.std, np.float32).reshape(per_channel)
    result: NDArray[np.float32] = (planes - mean) / std
    return result


def picture_input(picture: Picture, spec: InputSpec) -> NDArray[np.float32]:
    """Return the input values `[C, H, W]` of a picture: fitted, 0..1, normalised.

    Raises:
        InputError: the network takes no picture.
    """
    colours, height, width = picture_shape_of(spec)
    pixels = fit(picture, (height, width), colours=colours).reshape(height, width, colours)
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1)).astype(np.float32) / np.float32(255)
    return normalise(planes, spec)

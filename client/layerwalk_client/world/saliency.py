"""What of an input made a unit strong, as a picture over the input, or a number for each token."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STRONGER, WEAKER = (79, 182, 255), (255, 180, 84)
"""Colours of what made the unit stronger, and weaker."""
DIMMED = 0.34
"""Of the light of the picture below."""
PERCENTILE = 99.5
"""Of the sizes: what is beyond has all of the colour."""
POWER = 0.7

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]


def strengths(given: Floats) -> Floats:
    """Return what each place gave as -1..1, whatever its scale; all 0 where nothing was given."""
    given = np.nan_to_num(np.asarray(given, np.float32), posinf=0.0, neginf=0.0)
    sizes = np.abs(given)
    end = float(np.percentile(sizes, PERCENTILE)) if sizes.size else 0.0
    end = end or float(sizes.max(initial=0.0))
    if end == 0.0:
        return np.zeros_like(given)
    found: Floats = np.copysign(np.minimum(1.0, sizes / end) ** POWER, given).astype(np.float32)
    return found


def overlaid(given: Floats, picture: Pixels | None) -> Pixels:
    """Return a map in two colours over a grey, dimmed picture, `[H, W, 3]`.

    Args:
        given: `[..., H, W]`; leading axes are added up.
        picture: `[H, W, 3]` of the same size; None: over black.
    """
    given = np.asarray(given, np.float32)
    flat = given.reshape(-1, *given.shape[-2:]).sum(0) if given.ndim > 2 else np.atleast_2d(given)
    strength = strengths(flat)[..., None]
    ground = np.zeros((*flat.shape, 3), np.float32)
    if picture is not None and picture.shape[:2] == flat.shape:
        ground += picture.astype(np.float32).mean(-1, keepdims=True) * DIMMED
    hue = np.where(strength < 0, np.array(WEAKER, np.float32), np.array(STRONGER, np.float32))
    shown = ground + np.abs(strength) * (hue - ground)
    pixels: Pixels = np.rint(np.clip(shown, 0, 255)).astype(np.uint8)
    return pixels

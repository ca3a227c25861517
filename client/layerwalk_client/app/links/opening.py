"""What a link says of place, layout and input, in the words of those who open it."""

from __future__ import annotations

import math

from layerwalk_client.app.travel.places import Place
from layerwalk_client.world.options import STYLES, Style
from layerwalk_client.world.view import Camera
from layerwalk_shared.errors import InvalidRequestError, nearest_hint
from layerwalk_shared.links import Link

USUAL_NEAR = Camera().near


def place_of(link: Link) -> Place:
    """Return where the eye is: the link's camera, else before its node."""
    if link.camera is None:
        return link.node
    x, y, z, yaw, pitch, *rest = link.camera
    near = max(rest[0], USUAL_NEAR) if rest else USUAL_NEAR
    return Camera((x, y, z), math.radians(yaw), math.radians(pitch), near=near)


def layout_of(link: Link) -> Style | None:
    """Return how long chains stand, None where the link does not say.

    Raises:
        InvalidRequestError: there is no such layout.
    """
    if link.layout is None:
        return None
    for style in STYLES:
        if style == link.layout:
            return style
    raise InvalidRequestError(
        f"layout {link.layout!r:.80} in the link, expected one of {', '.join(STYLES)}"
        + nearest_hint(link.layout, STYLES)
    )

"""Words on the command line that become values: sizes, places, items, servers."""

from __future__ import annotations

import argparse
import math
import os
from dataclasses import replace
from pathlib import Path

from layerwalk_client.app.links import opening
from layerwalk_client.app.links.dressing import dressed
from layerwalk_client.app.travel.places import OVERVIEW
from layerwalk_client.world.options import STYLES, Style
from layerwalk_client.world.view import Appearance, Camera
from layerwalk_shared.colours import describe_table
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.links import Link, is_link, parse_link
from layerwalk_shared.routes import DEFAULT_URL

PICTURE_FORMATS = (".png", ".jpg", ".jpeg", ".webp")
MAX_SIDE = 8192
RANGES = ("channel", "node", "shared", "percentile")


def add_server(parser: argparse.ArgumentParser) -> None:
    """Let a verb take a server's URL and token."""
    parser.add_argument(
        "url", nargs="?", default=DEFAULT_URL, help=f"default {DEFAULT_URL}; or a layerwalk:// link"
    )
    parser.add_argument("--token", help="for a server that asks for one (or LAYERWALK_TOKEN)")


def link_in(options: argparse.Namespace) -> Link | None:
    """Return the link that was given in place of a server's URL; None: it is a URL.

    Raises:
        InvalidRequestError: it is no link that can be read.
    """
    return parse_link(options.url) if is_link(options.url) else None


def add_places(parser: argparse.ArgumentParser) -> None:
    """Let a verb take where the eye is."""
    places = parser.add_mutually_exclusive_group()
    places.add_argument(
        "--camera",
        type=camera,
        metavar="X,Y,Z,YAW,PITCH",
        help="metres and degrees; with a minus first write --camera=-1,...",
    )
    places.add_argument("--node", help="stand before this node")
    places.add_argument("--overview", action="store_true", help="see the whole network")


def add_layout(parser: argparse.ArgumentParser) -> None:
    """Let a verb take how long chains stand."""
    text = f"how long chains stand: {', '.join(STYLES)}"
    parser.add_argument("--layout", choices=STYLES, help=text)


def layout_of(options: argparse.Namespace, link: Link | None) -> Style | None:
    """Return how long chains stand, None where nothing says it.

    Raises:
        InvalidRequestError: the link says something else.
    """
    found: Style | None = options.layout
    return found if found is not None or link is None else opening.layout_of(link)


def network_of(options: argparse.Namespace, link: Link | None) -> str | None:
    """Return the network asked for, None for the first."""
    found: str | None = options.network
    return found or (None if link is None else link.network or None)


def add_look(parser: argparse.ArgumentParser) -> None:
    """Let a verb take how values and everything else look."""
    parser.add_argument("--table", help="colour table")
    parser.add_argument("--range", dest="range_mode", help="channel, node, shared or percentile")
    parser.add_argument("--theme", choices=("dark", "paper"), help="default dark")


def appearance_of(options: argparse.Namespace, link: Link | None = None) -> Appearance:
    """Return how values look; what a link says is what no option says.

    Raises:
        InvalidRequestError: no such table or range.
    """
    found = Appearance(mode="percentile")
    if link is not None:
        found = dressed(
            found, table=link.table, mode=link.range, limit=link.limit, theme=link.theme
        )
    if options.theme is not None:
        found = replace(found, theme=options.theme)
    if options.table is not None:
        describe_table(options.table)
        found = replace(found, table=options.table)
    if options.range_mode is not None:
        if options.range_mode not in RANGES:
            raise InvalidRequestError(
                f"range {options.range_mode!r}, expected one of {', '.join(RANGES)}"
            )
        found = replace(found, mode=options.range_mode)
    return found


def place_of(options: argparse.Namespace, link: Link | None = None) -> Camera | str | None:
    """Return a camera, a node's id, `overview`'s marker, or None for the beginning."""
    if options.overview:
        return OVERVIEW
    found: Camera | str | None = options.camera or options.node
    return found if found is not None or link is None else opening.place_of(link)


def token_of(given: str | None) -> str | None:
    """Return the token given, else the environment's."""
    return given or os.environ.get("LAYERWALK_TOKEN") or None


def size_wh(text: str) -> tuple[int, int]:
    """Return the pixels that `WIDTHxHEIGHT` says."""
    width, separator, height = text.lower().partition("x")
    if not (separator and width.isdigit() and height.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r}, expected WIDTHxHEIGHT such as 1920x1080")
    size = (int(width), int(height))
    if not all(16 <= side <= MAX_SIDE for side in size):
        raise argparse.ArgumentTypeError(f"{text!r}, expected sides of 16 to {MAX_SIDE} pixels")
    return size


def seconds(text: str) -> float:
    """Return a time of 0 to 60 seconds."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 <= found <= 60:
        raise argparse.ArgumentTypeError(f"{text!r}, expected seconds, 0 to 60")
    return found


def channels(text: str) -> tuple[tuple[int, int], ...]:
    """Return (first, behind) of each part of a list such as `0-15,40`."""
    found = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not (first.isdecimal() and (last.isdecimal() or not dash) and len(part) < 20):
            raise argparse.ArgumentTypeError(f"{text!r}, expected channels such as 0-15,40")
        found.append((int(first), int(last if dash else first) + 1))
        if found[-1][0] >= found[-1][1]:
            raise argparse.ArgumentTypeError(f"{part!r} begins behind its end")
    return tuple(found)


def camera(text: str) -> Camera:
    """Return the camera that `X,Y,Z,YAW,PITCH` says."""
    try:
        x, y, z, yaw, pitch = (float(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r}, expected X,Y,Z,YAW,PITCH such as 0,1.6,4,0,-5"
        ) from error
    if not all(math.isfinite(value) for value in (x, y, z, yaw, pitch)) or abs(pitch) > 89:
        raise argparse.ArgumentTypeError(f"{text!r}: finite numbers, a pitch of -89 to 89")
    return Camera(position=(x, y, z), yaw=math.radians(yaw), pitch=math.radians(pitch))


def picture(text: str) -> Path:
    """Return the path of a picture that can be written."""
    path = Path(text)
    if path.suffix.lower() not in PICTURE_FORMATS:
        raise argparse.ArgumentTypeError(
            f"{text!r}: a picture ends in one of {', '.join(PICTURE_FORMATS)}"
        )
    return path


def item(text: str) -> str:
    """Return the `DATASET:NUMBER` that a text is."""
    dataset, separator, number = text.rpartition(":")
    if not (separator and dataset and number.isdecimal() and number.isascii()):
        raise argparse.ArgumentTypeError(f"{text!r}, expected DATASET:NUMBER such as samples:0")
    return text

"""The client's verbs: view, demo, shot, doctor. Each reads its words and returns an exit code."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from layerwalk_client.world.options import STYLES, Style
from layerwalk_client.world.view import Camera
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.routes import DEFAULT_URL

PICTURE_FORMATS = (".png", ".jpg", ".jpeg", ".webp")
MAX_SIDE = 8192
DEMO_PICTURE = Path("layerwalk-demo.png")


def view(argv: Sequence[str]) -> int:
    """Open a window on a server."""
    parser = argparse.ArgumentParser("layerwalk view", description="walk through a served network")
    _add_server(parser)
    parser.add_argument("--network", help="id of the network, where there are several")
    parser.add_argument("--size", type=_size, help="of the window, such as 1280x720")
    parser.add_argument("--fullscreen", action="store_true", help="cover the desktop")
    _add_places(parser)
    _add_layout(parser, default=None)
    parser.add_argument("--no-intro", action="store_true", help="start at the input, without hints")
    parser.add_argument(
        "--trace", type=Path, metavar="FILE", help="append what happens as JSON lines (for tools)"
    )
    parser.add_argument("--vr", action="store_true", help="headset (needs the extra [vr])")
    options = _parsed(parser, argv)
    if options.vr:
        raise InvalidRequestError("--vr is not in this version: the desktop window is")
    from layerwalk_client.app.view import ViewOptions, run_view

    return run_view(
        ViewOptions(
            url=options.url,
            token=_token(options.token),
            network=options.network,
            size_wh=options.size,
            is_fullscreen=options.fullscreen,
            place=_place(options),
            layout=options.layout,
            shows_intro=not options.no_intro,
            trace=options.trace,
        )
    )


def shot(argv: Sequence[str]) -> int:
    """Write a picture of the scene."""
    parser = argparse.ArgumentParser(
        "layerwalk shot", description="a picture of the 3D scene, without a window"
    )
    parser.add_argument("out", type=_picture, metavar="OUT.png")
    _add_server(parser)
    parser.add_argument("--network", help="id of the network, where there are several")
    parser.add_argument("--size", type=_size, default=(1920, 1080), help="default 1920x1080")
    _add_places(parser)
    images = parser.add_mutually_exclusive_group()
    images.add_argument("--input", type=Path, metavar="IMAGE", help="put this file on the input")
    images.add_argument("--item", type=_item, metavar="DATASET:NUMBER", help="put this item there")
    parser.add_argument("--serve", metavar="TARGET", help="serve this model for the picture")
    parser.add_argument(
        "--data", action="append", default=[], help="data set for --serve; may be repeated"
    )
    parser.add_argument(
        "--maximised",
        action="append",
        default=[],
        metavar="NODE",
        help="show this node's newest maximised images; may be repeated",
    )
    parser.add_argument("--table", help="colour table")
    parser.add_argument("--range", dest="range_mode", help="channel, node, shared or percentile")
    parser.add_argument("--theme", choices=("dark", "paper"), default="dark")
    _add_layout(parser, default="straight")
    options = _parsed(parser, argv)
    from layerwalk_client.app.shot import ShotOptions, run_shot

    result = run_shot(
        ShotOptions(
            out=options.out,
            url=options.url,
            token=_token(options.token),
            network=options.network,
            size_wh=options.size,
            place=_place(options),
            input=options.input,
            item=options.item,
            serve=options.serve,
            datasets=tuple(options.data),
            maximised=tuple(options.maximised),
            table=options.table,
            range_mode=options.range_mode,
            theme=options.theme,
            layout=options.layout,
        )
    )
    print(result)
    return 0


def demo(argv: Sequence[str]) -> int:
    """Serve the shipped network and show it."""
    parser = argparse.ArgumentParser(
        "layerwalk demo", description="the shipped network, served and shown"
    )
    parser.add_argument("--headless", action="store_true", help="write a picture, open no window")
    parser.add_argument(
        "--out", type=_picture, default=DEMO_PICTURE, help=f"the picture, default {DEMO_PICTURE}"
    )
    parser.add_argument("--target", help="another model than the shipped one")
    parser.add_argument(
        "--trace", type=Path, metavar="FILE", help="append what happens as JSON lines (for tools)"
    )
    options = _parsed(parser, argv)
    from layerwalk_client.app.demo import run_demo

    has_display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    is_desktop = has_display or not sys.platform.startswith("linux")
    return run_demo(
        options.target,
        picture=options.out,
        opens_window=is_desktop and not options.headless,
        trace=options.trace,
    )


def doctor(argv: Sequence[str]) -> int:
    """Say what this machine can do."""
    parser = argparse.ArgumentParser(
        "layerwalk doctor", description="what this machine can do, each lack with its fix"
    )
    _parsed(parser, argv)
    from layerwalk_client.app.doctor import as_text, examine, verdict

    findings = examine()
    print(as_text(findings))
    return verdict(findings)


def _parsed(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    return parser.parse_args(list(argv))


def _add_server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", nargs="?", default=DEFAULT_URL, help=f"default {DEFAULT_URL}")
    parser.add_argument("--token", help="for a server that asks for one (or LAYERWALK_TOKEN)")


def _add_places(parser: argparse.ArgumentParser) -> None:
    places = parser.add_mutually_exclusive_group()
    places.add_argument(
        "--camera",
        type=_camera,
        metavar="X,Y,Z,YAW,PITCH",
        help="metres and degrees; with a minus first write --camera=-1,...",
    )
    places.add_argument("--node", help="stand before this node")
    places.add_argument("--overview", action="store_true", help="see the whole network")


def _add_layout(parser: argparse.ArgumentParser, *, default: Style | None) -> None:
    text = f"how long chains stand: {', '.join(STYLES)}"
    parser.add_argument("--layout", choices=STYLES, default=default, help=text)


def _place(options: argparse.Namespace) -> Camera | str | None:
    """Return a camera, a node's id, `overview`'s marker, or None for the beginning."""
    from layerwalk_client.app.places import OVERVIEW

    if options.overview:
        return OVERVIEW
    found: Camera | str | None = options.camera or options.node
    return found


def _token(given: str | None) -> str | None:
    return given or os.environ.get("LAYERWALK_TOKEN") or None


def _size(text: str) -> tuple[int, int]:
    width, separator, height = text.lower().partition("x")
    if not (separator and width.isdigit() and height.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r}, expected WIDTHxHEIGHT such as 1920x1080")
    size = (int(width), int(height))
    if not all(16 <= side <= MAX_SIDE for side in size):
        raise argparse.ArgumentTypeError(f"{text!r}, expected sides of 16 to {MAX_SIDE} pixels")
    return size


def _camera(text: str) -> Camera:
    try:
        x, y, z, yaw, pitch = (float(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r}, expected X,Y,Z,YAW,PITCH such as 0,1.6,4,0,-5"
        ) from error
    if not all(math.isfinite(value) for value in (x, y, z, yaw, pitch)) or abs(pitch) > 89:
        raise argparse.ArgumentTypeError(f"{text!r}: finite numbers, a pitch of -89 to 89")
    return Camera(position=(x, y, z), yaw=math.radians(yaw), pitch=math.radians(pitch))


def _picture(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in PICTURE_FORMATS:
        raise argparse.ArgumentTypeError(
            f"{text!r}: a picture ends in one of {', '.join(PICTURE_FORMATS)}"
        )
    return path


def _item(text: str) -> tuple[str, int]:
    dataset, separator, number = text.rpartition(":")
    if not (separator and dataset and number.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r}, expected DATASET:NUMBER such as samples:0")
    return dataset, int(number)

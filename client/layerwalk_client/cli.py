"""The client's verbs: view, demo, shot, film, doctor. Each reads its words and returns an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from layerwalk_client.app.arguments import (
    add_layout,
    add_look,
    add_places,
    add_server,
    appearance_of,
    item,
    picture,
    place_of,
    seconds,
    size_wh,
    token_of,
)
from layerwalk_shared.errors import InvalidRequestError

DEMO_PICTURE = Path("layerwalk-demo.png")


def view(argv: Sequence[str]) -> int:
    """Open a window on a server."""
    parser = argparse.ArgumentParser("layerwalk view", description="walk through a served network")
    add_server(parser)
    parser.add_argument("--network", help="id of the network, where there are several")
    parser.add_argument("--size", type=size_wh, help="of the window, such as 1280x720")
    parser.add_argument("--fullscreen", action="store_true", help="cover the desktop")
    add_places(parser)
    add_layout(parser, default=None)
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
            token=token_of(options.token),
            network=options.network,
            size_wh=options.size,
            is_fullscreen=options.fullscreen,
            place=place_of(options),
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
    parser.add_argument("out", type=picture, metavar="OUT.png")
    add_server(parser)
    parser.add_argument("--network", help="id of the network, where there are several")
    parser.add_argument("--size", type=size_wh, default=(1920, 1080), help="default 1920x1080")
    add_places(parser)
    images = parser.add_mutually_exclusive_group()
    images.add_argument("--input", type=Path, metavar="IMAGE", help="put this file on the input")
    images.add_argument("--item", type=item, metavar="DATASET:NUMBER", help="put this item there")
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
    add_look(parser)
    add_layout(parser, default="straight")
    options = _parsed(parser, argv)
    from layerwalk_client.app.shot import ShotOptions, run_shot

    result = run_shot(
        ShotOptions(
            out=options.out,
            url=options.url,
            token=token_of(options.token),
            network=options.network,
            size_wh=options.size,
            place=place_of(options),
            input=options.input,
            item=options.item,
            serve=options.serve,
            datasets=tuple(options.data),
            maximised=tuple(options.maximised),
            appearance=appearance_of(options),
            layout=options.layout,
        )
    )
    print(result)
    return 0


def film(argv: Sequence[str]) -> int:
    """Write a film of the scene."""
    parser = argparse.ArgumentParser(
        "layerwalk film",
        description="a film of the 3D scene along a path, without a window: the same frames "
        "each time",
    )
    parser.add_argument("out", type=Path, metavar="OUT.mp4|DIR", help="DIR: a PNG for each frame")
    add_server(parser)
    parser.add_argument("--network", help="id of the network, where there are several")
    parser.add_argument(
        "--path", type=Path, required=True, metavar="FILE", help="keyframes, TOML or JSON"
    )
    parser.add_argument("--size", type=size_wh, default=(1280, 720), help="default 1280x720")
    parser.add_argument("--fps", type=int, choices=range(1, 121), default=30, metavar="N",
                        help="frames per second, 1 to 120, default 30")  # fmt: skip
    parser.add_argument(
        "--samples", type=int, choices=(1, 4, 9, 16), default=4, help="of each pixel, default 4"
    )
    parser.add_argument(
        "--sweep", type=seconds, default=None, metavar="S",
        help="seconds that a new input takes through the network, default 0.8",
    )  # fmt: skip
    parser.add_argument("--serve", metavar="TARGET", help="serve this model for the film")
    parser.add_argument(
        "--data", action="append", default=[], help="data set for --serve; may be repeated"
    )
    add_look(parser)
    add_layout(parser, default="straight")
    options = _parsed(parser, argv)
    from layerwalk_client.app.film import SWEEP_S, FilmOptions, run_film
    from layerwalk_client.app.staging import Served

    made = run_film(
        FilmOptions(
            out=options.out,
            path=options.path,
            where=Served(
                options.url,
                token_of(options.token),
                options.network,
                options.serve,
                tuple(options.data),
            ),
            size_wh=options.size,
            fps=options.fps,
            samples=options.samples,
            sweep_s=SWEEP_S if options.sweep is None else options.sweep,
            appearance=appearance_of(options),
            layout=options.layout,
        )
    )
    print(made)
    return 0


def demo(argv: Sequence[str]) -> int:
    """Serve the shipped network and show it."""
    parser = argparse.ArgumentParser(
        "layerwalk demo", description="the shipped network, served and shown"
    )
    parser.add_argument("--headless", action="store_true", help="write a picture, open no window")
    parser.add_argument(
        "--out", type=picture, default=DEMO_PICTURE, help=f"the picture, default {DEMO_PICTURE}"
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

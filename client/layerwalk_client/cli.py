"""The client's verbs: view, demo, shot, film, export, link, doctor. Each reads its words and returns an exit code."""

from __future__ import annotations

import argparse
import dataclasses
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
    channels,
    item,
    layout_of,
    link_in,
    network_of,
    picture,
    place_of,
    seconds,
    size_wh,
    token_of,
)
from layerwalk_client.app.crash import reported
from layerwalk_client.app.served import Served
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.links import Link, parse_link

DEMO_PICTURE = Path("layerwalk-demo.png")


@reported
def view(argv: Sequence[str]) -> int:
    """Open a window on a server."""
    parser = argparse.ArgumentParser("layerwalk view", description="walk through a served network")
    add_server(parser)
    parser.add_argument("--network", help="id of the network, where there are several")
    parser.add_argument("--size", type=size_wh, help="of the window, such as 1280x720")
    parser.add_argument("--fullscreen", action="store_true", help="cover the desktop")
    add_places(parser)
    add_layout(parser)
    parser.add_argument("--no-intro", action="store_true", help="start at the input, without hints")
    parser.add_argument(
        "--trace", type=Path, metavar="FILE", help="append what happens as JSON lines (for tools)"
    )
    parser.add_argument("--vr", action="store_true", help="headset (needs the extra [vr])")
    options = _parsed(parser, argv)
    if options.vr:
        raise InvalidRequestError("--vr is not in this version: the desktop window is")
    from layerwalk_client.app.view import ViewOptions, run_view

    link = link_in(options)
    return run_view(
        ViewOptions(
            url=options.url if link is None else link.url,
            token=token_of(options.token),
            network=network_of(options, link),
            size_wh=options.size,
            is_fullscreen=options.fullscreen,
            place=place_of(options, link),
            layout=layout_of(options, link),
            link=link,
            shows_intro=not options.no_intro and link is None,
            trace=options.trace,
        )
    )


@reported
def shot(argv: Sequence[str]) -> int:
    """Write a picture of the scene."""
    parser = argparse.ArgumentParser(
        "layerwalk shot", description="a picture of the 3D scene, without a window"
    )
    parser.add_argument("out", type=picture, metavar="OUT.png")
    add_server(parser)
    parser.add_argument("--network", help="id of the network, where there are several")
    parser.add_argument("--size", type=size_wh, default=(1920, 1080), help="default 1920x1080")
    parser.add_argument(
        "--scale", type=int, choices=range(1, 9), default=1, metavar="N",
        help="pixels along a side of each of the size's, 1 to 8: the same picture, finer",
    )  # fmt: skip
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
    parser.add_argument(
        "--arrangement", type=Path, metavar="FILE", help="stand the walls as this file says"
    )
    parser.add_argument(
        "--compare",
        metavar="WITH",
        help="compare with a file, DATASET:NUMBER, noise:SEED, step:NUMBER or network:NAME",
    )
    parser.add_argument(
        "--mode", choices=("difference", "pair", "halls"), default="difference", help="how both are seen",
    )  # fmt: skip
    add_look(parser)
    add_layout(parser)
    options = _parsed(parser, argv)
    from layerwalk_client.app.comparing.staged import SecondWish
    from layerwalk_client.app.output.shot import ShotOptions, run_shot

    link = link_in(options)
    selected = None
    if link is not None and link.node is not None:
        selected = (link.node, -1 if link.channel is None else link.channel)
    result = run_shot(
        ShotOptions(
            out=options.out,
            where=_where(options, link),
            size_wh=options.size,
            scale=options.scale,
            place=place_of(options, link),
            put=options.input or options.item or (None if link is None else link.input),
            step=None if link is None else link.step,
            selected=selected,
            maximised=tuple(options.maximised),
            second=None if options.compare is None else SecondWish(options.compare, options.mode),
            appearance=appearance_of(options, link),
            layout=layout_of(options, link) or "straight",
            arrangement=options.arrangement,
        )
    )
    print(result)
    return 0


@reported
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
    parser.add_argument(
        "--arrangement", type=Path, metavar="FILE", help="stand the walls as this file says"
    )
    add_look(parser)
    add_layout(parser)
    options = _parsed(parser, argv)
    from layerwalk_client.app.output.film import SWEEP_S, FilmOptions, run_film

    made = run_film(
        FilmOptions(
            out=options.out,
            path=options.path,
            where=_where(options, None),
            size_wh=options.size,
            fps=options.fps,
            samples=options.samples,
            sweep_s=SWEEP_S if options.sweep is None else options.sweep,
            appearance=appearance_of(options),
            layout=options.layout or "straight",
            arrangement=options.arrangement,
        )
    )
    print(made)
    return 0


@reported
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


@reported
def export(argv: Sequence[str]) -> int:
    """Write a node's maps to a file."""
    parser = argparse.ArgumentParser(
        "layerwalk export",
        description="a node's maps as a file: a sheet with its legend, or exact values",
    )
    parser.add_argument("out", type=Path, metavar="OUT.png|npy|npz")
    parser.add_argument("node", metavar="NODE")
    add_server(parser)
    parser.add_argument("--network", help="id or name, where there are several")
    parser.add_argument(
        "--channels", type=channels, default=(), metavar="LIST", help="such as 0-15,40; default all"
    )
    images = parser.add_mutually_exclusive_group()
    images.add_argument("--input", type=Path, metavar="FILE", help="put this file on the input")
    images.add_argument("--item", type=item, metavar="DATASET:NUMBER", help="put this item there")
    parser.add_argument("--serve", metavar="TARGET", help="serve this model for it")
    parser.add_argument(
        "--data", action="append", default=[], help="data set for --serve; may be repeated"
    )
    add_look(parser)
    options = _parsed(parser, argv)
    from layerwalk_client.app.output.export import ExportOptions, run_export

    link = link_in(options)
    said = run_export(
        ExportOptions(
            options.out,
            options.node,
            _where(options, link),
            channels=options.channels,
            step=None if link is None else link.step,
            put=options.input or options.item or (None if link is None else link.input),
            appearance=appearance_of(options, link),
        )
    )
    print(said)
    return 0


def link(argv: Sequence[str]) -> int:
    """Read a link, or let the desktop open links with this client."""
    parser = argparse.ArgumentParser(
        "layerwalk link", description="what a layerwalk:// link shows; who opens such links"
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("link", nargs="?", help="tell what it says, a line each")
    what.add_argument(
        "--register", action="store_true", help="let the desktop open links with this client"
    )
    what.add_argument("--unregister", action="store_true", help="undo that")
    options = _parsed(parser, argv)
    from layerwalk_client.app.links.registering import register, unregister

    if options.link is not None:
        found = parse_link(options.link)
        told = {"server": found.url, **dataclasses.asdict(found)}
        for name in ("host", "port", "is_secure"):
            del told[name]
        lines = [f"{name}: {value}" for name, value in told.items() if value not in (None, "")]
    else:
        lines = register() if options.register else unregister()
    print("\n".join(lines))
    return 0


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


def _where(options: argparse.Namespace, link: Link | None) -> Served:
    return Served(
        options.url if link is None else link.url,
        token_of(options.token),
        network_of(options, link),
        options.serve,
        tuple(options.data),
    )

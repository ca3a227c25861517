"""The scene and its nodes in a notebook: what is drawn is drawn in a process of its own.

The notebook's kernel never holds an OpenGL context, and a graphics driver that crashes takes
nothing of it along.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from layerwalk_client.source.files import NodeFile
from layerwalk_client.source.reading import Reader
from layerwalk_shared.errors import LayerwalkError, NotFoundError
from layerwalk_shared.inline import InlineFilm, InlinePicture
from layerwalk_shared.links import is_link, parse_link
from layerwalk_shared.routes import DEFAULT_URL

SIZE_WH = (960, 540)
PATIENCE_S = 300.0
FILM_S = 3600.0


def scene(
    url: str = DEFAULT_URL,
    *options: str,
    size_wh: tuple[int, int] = SIZE_WH,
    token: str | None = None,
) -> InlinePicture:
    """Return a picture of the scene.

    Args:
        url: of a server, or a link (`layerwalk://...`): the view that it is of.
        options: as of `layerwalk shot`, such as `"--node", "conv1"`.
        size_wh: pixels.
        token: for a server that asks for one.

    Raises:
        LayerwalkError: what `layerwalk shot` says.
    """
    words = ["--size", f"{size_wh[0]}x{size_wh[1]}", *options]
    return InlinePicture(_made("shot", ".png", url, words, token=token, longest_s=PATIENCE_S))


def film(
    path: str | Path, url: str = DEFAULT_URL, *options: str, token: str | None = None
) -> InlineFilm:
    """Return a film of the scene.

    Args:
        path: of its script.
        url: of a server.
        options: as of `layerwalk film`, such as `"--fps", "15"`.
        token: for a server that asks for one.

    Raises:
        LayerwalkError: what `layerwalk film` says.
    """
    words = ["--path", str(Path(path).absolute()), "--size", f"{SIZE_WH[0]}x{SIZE_WH[1]}", *options]
    return InlineFilm(_made("film", ".mp4", url, words, token=token, longest_s=FILM_S))


def node(
    name: str,
    url: str = DEFAULT_URL,
    *,
    channels: Sequence[int] = (),
    table: str = "coolblack",
    network: str | None = None,
    token: str | None = None,
) -> InlinePicture:
    """Return a node's maps side by side.

    Args:
        name: id of the node.
        url: of a server, or a link to it.
        channels: which, in this order; () all of them.
        table: colour table.
        network: id or name; None: the first, or the link's.
        token: for a server that asks for one.

    Raises:
        LayerwalkError: no server, no such node, or no such channel.
    """
    if is_link(url):
        link = parse_link(url)
        url, network = link.url, network or link.network or None
    token = token or os.environ.get("LAYERWALK_TOKEN") or None
    with Reader(url, token=token, network=network) as reader:
        reader.network.graph.node(name)
        if reader.shown is None:
            raise NotFoundError(f"network {reader.network.name!r} has no snapshot yet")
        slices = tuple((channel, channel + 1) for channel in channels)
        return InlinePicture(
            reader.file(NodeFile(reader.shown.id, name, "png", slices, table=table))
        )


def _made(
    verb: str, ending: str, url: str, words: Sequence[str], *, token: str | None, longest_s: float
) -> bytes:
    """Return the file that a verb of the command line makes."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    if token is not None:
        environment["LAYERWALK_TOKEN"] = token  # words are seen by every user of the machine
    with tempfile.TemporaryDirectory(prefix="layerwalk-") as folder:
        out = Path(folder) / f"made{ending}"
        command = [sys.executable, "-m", "layerwalk_shared.command", verb, str(out), url, *words]
        try:
            done = subprocess.run(
                command,
                env=environment,
                capture_output=True,
                text=True,
                timeout=longest_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise LayerwalkError(f"layerwalk {verb}: not done after {longest_s:.0f} s") from error
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or ["it ended without a word"]
            raise LayerwalkError(said[-1].removeprefix(f"layerwalk {verb}: "))
        return out.read_bytes()

"""The start of the window: from the command to the first picture of the shipped network.

The server runs already. The floor is a process that imports the libraries and nothing else. The
window lies in memory (SDL's offscreen driver), as everywhere in these benchmarks; what a display adds
is its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Result, interleave
from layerwalk_client.app.demo import NETWORK, served

LIBRARIES = "import numpy, PIL.Image, pydantic, zstandard, pygame, OpenGL.GL, imgui_bundle.imgui"
PAIRS = 9
EXTRA_MS = 1500
PATIENCE_S = 60


def results() -> Iterator[Result]:
    """Yield the line of the table."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "SDL_VIDEODRIVER": "offscreen",
        "PYGAME_HIDE_SUPPORT_PROMPT": "1",
    }
    with served(NETWORK, datasets=("samples",)) as url, tempfile.TemporaryDirectory() as home:
        environment |= {"XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home}

        def load() -> None:
            subprocess.run([sys.executable, "-c", LIBRARIES], env=environment, check=True)

        def start() -> None:
            _until_shown(url, Path(home) / "trace", environment)

        yield interleave(
            "`layerwalk view` to its first picture of the shipped network",
            floor=("importing the libraries", load),
            subject=start,
            goal="at most 1.5 s more",
            limit=EXTRA_MS,
            kind="extra",
            pairs=PAIRS,
            warm_up=1,
        )


def _until_shown(url: str, pipe: Path, environment: dict[str, str]) -> None:
    """Start a window, and return when it shows the network's values.

    Raises:
        RuntimeError: it ended before.
    """
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "layerwalk_shared.command", "view", url, "--trace", str(pipe)]
    window = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        with pipe.open() as lines:  # opens when the window does
            if not any(json.loads(line)["event"] == "shown" for line in lines):
                raise RuntimeError("the window ended before it showed anything")
    finally:
        window.kill()
        window.wait(PATIENCE_S)
        pipe.unlink()

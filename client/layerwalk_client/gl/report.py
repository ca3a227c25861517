"""What this machine can draw with, for `layerwalk doctor`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

_TIMEOUT_S = 30.0
_PROBE = """
import dataclasses, json, sys
from layerwalk_client.gl.context import offscreen_context, window_context
from layerwalk_shared.errors import GraphicsError
try:
    if sys.argv[1] == "offscreen":
        with offscreen_context() as info:
            found = dataclasses.asdict(info)
    else:
        with window_context((64, 64), "layerwalk", vsync=False) as window:
            found = dataclasses.asdict(window.info) | {"driver": window.driver}
except GraphicsError as error:
    found = {"problem": str(error)}
print(json.dumps(found))
"""


def describe_graphics(*, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what an offscreen context and a window would be drawn by.

    Each is tried in a process of its own, because OpenGL can be started for one platform only,
    and a broken driver may take its process with it.

    Args:
        environment: of these processes; default: this one's.

    Returns:
        `{"offscreen": {...}, "window": {...}}`, each with the fields of `GraphicsInfo`, or with
        `problem`: one sentence that says what is missing and how to get it.
    """
    return {kind: _probe(kind, environment) for kind in ("offscreen", "window")}


def _probe(kind: str, environment: Mapping[str, str] | None) -> dict[str, Any]:
    variables = dict(os.environ if environment is None else environment)
    variables["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROBE, kind],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            env=variables,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"problem": f"the graphics driver did not answer within {_TIMEOUT_S:.0f} s"}
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return {"problem": f"the graphics driver ended the process ({done.returncode}): {last}"}
    found: dict[str, Any] = json.loads(lines[-1])
    return found

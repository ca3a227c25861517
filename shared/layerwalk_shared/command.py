"""The `layerwalk` command: finds the verb in a table, loads what it needs, turns errors into exits.

Exit codes: 0 done, 1 failed with one sentence on stderr, 2 wrong usage. A verb is loaded by name,
so the client runs where torch is not installed, and the server where OpenGL is not.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence

from layerwalk_shared.errors import LayerwalkError

VERBS: dict[str, tuple[str, str]] = {
    "demo": ("layerwalk_client.cli:demo", "the shipped network, served and shown"),
    "serve": ("layerwalk.cli:serve", "serve a PyTorch model"),
    "view": ("layerwalk_client.cli:view", "walk through a served network"),
    "shot": ("layerwalk_client.cli:shot", "a picture of the 3D scene, without a window"),
    "film": ("layerwalk_client.cli:film", "a film of the 3D scene along a path"),
    "export": ("layerwalk_client.cli:export", "a node's maps as PNG, NPY or NPZ"),
    "link": ("layerwalk_client.cli:link", "what a layerwalk:// link shows; who opens such links"),
    "maximise": ("layerwalk.commands.maximise:maximise", "images that excite units of a model"),
    "graph": ("layerwalk.cli:graph", "the traced graph as text or JSON"),
    "doctor": ("layerwalk_client.cli:doctor", "what this machine can do, each lack with its fix"),
}

EXTRAS = {
    "torch": "server", "flask": "server", "waitress": "server", "flask_cors": "server",
    "safetensors": "server", "pygame": "client", "OpenGL": "client", "imgui_bundle": "client",
    "zstandard": "client", "sklearn": "models", "skimage": "models", "tqdm": "models",
}  # fmt: skip
"""Import name -> extra of this distribution that installs it."""


def usage() -> str:
    lines = [f"  {verb:<8} {text}" for verb, (_, text) in VERBS.items()]
    return "\n".join(
        ["usage: layerwalk VERB ...", "", *lines, "", "layerwalk VERB --help tells the rest"]
    )


def load(target: str) -> Callable[[Sequence[str]], int]:
    """Return the callable `module:name`.

    Raises:
        LayerwalkError: a library that the verb needs is not installed; says which extra brings it.
    """
    module, _, name = target.partition(":")
    try:
        found: Callable[[Sequence[str]], int] = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        raise LayerwalkError(
            f"{error.name} is not installed: pip install 'layerwalk[{extra}]'"
        ) from error
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage())
        return 0 if arguments else 2
    verb, rest = arguments[0], arguments[1:]
    if verb not in VERBS:
        print(f"layerwalk: no verb {verb!r}\n\n{usage()}", file=sys.stderr)
        return 2
    try:
        return load(VERBS[verb][0])(rest)
    except LayerwalkError as error:
        print(f"layerwalk {verb}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

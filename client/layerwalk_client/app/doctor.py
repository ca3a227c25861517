"""What this machine can do, each lack with its fix."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from layerwalk_client.gl.report import describe_graphics
from layerwalk_client.settings import read_settings, settings_path
from layerwalk_shared.errors import InvalidRequestError

PROBE_S = 60.0
_TORCH_PROBE = """
import json, torch
cuda = torch.cuda.is_available()
print(json.dumps({"version": torch.__version__, "cuda": torch.cuda.get_device_name(0) if cuda else
                  None, "threads": torch.get_num_threads()}))
"""
APT_GL = "apt install libegl1 libgl1 libopengl0 libglx-mesa0 libgl1-mesa-dri"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is there, or lacks.

    Attributes:
        name: what was looked for.
        text: what was found.
        fix: how to get it; "" where there is nothing to fix.
        is_lacking: it is not there, or does not work.
    """

    name: str
    text: str
    fix: str = ""
    is_lacking: bool = False


def examine(
    *,
    graphics: Callable[[], dict[str, Any]] = describe_graphics,
    torch: Callable[[], Finding] | None = None,
) -> list[Finding]:
    """Look at everything; takes a few seconds, because drivers are tried in other processes."""
    return [
        Finding("layerwalk", f"{_version('layerwalk')}, Python {platform.python_version()}"),
        *_libraries(),
        *_graphics(graphics()),
        _openxr(),
        torch() if torch is not None else _torch(),
        _settings(),
    ]


def verdict(findings: Sequence[Finding]) -> int:
    """Return 0 when pictures can be made here, by a window or without; else 1."""
    lacking = {finding.name for finding in findings if finding.is_lacking}
    cannot_draw = {"offscreen GL", "window GL"} <= lacking
    return 1 if cannot_draw or "client" in lacking or "settings" in lacking else 0


def as_text(findings: Sequence[Finding]) -> str:
    """Return the findings as lines for a person."""
    wide = max(len(finding.name) for finding in findings)
    lines: list[str] = []
    for finding in findings:
        mark = "--" if finding.is_lacking else "ok"
        lines.append(f"{mark}  {finding.name:<{wide}}  {finding.text}")
        if finding.fix:
            lines.append(f"    {'':<{wide}}  fix: {finding.fix}")
    return "\n".join(lines)


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _libraries() -> list[Finding]:
    wanted = {
        "pygame": "pygame-ce", "OpenGL": "PyOpenGL", "OpenGL_accelerate": "PyOpenGL-accelerate",
        "imgui_bundle": "imgui-bundle", "numpy": "numpy", "PIL": "pillow",
    }  # fmt: skip
    missing = [name for name in wanted if importlib.util.find_spec(name) is None]
    versions = ", ".join(
        f"{name} {_version(name)}" for key, name in wanted.items() if key not in missing
    )
    if missing:
        names = ", ".join(wanted[name] for name in missing)
        return [
            Finding("client", f"lacks {names}", "pip install 'layerwalk[client]'", is_lacking=True)
        ]
    return [Finding("client", versions)]


def _graphics(found: dict[str, Any]) -> list[Finding]:
    findings: list[Finding] = []
    for kind, facts in found.items():
        name = f"{kind} GL"
        if "problem" in facts:
            has_display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
            fix = APT_GL
            if kind == "window" and not has_display:
                fix = "start it from a desktop session, or use `layerwalk shot`, which needs none"
            findings.append(Finding(name, str(facts["problem"]), fix, is_lacking=True))
            continue
        software = ", by software: a graphics card makes it many times faster"
        text = f"{facts['version']} on {facts['renderer']}"
        if kind == "window":
            text += f", {facts.get('driver', 'unknown')} window"
        findings.append(Finding(name, text + (software if facts.get("is_software") else "")))
    return findings


def _openxr() -> Finding:
    if importlib.util.find_spec("xr") is None:
        return Finding(
            "OpenXR", "not installed (only headsets need it)",
            "pip install 'layerwalk[vr]', and a runtime such as SteamVR or Monado",
            is_lacking=True,
        )  # fmt: skip
    return Finding("OpenXR", f"pyopenxr {_version('pyopenxr')}")


def _torch() -> Finding:
    """Ask another process, because the client never imports torch itself."""
    fix = "pip install 'layerwalk[server]'"
    if importlib.util.find_spec("torch") is None:
        return Finding("torch", "not installed (only servers need it)", fix, is_lacking=True)
    try:
        done = subprocess.run(
            [sys.executable, "-c", _TORCH_PROBE],
            capture_output=True, text=True, timeout=PROBE_S, check=False,
        )  # fmt: skip
        facts = json.loads(done.stdout.strip().splitlines()[-1])
    except (subprocess.TimeoutExpired, ValueError, IndexError):
        return Finding("torch", "does not import", f"reinstall it: {fix}", is_lacking=True)
    device = f"CUDA on {facts['cuda']}" if facts["cuda"] else f"CPU, {facts['threads']} threads"
    return Finding("torch", f"{facts['version']}, {device}")


def _settings() -> Finding:
    path = settings_path()
    try:
        read_settings(path)
    except InvalidRequestError as error:
        return Finding("settings", str(error), "correct the file or delete it", is_lacking=True)
    return Finding("settings", str(path) if path.exists() else f"defaults ({path} is not there)")

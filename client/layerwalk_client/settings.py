"""What a person likes, kept between runs: one flat TOML file in the platform's config folder."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from layerwalk_client.devices.bindings import rebound
from layerwalk_client.world.options import STYLES
from layerwalk_shared.errors import InvalidRequestError, nearest_hint

FILE_NAME = "settings.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that may be set; the defaults are the settings of someone who set nothing.

    Attributes:
        width, height: of the window, pixels.
        mouse_degrees: turn per pixel of mouse movement.
        inverts_y: mouse forward looks down.
        captures_mouse: the window holds the mouse from the beginning.
        movement: `fly` freely, or `walk` on the floor, with gravity, between solid walls.
        speed: factor on the walking speed at the beginning; the wheel changes it.
        frames_per_second: at most, while something moves.
        table, range_mode, percentile, marks_out_of_range, theme: how values look, see `Appearance`.
        layout: how long chains stand: `straight`, `rows`, `serpentine` or `spiral`.
        cache_mib: for tiles on the CPU.
        gpu_mib: for textures.
        upload_mib: to the GPU in one frame, at most.
        sweep_s: how long a new input takes to pass through the network on screen; 0: at once.
        tile_dtype: `auto`, `float16` or `int8`, how values travel.
        shows_hints: the hints of the first minute are still to be shown.
        shows_guide: the guided tour of the first start is still to be begun.
        shows_map: the map in the corner is shown.
        keys: action -> keys, where they differ from the table.
        bookmarks: `"NETWORK NUMBER"` -> x, y, z (metres), yaw, pitch (degrees).
        bookmark_names: what they are called, under the same keys.
    """

    width: int = 1280
    height: int = 720
    mouse_degrees: float = 0.12
    inverts_y: bool = False
    captures_mouse: bool = True
    movement: str = "fly"
    speed: float = 1.0
    frames_per_second: int = 60
    table: str = "coolblack"
    range_mode: str = "percentile"
    percentile: float = 99.0
    marks_out_of_range: bool = False
    theme: str = "dark"
    layout: str = "straight"
    cache_mib: int = 512
    gpu_mib: int = 512
    upload_mib: float = 8.0
    sweep_s: float = 0.4
    tile_dtype: str = "auto"
    shows_hints: bool = True
    shows_guide: bool = True
    shows_map: bool = False
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bookmarks: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    bookmark_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InvalidRequestError(f"{name} = {value}, expected {low} to {high}")
        for name, allowed in _CHOICES.items():
            value = getattr(self, name)
            if value not in allowed:
                raise InvalidRequestError(f"{name} = {value!r}, expected one of {allowed}")
        for place, numbers in self.bookmarks.items():
            if len(numbers) != 5 or not all(math.isfinite(number) for number in numbers):
                raise InvalidRequestError(
                    f"[bookmarks] {place!r}: {list(numbers)}, expected x, y, z, yaw, pitch"
                )
        rebound(self.keys)


_LIMITS: dict[str, tuple[float, float]] = {
    "width": (160, 16384),
    "height": (120, 16384),
    "mouse_degrees": (0.005, 2),
    "speed": (0.1, 20),
    "frames_per_second": (5, 1000),
    "percentile": (50, 100),
    "cache_mib": (16, 65536),
    "gpu_mib": (32, 65536),
    "upload_mib": (0.25, 1024),
    "sweep_s": (0, 5),
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "range_mode": ("channel", "node", "shared", "percentile", "manual"),
    "theme": ("dark", "paper"),
    "layout": STYLES,
    "movement": ("fly", "walk"),
    "tile_dtype": ("auto", "float16", "int8"),
}


def settings_path(environment: Mapping[str, str] | None = None) -> Path:
    """Return where the settings are kept on this platform."""
    environment = os.environ if environment is None else environment
    home = Path(environment.get("HOME") or Path.home())
    if sys.platform == "win32":
        folder = Path(environment.get("APPDATA") or home / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        folder = home / "Library" / "Application Support"
    else:
        folder = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    return folder / "layerwalk" / FILE_NAME


def arrangements_folder(path: Path | None = None) -> Path:
    """Return where the arrangements of networks are kept: beside the settings.

    Args:
        path: of the settings; None: where they are on this platform.
    """
    return (path or settings_path()).parent / "arrangements"


def state_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Return where what is no setting is kept on this platform: reports of crashes, places one
    was at."""
    environment = os.environ if environment is None else environment
    home = Path(environment.get("HOME") or Path.home())
    if sys.platform == "win32":
        folder = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        folder = home / "Library" / "Logs"
    else:
        folder = Path(environment.get("XDG_STATE_HOME") or home / ".local" / "state")
    return folder / "layerwalk"


def read_settings(path: Path) -> Settings:
    """Return the settings in a file; the defaults where there is none.

    Raises:
        InvalidRequestError: not TOML, an unknown key, a value of another type or out of range.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise InvalidRequestError(f"{path}: {error.strerror}") from error
    try:
        found = tomllib.loads(text.decode())
        return _parse(found)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, InvalidRequestError) as error:
        raise InvalidRequestError(f"{path}: {error}") from error


def write_settings(path: Path, settings: Settings) -> None:
    """Write what differs from the defaults, replacing the file whole or not at all.

    Raises:
        InvalidRequestError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".settings")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(as_toml(settings))
            Path(draft).replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                Path(draft).unlink()
            raise
    except OSError as error:
        raise InvalidRequestError(f"{path}: {error.strerror}") from error


def as_toml(settings: Settings) -> str:
    """Return the text of the settings that differ from the defaults."""
    usual = Settings()
    flat: list[str] = []
    tables: list[str] = []
    for entry in dataclasses.fields(Settings):
        value = getattr(settings, entry.name)
        if isinstance(value, Mapping):
            if value:
                rows = [f"{_toml(key)} = {_toml(list(row))}" for key, row in value.items()]
                tables += ["", f"[{entry.name}]", *rows]
        elif value != getattr(usual, entry.name):
            flat.append(f"{entry.name} = {_toml(value)}")
    return "\n".join([*flat, *tables, ""])


def _parse(found: Mapping[str, Any]) -> Settings:
    usual = Settings()
    known = [entry.name for entry in dataclasses.fields(Settings)]
    values: dict[str, Any] = {}
    for name, value in found.items():
        if name not in known:
            raise InvalidRequestError(f"no setting {name!r}" + nearest_hint(name, known))
        usual_value = getattr(usual, name)
        if isinstance(usual_value, Mapping):
            values[name] = _rows(name, value, float if name == "bookmarks" else str)
        elif isinstance(usual_value, float) and type(value) is int:
            values[name] = float(value)
        elif type(value) is type(usual_value):
            values[name] = value
        else:
            raise InvalidRequestError(f"{name} = {value!r}, expected a value like {usual_value!r}")
    return Settings(**values)


def _rows(name: str, value: Any, kind: type) -> dict[str, tuple[Any, ...]]:
    if not isinstance(value, Mapping):
        raise InvalidRequestError(f"{name} = {value!r}, expected a table [{name}]")
    rows: dict[str, tuple[Any, ...]] = {}
    for key, row in value.items():
        items = row if isinstance(row, list) else [row]
        accepted = (int, float) if kind is float else (str,)
        if not all(isinstance(item, accepted) for item in items):
            raise InvalidRequestError(f"[{name}] {key} = {row!r}, expected {kind.__name__}s")
        rows[key] = tuple(kind(item) for item in items)
    return rows


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, str):
        text = value.replace("\\", "\\\\").replace('"', '\\"')
        return (
            '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in text) + '"'
        )
    return repr(value)

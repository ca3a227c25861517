"""What the panel of settings offers: each setting once, with its text, its kind and its limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from layerwalk_client.world.options import STYLES
from layerwalk_shared.colours import TABLES

Value = bool | int | float | str
NEXT_START = "from the next start"


@dataclass(frozen=True, slots=True)
class SettingField:
    """One setting.

    Attributes:
        name: in the settings.
        text: for people.
        kind: `switch` of yes and no, `choice` side by side, `list` that opens, or `number`.
        options: (value, text) of choices and lists.
        low, high: ends of a number's slider.
        is_log: equal ways on the slider are equal factors.
        is_whole: a whole number.
        unit: of a number.
        remark: when it takes effect, "" for at once.
    """

    name: str
    text: str
    kind: Literal["switch", "choice", "list", "number"] = "number"
    options: tuple[tuple[str, str], ...] = ()
    low: float = 0.0
    high: float = 1.0
    is_log: bool = False
    is_whole: bool = False
    unit: str = ""
    remark: str = ""

    def share_of(self, value: float) -> float:
        """Return where a value is on the slider, 0..1."""
        low, high, at = self.low, self.high, min(self.high, max(self.low, value))
        if self.is_log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return (at - low) / (high - low)

    def value_at(self, share: float) -> int | float:
        """Return the value at a place of the slider, in steps that can be read."""
        if self.is_log:
            found = self.low * (self.high / self.low) ** share
        else:
            found = self.low + share * (self.high - self.low)
        if self.is_whole:
            steps = float(f"{found:.2g}") if self.is_log else found
            return min(round(self.high), max(round(self.low), round(steps)))
        readable = float(f"{found:.2g}" if found < 10 else f"{found:.3g}")
        return float(min(self.high, max(self.low, readable)))


def _switch(name: str, text: str, remark: str = "") -> SettingField:
    return SettingField(name, text, "switch", remark=remark)


GROUPS: tuple[tuple[str, Literal[0, 1], tuple[SettingField, ...]], ...] = (
    ("Look", 0, (
        SettingField("theme", "theme", "choice", (("dark", "dark"), ("paper", "paper"))),
        SettingField("layout", "long chains", "list", tuple((style, style) for style in STYLES)),
        SettingField("table", "colours", "list",
                     tuple((name, one.title) for name, one in TABLES.items())),
        SettingField("range_mode", "range", "list", (
            ("channel", "each channel its own"), ("node", "each node its own"),
            ("shared", "one for all nodes"), ("percentile", "percentile of the node"),
            ("manual", "by hand"),
        )),
        SettingField("percentile", "percentile", low=50, high=100, unit="%"),
        _switch("marks_out_of_range", "mark out of range"),
        SettingField("sweep_s", "a new input sweeps", low=0, high=2, unit="s"),
    )),
    ("Help", 0, (
        _switch("shows_hints", "hints of the first minute"),
        _switch("shows_guide", "tour at the next start"),
        _switch("shows_map", "map in the corner"),
    )),
    ("Moving", 1, (
        SettingField("mouse_degrees", "mouse", low=0.02, high=0.6, is_log=True, unit="°/px"),
        _switch("inverts_y", "forward looks down"),
        _switch("captures_mouse", "take the mouse", NEXT_START),
        SettingField("movement", "movement", "choice", (("fly", "fly"), ("walk", "walk"))),
        SettingField("speed", "speed", low=0.1, high=20, is_log=True, unit="\N{MULTIPLICATION SIGN}"),
    )),
    ("Window", 1, (
        SettingField("width", "width", low=640, high=3840, is_whole=True, unit="px",
                     remark=NEXT_START),
        SettingField("height", "height", low=360, high=2160, is_whole=True, unit="px",
                     remark=NEXT_START),
    )),
    ("Work", 1, (
        SettingField("frames_per_second", "frames a second", low=10, high=240, is_log=True,
                     is_whole=True),
        SettingField("cache_mib", "tiles in memory", low=64, high=16384, is_log=True,
                     is_whole=True, unit="MiB"),
        SettingField("gpu_mib", "textures", low=64, high=16384, is_log=True, is_whole=True,
                     unit="MiB"),
        SettingField("upload_mib", "upload a frame", low=0.5, high=128, is_log=True, unit="MiB"),
        SettingField("tile_dtype", "values travel as", "choice",
                     (("auto", "auto"), ("float16", "float16"), ("int8", "int8")),
                     remark=NEXT_START),
    )),
)  # fmt: skip
"""(title, left or right half, settings)."""

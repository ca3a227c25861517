"""The panel of noise: kind, strength, seed; a click picks the image up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from imgui_bundle import imgui

from layerwalk_client.ui.intents import Intent, PickNoise
from layerwalk_client.ui.style import Style
from layerwalk_client.ui.widgets import panel, small
from layerwalk_shared.messages import NoiseInput

Kind = Literal["gaussian", "uniform", "constant"]
_TEXTS: dict[Kind, str] = {
    "gaussian": "Gaussian around grey",
    "uniform": "uniform around grey",
    "constant": "one grey",
}
_LARGEST_SEED = 9999


@dataclass(slots=True)
class NoisePanel:
    """Mutable, owned by the main thread: what the controls stand at."""

    kind: Kind = "gaussian"
    amplitude: float = 0.25
    seed: int = 0

    title = "Noise"
    size_wh = (400, 300)

    def chosen(self) -> NoiseInput:
        """Return the noise that the controls describe."""
        return NoiseInput(noise=self.kind, seed=self.seed, amplitude=self.amplitude)

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel."""
        with panel(style, self.title) as intents:
            padding = imgui.ImVec2(style.px(3), style.px(3))
            imgui.push_style_var(imgui.StyleVar_.frame_padding, padding)
            for kind in get_args(Kind):
                if imgui.radio_button(_TEXTS[kind], self.kind == kind):
                    self.kind = kind
            imgui.pop_style_var()
            imgui.push_item_width(style.px(210))
            label = "grey" if self.kind == "constant" else "strength"
            changed, value = imgui.slider_float(label, self.amplitude, 0.0, 1.0, "%.2f")
            if changed:
                self.amplitude = min(1.0, max(0.0, value))
            changed, seed = imgui.slider_int("seed", self.seed, 0, _LARGEST_SEED)
            if changed:
                self.seed = min(_LARGEST_SEED, max(0, seed))
            imgui.pop_item_width()
            if imgui.button("next seed"):
                self.seed = (self.seed + 1) % (_LARGEST_SEED + 1)
            imgui.same_line()
            if imgui.button("pick it up"):
                intents.append(PickNoise(self.chosen()))
            small(style, "then click the input's frame")
        return intents

"""Made-up pictures under the magnifier, drawn as the HUD draws them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from client.gl.exhibits import Pixels
from layerwalk_client.app.handling.hand import Holding
from layerwalk_client.app.handling.magnifier import Magnifier
from layerwalk_client.gl.panel import PanelTexture
from layerwalk_client.gl.pictures import Overlay
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.target import Target
from layerwalk_client.ui.hud import Carried, Hud, draw_hud
from layerwalk_client.ui.magnified import room_for
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.style import make_style
from layerwalk_client.world.magnification import looking_at, zoomed
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.view import Look
from layerwalk_shared.colours import paint
from layerwalk_shared.messages import NoiseInput

SIZE_WH = (640, 360)
SCALE = 0.6


def waves() -> NDArray[np.float32]:
    """Return `[24, 24]` values of both signs, some of them exactly zero, some very small."""
    y, x = np.mgrid[:24, :24] / 24
    values = np.sin(9 * x + 4 * y) * np.cos(7 * y)
    values[::5, ::3] = 0
    values[1::5, 1::4] *= 1e-4
    return values.astype(np.float32)


def draw_glass(held: Holding, *, steps: float, place: tuple[float, float]) -> Pixels:
    """Return the view on a picture after so many steps of the wheel at a place of it."""
    assert held.pixels is not None
    height, width = held.pixels.shape[:2]
    glass = Magnifier(_NoStage(), lambda fetch: None)  # type: ignore[arg-type]
    glass.hold(held, None)
    room = room_for(SIZE_WH)
    there = looking_at(glass.glass, place, (width, height))
    glass.look_through(zoomed(there, steps, (width, height), room))
    seen = glass.look(SIZE_WH)
    with (
        Renderer() as renderer,
        Target(SIZE_WH) as target,
        PanelTexture(SIZE_WH, scale=SCALE, setup=make_style) as panel,
    ):
        texture = renderer.images.make(held.pixels, is_smooth=False)
        picture = Picture(texture, size_wh=(width, height))
        hud = Hud(
            carried=Carried(picture, held.title, held.note, is_magnified=True, glass=seen),
            is_plain=True,
        )
        for _ in range(3):
            panel.draw(lambda: draw_hud(panel.style, hud), dt=1 / 60)
        renderer.set_scene(Scene())
        renderer.draw(Look(), target, overlays=[Overlay(panel.texture, (0, 0, *SIZE_WH))])
        return target.read_rgb()


class _NoStage:
    network = None
    shown = None


def _values(steps: float) -> Callable[[], Pixels]:
    values = waves()
    held = Holding(
        NoiseInput(noise="uniform"), "block1.conv2  7", "-1 to 1",
        paint(values, "coolblack"), values,
    )  # fmt: skip
    return lambda: draw_glass(held, steps=steps, place=(10.5, 12.5))


def _colours() -> Pixels:
    y, x = np.mgrid[:20, :28]
    pixels = np.stack([9 * x, 12 * y, (37 * x * y) % 256], axis=2).clip(0, 255).astype(np.uint8)
    held = Holding(NoiseInput(noise="uniform"), "motorcycle", "", pixels)
    return draw_glass(held, steps=8, place=(13.5, 9.5))


GLASSES: dict[str, Callable[[], Pixels]] = {
    "magnified-grid": _values(0),
    "magnified-values": _values(8),
    "magnified-colours": _colours,
}

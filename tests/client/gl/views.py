"""The pictures that are kept as goldens: what stands there and from where it is seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from client.gl.showroom import NETWORK, Showroom, drawn_picture, make_chain, make_wall
from layerwalk_client.gl.panel import PanelTexture
from layerwalk_client.gl.pictures import Overlay, Picture
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.target import Target
from layerwalk_client.world.scene import Label, Scene
from layerwalk_client.world.view import Appearance, Camera, Look, Mark, Marks
from layerwalk_shared.tiles import Tile, TileType

CHANNEL = Appearance(mode="channel")
NO_MARKS = Marks()


def eye(x: float, y: float, z: float, yaw: float = 0.0, pitch: float = 0.0) -> Camera:
    """Return a camera; angles in degrees."""
    return Camera((x, y, z), math.radians(yaw), math.radians(pitch))


@dataclass(frozen=True)
class View:
    """One picture: camera, looks, which values are there, and what floats before it."""

    camera: Camera
    appearance: Appearance = CHANNEL
    marks: Marks = NO_MARKS
    finest: int | None = 0
    dtype: TileType | None = None
    has_overview: bool = True
    scene: Callable[[Showroom], Scene] = lambda room: room.scene
    extra: Callable[[], Sequence[Sequence[Tile]]] = tuple
    samples: int = 1
    furniture: bool = False


def lettering(_: Showroom) -> Scene:
    """Return text in every plane, size and slant."""
    white, grey, amber = (0.91, 0.93, 0.96, 1.0), (0.54, 0.59, 0.67, 1.0), (1.0, 0.706, 0.33, 1.0)
    labels = [
        Label("layer3.1.conv2 AVATAR To", (-2.4, 2.6, -4.0), 0.28, white, is_bold=True),
        Label("Conv2d · 256 × 14 × 14 → ReLU ↑ 99 %", (-2.4, 2.3, -4.0), 0.14, grey),
        Label("no values in this snapshot", (-2.4, 2.05, -4.0), 0.1, amber),
        Label("Größe µ ± σ ≥ 0,5 °… ✓ ✕ ● ▲ ▼", (-2.4, 1.8, -4.0), 0.1, white),
        Label("a name that is far too long to fit into the room that it has", (-2.4, 1.55, -4.0),
              0.12, white, max_width=2.0),
        Label("slanting", (1.2, 1.2, -4.0), 0.4, white, yaw=math.radians(-65)),
        Label("lying on the floor", (-2.2, 0.0, -3.4), 0.3, grey, "floor", is_bold=True),
        Label("turned to the eye", (1.0, 0.6, -3.4), 0.12, white, "billboard"),
        Label("0123456789 fading away", (0.6, 1.9, -14.0), 0.12, white),
    ]  # fmt: skip
    return Scene(labels=tuple(labels))


def in_ink(room: Showroom) -> Scene:
    """Return the showroom with labels in dark ink, as the layout sets them on paper."""
    labels = tuple(
        replace(
            label, colour=(0.106, 0.137, 0.188, 1.0) if label.is_bold else (0.36, 0.4, 0.46, 1.0)
        )
        for label in room.scene.labels
    )
    return replace(room.scene, labels=labels)


def blocks(_: Showroom) -> Scene:
    """Return walls of more than one block, one of them without values, and a vector."""
    return Scene(
        (
            make_wall(100, 300, (6, 6), centre_xz=(-3.4, -8.0)),
            replace(make_wall(101, 513, (4, 4), centre_xz=(3.6, -8.5)), yaw=math.radians(-25)),
            make_wall(102, 20, (6, 6), centre_xz=(-1.2, -4.5)),
            make_wall(103, 1, (5, 5), centre_xz=(0.6, -4.0), tile=0.9, cells=23),
        )
    )


def block_values() -> list[list[Tile]]:
    """Return ramps that tell channels, rows and columns apart."""
    found = []
    for node, channels, side in ((100, 300, 6), (101, 513, 4)):
        ramp = np.linspace(-1, 1, side)
        cell = ramp[None, :] * 0.7 + ramp[:, None] * 0.3
        values = cell[None] * np.linspace(0.15, 1, channels)[:, None, None]
        found += [
            make_chain(values[first : first + 256], node=node, block=first // 256)
            for first in range(0, channels, 256)
        ]
    found.append(make_chain(np.linspace(-1, 1, 25).reshape(1, 5, 5), node=103))
    return found


VIEWS: dict[str, View] = {
    "hall": View(eye(-3.4, 2.2, 1.2, -22, -6), marks=Marks(Mark(NETWORK, 4, 12), Mark(NETWORK, 4))),
    "entry": View(eye(0.9, 1.7, 3.4, 8, -3)),
    "above": View(eye(-11, 9, 6, -38, -27), finest=None),
    "near": View(eye(0.2, 1.6, -3.2, 4, 0), marks=Marks(Mark(NETWORK, 2, 19), Mark(NETWORK, 2, 27))),
    "grazing": View(eye(1.75, 1.5, -2.2, 20, -2), dtype=TileType.INT8),
    "answer": View(eye(0.5, 1.6, -36.2, 6, 0), samples=4),
    "from-behind": View(eye(-3, 2.2, -45, 194, -3), Appearance(table="magma", mode="node")),
    "deep": View(eye(2.5, 2.4, -13.5, 18, -5), Appearance(table="magma", mode="node")),
    "nothing-yet": View(eye(-3.4, 2.2, 1.2, -22, -6), finest=None, has_overview=False),
    "out-of-range": View(
        eye(0.35, 1.4, -0.1, 0, -2),
        Appearance(table="blue-orange", mode="manual", manual=1.2, marks_out_of_range=True),
    ),
    "paper": View(eye(-3.4, 2.2, 1.2, -22, -6), replace(CHANNEL, theme="paper"),
                  scene=in_ink, samples=4),
    "lettering": View(eye(0, 1.5, 0), scene=lettering),
    "blocks": View(
        eye(0, 2.4, 1.5, 0, 0), Appearance(mode="shared"), scene=blocks, extra=block_values,
        finest=None,
    ),
    "panel": View(eye(0.4, 1.6, 2.6, 10, 0), finest=2, furniture=True),
}  # fmt: skip


def draw_view(room: Showroom, view: View, size_wh: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the picture, `[H, W, 3]`; an OpenGL context is current."""
    with Renderer() as renderer, Target(size_wh, samples=view.samples) as target:
        renderer.set_scene(view.scene(room))
        if view.has_overview:
            renderer.put_overview(NETWORK, room.overview())
        chains = [] if view.finest is None else room.chains(finest=view.finest, dtype=view.dtype)
        for chain in [*chains, *view.extra()]:
            renderer.put_block(NETWORK, chain[0].key.node, chain[0].key.block, chain)
        look = Look(view.camera, view.appearance, view.marks)
        if not view.furniture:
            renderer.draw(look, target)
            return target.read_rgb()
        with PanelTexture((360, 240), scale=1.0, setup=_plain_style) as panel:
            for _ in range(3):  # ImGui settles sizes over its first frames
                panel.draw(_build_panel, dt=1 / 60)
            held = renderer.images.make(_picture_in_hand(), is_smooth=False)
            scale = size_wh[1] / 180
            renderer.draw(
                look,
                target,
                pictures=[
                    Picture(panel.texture, (-1.2, 1.7, 0.5), (1.5, 1.0), yaw=0.5),
                    Picture(held, (0.95, 1.15, 1.6), (0.5, 0.5), yaw=-0.3, pitch=-0.2, radius=0.03,
                            border=0.008, border_colour=(1.0, 0.706, 0.33, 1.0)),
                ],
                overlays=[Overlay(held, (8 * scale, 130 * scale, 42 * scale, 42 * scale),
                                  radius_px=4 * scale)],
            )  # fmt: skip
            return target.read_rgb()


def _picture_in_hand() -> NDArray[np.uint8]:
    return np.rint(drawn_picture(32) * 255).astype(np.uint8)


def _plain_style(scale: float) -> None:
    from imgui_bundle import imgui

    from layerwalk_client.gl.glyphs import font_path

    path = partial(str, font_path(is_bold=False))
    imgui.get_io().fonts.add_font_from_file_ttf(path(), 20 * scale)
    style: Any = imgui.get_style()
    style.window_rounding = 10 * scale
    style.set_color_(imgui.Col_.window_bg, imgui.ImVec4(0.051, 0.071, 0.106, 0.95))


def _build_panel() -> None:
    from imgui_bundle import imgui

    imgui.set_next_window_pos((4, 4))
    imgui.set_next_window_size((352, 232))
    imgui.begin("panel", None, imgui.WindowFlags_.no_decoration)
    imgui.text("layer1.0.conv1")
    imgui.separator()
    imgui.text("64 × 32 × 32, mean 0.132")
    imgui.progress_bar(0.62)
    imgui.button("maximise")
    imgui.end()

"""Panels are operated by injected pointers and keys, and drawn crisply the right way up."""

from __future__ import annotations

import math

import numpy as np
import pytest
from imgui_bundle import imgui

from layerwalk_client.gl.panel import Panel, PanelPointer, PanelTexture
from layerwalk_client.gl.pictures import Images, Overlay, Picture
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.target import Target
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.view import Camera, Look

pytestmark = pytest.mark.usefixtures("clean_graphics")

FRAME_S = 1 / 60


class Form:
    """A button, a check box, a slider and a text field; remembers where they lie."""

    def __init__(self) -> None:
        self.clicks, self.is_on, self.amount, self.text = 0, False, 0.0, ""
        self.places: dict[str, tuple[float, float, float]] = {}

    def build(self) -> None:
        """Call ImGui."""
        imgui.set_next_window_pos((0, 0))
        imgui.set_next_window_size((300, 200))
        imgui.begin("form", None, imgui.WindowFlags_.no_decoration)
        self.clicks += imgui.button("press")
        self._note("press")
        _, self.is_on = imgui.checkbox("on", self.is_on)
        self._note("on")
        _, self.amount = imgui.slider_float("amount", self.amount, 0, 1)
        self._note("amount")
        _, self.text = imgui.input_text("text", self.text)
        self._note("text")
        imgui.end()

    def _note(self, name: str) -> None:
        low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
        self.places[name] = (low.x, (low.y + high.y) / 2, high.x)


def click(panel: PanelTexture, form: Form, at: tuple[float, float]) -> None:
    """Move there, press, release."""
    for is_down in (False, True, False):
        pointer = PanelPointer(at, (is_down, False, False))
        panel.draw(form.build, pointer=pointer, dt=FRAME_S)


def test_a_pointer_presses_slides_and_types() -> None:
    form = Form()
    with PanelTexture((300, 200)) as panel:
        panel.draw(form.build, dt=FRAME_S)
        for name in ("press", "on", "text"):
            left, middle, _ = form.places[name]
            click(panel, form, (left + 8, middle))
        assert (form.clicks, form.is_on) == (1, True)
        assert panel.wants_pointer
        assert panel.wants_text
        panel.draw(form.build, pointer=PanelPointer((20, 20), text="lab7µ"), dt=FRAME_S)
        keys = (("backspace", True),)
        panel.draw(form.build, pointer=PanelPointer((20, 20), keys=keys), dt=FRAME_S)
        panel.draw(form.build, pointer=PanelPointer((20, 20)), dt=FRAME_S)
        assert form.text == "lab7"
        left, middle, _ = form.places["amount"]
        for x in (left + 5, left + 5, left + 60, left + 60):
            pointer = PanelPointer((x, middle), (True, False, False))
            panel.draw(form.build, pointer=pointer, dt=FRAME_S)
        assert 0 < form.amount < 1
        panel.draw(form.build, pointer=PanelPointer(None), dt=FRAME_S)
        panel.draw(form.build, pointer=PanelPointer(None), dt=FRAME_S)
        assert not panel.wants_pointer


def test_two_panels_do_not_share_anything() -> None:
    first, second = Form(), Form()
    with PanelTexture((300, 200)) as one, PanelTexture((300, 200)) as two:
        one.draw(first.build, dt=FRAME_S)
        two.draw(second.build, dt=FRAME_S)
        left, middle, _ = first.places["press"]
        click(one, first, (left + 8, middle))
        two.draw(second.build, dt=FRAME_S)
    assert (first.clicks, second.clicks) == (1, 0)


def test_setup_runs_once_in_the_panels_own_context() -> None:
    seen: list[float] = []

    def setup(scale: float) -> str:
        seen.append(scale)
        imgui.get_style().window_rounding = 10 * scale
        return "style"

    with PanelTexture((64, 64), scale=1.5, setup=setup) as panel:
        assert panel.style == "style"
    assert seen == [1.5]


def build_halves() -> None:
    """Paint the upper half red, the lower half half-transparent blue."""
    draw = imgui.get_background_draw_list()
    draw.add_rect_filled((0, 0), (64, 32), imgui.get_color_u32((1.0, 0.0, 0.0, 1.0)))
    draw.add_rect_filled((0, 32), (64, 64), imgui.get_color_u32((0.0, 0.0, 1.0, 0.5)))


def test_a_panels_upper_edge_is_up_wherever_it_is_shown() -> None:
    camera = Camera((0, 1.6, 0), fov=math.radians(90))
    with Renderer() as renderer, Target((200, 200)) as target, PanelTexture((64, 64)) as panel:
        renderer.set_scene(Scene())
        panel.draw(build_halves, dt=FRAME_S)
        renderer.draw(Look(camera), target)
        bare = target.read_rgb().astype(int)
        renderer.draw(
            Look(camera), target,
            pictures=[Picture(panel.texture, (0.0, 1.6, -1.0), (1.0, 1.0))],
            overlays=[Overlay(panel.texture, (0, 0, 40, 40))],
        )  # fmt: skip
        pixels = target.read_rgb().astype(int)
        with Panel((200, 200)) as over:
            over.draw_onto(target, build_halves, dt=FRAME_S)
        direct = target.read_rgb().astype(int)
    for upper, lower in (((70, 100), (130, 100)), ((10, 20), (30, 20))):
        assert tuple(pixels[upper]) == (255, 0, 0)
        assert abs(pixels[lower][2] - (255 + bare[lower][2]) / 2) < 2
        assert pixels[lower][0] < 16
    assert tuple(direct[16, 32]) == (255, 0, 0)
    assert direct[48, 32, 2] >= 127
    np.testing.assert_array_equal(direct[100:, 100:], pixels[100:, 100:])


def test_pictures_lean_turn_and_stay_behind_what_is_before_them() -> None:
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 255
    camera = Camera((0, 1.6, 0), fov=math.radians(90))
    with Renderer() as renderer, Target((200, 200)) as target:
        texture = renderer.images.make(red, is_smooth=False)

        def area(**changes: object) -> int:
            picture = Picture(texture, (0.0, 1.6, -1.0), (1.0, 1.0), **changes)  # type: ignore[arg-type]
            renderer.draw(Look(camera), target, pictures=[picture])
            return int((target.read_rgb()[..., 0] > 200).sum())

        assert area() == 100 * 100
        assert area(yaw=math.radians(60)) < 8000
        assert area(pitch=math.radians(60)) < 8000
        assert area(radius=0.5) == pytest.approx(math.pi * 50 * 50, rel=0.02)
        assert area(alpha=0.5) == 0


def test_images_with_alpha_are_blended_and_dropped_ones_are_gone() -> None:
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[..., 1], pixels[..., 3] = 200, 128
    images = Images()
    name = images.make(pixels, is_smooth=True)
    with Renderer() as renderer, Target((64, 64)) as target:
        renderer.draw(Look(), target)
        bare = target.read_rgb()[..., 1] / 255
        renderer.draw(Look(), target, overlays=[Overlay(name, (0, 0, 64, 64))])
        shown = target.read_rgb()[..., 1] / 255
    alpha = 128 / 255
    assert np.abs(shown - (alpha * 200 / 255 + (1 - alpha) * bare)).max() < 0.01
    images.drop(name)
    images.drop(name)
    images.close()

"""The picture is calm: edges are soft, a small move changes little, nothing lies upon the data."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from client.gl.showroom import NETWORK, Showroom, make_chain, make_wall
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.target import Target, shrink
from layerwalk_client.gl.theme import theme
from layerwalk_client.world.camera import clip_from_world
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.view import Appearance, Camera, Look, Mark, Marks

pytestmark = pytest.mark.usefixtures("clean_graphics")

SIZE_WH = (640, 360)
PIXEL = 2 * math.tan(math.radians(30)) / SIZE_WH[1]
"""Radians of a pixel in the middle of the picture."""


def frames(room: Showroom, cameras: list[Camera]) -> list[NDArray[np.int_]]:
    """Return the showroom's pictures from these cameras."""
    found = []
    with Renderer() as renderer, Target(SIZE_WH) as target:
        renderer.set_scene(room.scene)
        renderer.put_overview(NETWORK, room.overview())
        for chain in room.chains(finest=0):
            renderer.put_block(NETWORK, chain[0].key.node, chain[0].key.block, chain)
        for camera in cameras:
            renderer.draw(Look(camera, Appearance(mode="channel")), target)
            found.append(target.read_rgb().astype(int))
    return found


PLACES = {
    "down the hall": Camera((-3.4, 2.2, 1.2), math.radians(-22), math.radians(-6)),
    "from above": Camera((-11.0, 9.0, 6.0), math.radians(-38), math.radians(-27)),
    "at a grazing angle": Camera((1.75, 1.5, -2.2), math.radians(20), math.radians(-2)),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_small_move_changes_little(name: str, showroom: Showroom) -> None:
    """Turned by half a pixel, no picture may differ from the one before by more than a picture that
    is shifted by half a pixel would: what flickers differs by more."""
    camera = PLACES[name]
    turned = replace(camera, yaw=camera.yaw + 0.5 * PIXEL)
    whole = replace(camera, yaw=camera.yaw + PIXEL)
    first, half, second = frames(showroom, [camera, turned, whole])
    step = np.abs(half - first)
    stride = np.abs(second - first)
    assert step.mean() < 0.75 * stride.mean() + 0.05
    # Between both ends, and hardly anywhere outside them: no pixel flashes up.
    low, high = np.minimum(first, second) - 24, np.maximum(first, second) + 24
    outside = ((half < low) | (half > high)).any(axis=-1)
    assert outside.mean() < 0.015


def test_at_rest_two_frames_are_equal(showroom: Showroom) -> None:
    camera = PLACES["down the hall"]
    first, second = frames(showroom, [camera, camera])
    np.testing.assert_array_equal(first, second)


def slanted_edge(*, has_rims: bool) -> NDArray[np.int_]:
    """Return a wall of ones, seen rolled by its slant, on a picture of the dark theme."""
    wall = make_wall(1, 1, (4, 4), centre_xz=(0.0, -3.0), tile=1.5)
    look = Look(Camera((-1.9, 2.4, 0.0), math.radians(-30), math.radians(-14)))
    with Renderer() as renderer, Target(SIZE_WH) as target:
        if not has_rims:
            renderer._walls.draw_rims = lambda size_wh: None  # type: ignore[method-assign]
        renderer.set_scene(Scene((wall,)))
        renderer.put_block(NETWORK, 1, 0, make_chain(np.ones((1, 4, 4)), node=1))
        renderer.draw(look, target)
        return target.read_rgb().astype(int)


def test_the_edges_of_walls_are_soft() -> None:
    """Along a slanted edge of a hard wall each step is one jump; a soft one has tones between."""
    border = np.rint(np.array(theme("dark").wall_border) * 255)
    soft, hard = slanted_edge(has_rims=True), slanted_edge(has_rims=False)
    changed = np.abs(soft - hard).max(axis=-1)
    rows, columns = np.nonzero(changed)
    assert len(rows) > 200
    # Each pixel that is softened lies between the ground behind it and the border's colour.
    behind, found = hard[rows, columns], soft[rows, columns]
    low, high = np.minimum(behind, border) - 1, np.maximum(behind, border) + 1
    assert ((found >= low) & (found <= high)).all()
    # And no data changed.
    assert changed[(hard > 250).all(axis=-1)].max() == 0


@pytest.mark.parametrize("name", ["dark", "paper"])
def test_neither_air_nor_reflections_touch_the_data(name: str) -> None:
    """Far away in the haze, and with another wall's reflection before it, ones are white."""
    far = make_wall(1, 1, (4, 4), centre_xz=(0.0, -120.0), tile=40.0)
    near = make_wall(2, 1, (4, 4), centre_xz=(-1.2, -3.0), tile=1.0)
    look = Look(Camera((0.0, 1.6, 0.0)), Appearance(theme=name))  # type: ignore[arg-type]
    with Renderer() as renderer, Target(SIZE_WH) as target:
        renderer.set_scene(Scene((far, near)))
        for node in (1, 2):
            renderer.put_block(NETWORK, node, 0, make_chain(np.ones((1, 4, 4)), node=node))
        renderer.draw(look, target)
        pixels = target.read_rgb()
    assert (pixels[100:160, 285:350] == 255).all()
    assert (pixels[255:335, 160:235] == 255).all()


def test_the_floor_shows_a_wall_at_a_glancing_angle_only() -> None:
    wall = make_wall(1, 1, (4, 4), centre_xz=(0.0, -6.0), tile=1.5)
    lights = []
    for eye in (Camera((0.0, 0.6, 0.0)), Camera((0.0, 9.0, -1.0), 0.0, math.radians(-62))):
        pictures = []
        with Renderer() as renderer, Target(SIZE_WH) as target:
            for walls in ((), (wall,)):
                renderer.set_scene(Scene(walls))
                if walls:
                    renderer.put_block(NETWORK, 1, 0, make_chain(np.ones((1, 4, 4)), node=1))
                renderer.draw(Look(eye), target)
                pictures.append(target.read_rgb().astype(int))
        # On the floor before the wall.
        clip = clip_from_world(eye, 16 / 9) @ (0.1, 0.0, -5.4, 1.0)
        x, y = (clip[:2] / clip[3] * (1, -1) + 1) / 2 * SIZE_WH
        lights.append(int((pictures[1] - pictures[0])[int(y), int(x)].max()))
    assert lights[0] > 40
    assert lights[1] < 0.4 * lights[0]


def marked(renderer: Renderer, target: Target, marks: Marks, *, dt: float) -> NDArray[np.int_]:
    """Return the hall's picture with these marks."""
    renderer.draw(Look(PLACES["down the hall"], marks=marks), target, dt=dt)
    return target.read_rgb().astype(int)


def test_edges_of_what_is_pointed_at_are_lit_in_and_out(showroom: Showroom) -> None:
    """Blue comes in, amber goes out; half as bright as a selection's; in a fade, not at once."""
    pointed, chosen = Mark(NETWORK, 3), Marks(selection=Mark(NETWORK, 3))
    with Renderer() as renderer, Target(SIZE_WH) as target:
        renderer.set_scene(replace(showroom.scene, walls=(), boards=(), labels=()))
        plain = marked(renderer, target, Marks(), dt=0.0)
        hover = marked(renderer, target, Marks(hover=pointed), dt=0.0) - plain
        select = marked(renderer, target, chosen, dt=0.0) - plain
        marked(renderer, target, Marks(), dt=0.0)
        marked(renderer, target, chosen, dt=0.04)
        assert renderer.is_animating
        begun = marked(renderer, target, chosen, dt=0.01) - plain
        marked(renderer, target, chosen, dt=1.0)
        assert not renderer.is_animating
        whole = marked(renderer, target, chosen, dt=1.0) - plain
    blue, amber = select[..., 2] - select[..., 0] > 40, select[..., 0] - select[..., 2] > 40
    assert blue.sum() > 50
    assert amber.sum() > 50
    for where, colour in ((blue, 2), (amber, 0)):
        light, half = select[where, colour].mean(), hover[where, colour].mean()
        assert 0.35 * light < half < 0.8 * light
        assert 0.1 * light < begun[where, colour].mean() < 0.8 * light
    np.testing.assert_array_equal(whole, select)


def test_no_pixel_of_a_slanted_wall_stands_alone() -> None:
    """Ramps in 64 pictures, seen at a slant: as good as the mean of 16 pixels for each."""
    y, x = np.mgrid[0:64, 0:96] / 64
    ways = np.random.default_rng(3).uniform(-1, 1, (64, 3, 1, 1))
    ramps = ways[:, 0] * (x - 0.75) + ways[:, 1] * (y - 0.5) + ways[:, 2]
    wall = make_wall(1, 64, (64, 96), centre_xz=(0.0, -4.0), tile=0.5)
    camera = Camera((3.2, 4.6, 1.0), math.radians(33), math.radians(-25))
    pictures = []
    with Renderer() as renderer:
        renderer.set_scene(Scene((wall,)))
        renderer.put_block(NETWORK, 1, 0, make_chain(ramps, node=1))
        for factor in (1, 4):
            size_wh = (SIZE_WH[0] * factor, SIZE_WH[1] * factor)
            with Target(size_wh, pixel_scale=factor) as target:
                renderer.draw(Look(camera, Appearance(mode="manual")), target)
                pictures.append(shrink(target.read_rgb(), factor).astype(int))
    alone = np.abs(pictures[0] - pictures[1]).max(axis=-1) > 110
    assert alone.sum() <= 3

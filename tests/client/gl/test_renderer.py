"""Whole frames: nothing left behind, nothing drawn where nothing is."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from client.gl.showroom import NETWORK, Showroom
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.target import Target, shrink
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.view import Appearance, Camera, Look, Mark, Marks

pytestmark = pytest.mark.usefixtures("clean_graphics")


def test_the_whole_showroom_draws_and_leaves_no_gl_names(showroom: Showroom) -> None:
    with Renderer() as renderer, Target((160, 90)) as target:
        renderer.set_scene(showroom.scene)
        renderer.put_overview(NETWORK, showroom.overview())
        look = Look(Camera((0.9, 1.7, 3.4)), Appearance(mode="channel"))
        renderer.draw(look, target)
        first = target.read_rgb()
        for chain in showroom.chains():
            renderer.put_block(NETWORK, chain[0].key.node, chain[0].key.block, chain)
        renderer.draw(look, target)
        assert renderer.memory_bytes > 1_000_000
        second = target.read_rgb()
    assert first.max() > 100
    assert 0 < np.abs(first.astype(int) - second).mean() < 12


def test_a_picture_drawn_twice_as_large_and_shrunk_has_the_same_letters_and_frames(
    showroom: Showroom,
) -> None:
    camera = Camera((-3.4, 2.2, 1.2), math.radians(-22), math.radians(-6))
    look = Look(camera, Appearance(), Marks(selection=Mark(NETWORK, 4)))
    found = {}
    with Renderer() as renderer:
        renderer.set_scene(replace(showroom.scene, ribbons=()))
        for scale in (1, 2):
            with Target((640 * scale, 360 * scale), pixel_scale=scale) as target:
                renderer.draw(look, target)
                found[scale] = shrink(target.read_rgb(), scale).astype(int)
        with Target((1280, 720)) as target:
            renderer.draw(look, target)
            unscaled = shrink(target.read_rgb(), 2).astype(int)
    assert found[2].shape == found[1].shape
    # Frames are as strong as at the picture's own size; unscaled they are thinner.
    amber = [pixels[..., 0] - pixels[..., 2] for pixels in (found[1], found[2], unscaled)]
    shares = [float((strength > 90).sum()) for strength in amber]
    assert shares[1] == pytest.approx(shares[0], rel=0.3)
    assert shares[2] < 0.7 * shares[0]


def test_the_floor_goes_on_before_the_near_plane() -> None:
    with Renderer() as renderer, Target((64, 64)) as target:
        renderer.set_scene(Scene())
        pictures = []
        for near in (0.05, 4.0):
            renderer.draw(Look(Camera((0, 1.6, 0), pitch=-0.4, near=near)), target)
            pictures.append(target.read_rgb().astype(int))
    assert np.abs(pictures[0] - pictures[1]).max() <= 2


def test_an_empty_scene_is_sky_over_floor() -> None:
    with Renderer() as renderer, Target((64, 64)) as target:
        renderer.set_scene(Scene())
        renderer.draw(Look(), target)
        pixels = target.read_rgb()
    assert pixels.max() < 100
    assert (pixels[..., 2] >= pixels[..., 0]).all()

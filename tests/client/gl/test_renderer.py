"""Whole frames: nothing left behind, nothing drawn where nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from client.gl.showroom import NETWORK, Showroom
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.target import Target
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.view import Appearance, Camera, Look

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


def test_an_empty_scene_is_sky_over_floor() -> None:
    with Renderer() as renderer, Target((64, 64)) as target:
        renderer.set_scene(Scene())
        renderer.draw(Look(), target)
        pixels = target.read_rgb()
    assert pixels.max() < 60
    assert (pixels[..., 2] >= pixels[..., 0]).all()

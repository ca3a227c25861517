"""The light of a signal lies around pictures, never on them, and fades."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from client.gl.showroom import NETWORK, make_wall
from client.gl.straight import Stage, chains_of, stage
from layerwalk_client.gl.context import GraphicsInfo
from layerwalk_client.gl.glows import FADE_S
from layerwalk_client.gl.theme import theme
from layerwalk_client.world.glow import Glow
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.view import Camera, Look

LIGHT = np.array([1.0, -1.0, 0.0, 0.5], np.float32)
GLOW = Glow(NETWORK, {1: LIGHT}, {1: 1.0}, {})
VALUES = np.random.default_rng(5).normal(size=(4, 8, 8))


def _gap_right_of(held: Stage, pixels: NDArray[np.uint8], channel: int) -> NDArray[np.float64]:
    """Return the colour in the middle of a channel's half of the gap to its right."""
    wall = held.wall
    row, column = divmod(channel, wall.columns)
    x = wall.gap + column * (wall.tile_wh[0] + wall.gap) + wall.tile_wh[0] + wall.gap / 4
    y = wall.gap + row * (wall.tile_wh[1] + wall.gap) + wall.tile_wh[1] / 2
    width, height = wall.size_wh
    return pixels[
        int(held.size_wh[1] / 2 + (y - height / 2) * held.pixels_per_metre),
        int(held.size_wh[0] / 2 + (x - width / 2) * held.pixels_per_metre),
    ].astype(float)


def _colour(name: str) -> NDArray[np.float64]:
    return np.array(getattr(theme("dark"), name)) * 255


def test_frames_have_the_colour_and_strength_of_their_channels(
    clean_graphics: GraphicsInfo,
) -> None:
    with stage(make_wall(1, 4, (8, 8), gap=0.06), pixels_per_metre=380.0) as held:
        held.put(chains_of(VALUES))
        plain = held.picture()
        lit = held.picture(glow=GLOW)
        for channel in range(4):
            assert (held.texels(lit, channel) == held.texels(plain, channel)).all(), channel
        wall = _colour("wall")
        for channel, hue in ((0, "towards"), (1, "away"), (3, "towards")):
            share = abs(float(LIGHT[channel]))
            expected = wall + share * (_colour(hue) - wall)
            np.testing.assert_allclose(_gap_right_of(held, lit, channel), expected, atol=3)
        np.testing.assert_allclose(_gap_right_of(held, lit, 2), wall, atol=3)
        assert (held.picture() == plain).all()  # nothing of it is left


def test_another_networks_light_does_not_shine_here(clean_graphics: GraphicsInfo) -> None:
    with stage(make_wall(1, 4, (8, 8), gap=0.06), pixels_per_metre=380.0) as held:
        held.put(chains_of(VALUES))
        held.picture(glow=Glow("another", {1: LIGHT}, {1: 1.0}, {}))
        lit = held.picture(glow=Glow("another", {1: LIGHT}, {1: 1.0}, {}))
        np.testing.assert_allclose(_gap_right_of(held, lit, 0), _colour("wall"), atol=3)


def test_light_fades_in_and_out_and_then_rests(clean_graphics: GraphicsInfo) -> None:
    with stage(make_wall(1, 4, (8, 8), gap=0.06), pixels_per_metre=380.0) as held:
        held.put(chains_of(VALUES))
        held.picture()
        renderer, target = held.renderer, held.target

        def seen(glow: Glow | None, dt: float) -> float:
            camera = Camera((0.0, held.wall.centre[1], 2.0))
            renderer.draw(Look(camera, glow=glow), target, dt=dt)
            return float(target.read_rgb().astype(float).sum())

        dark = seen(None, 1.0)
        assert not renderer.is_animating
        steps = [seen(GLOW, FADE_S / 5) for _ in range(6)]
        assert dark < steps[0] < steps[2] < steps[4]
        assert steps[4] == steps[5]
        assert not renderer.is_animating
        fading = [seen(None, FADE_S / 5) for _ in range(6)]
        assert fading[0] > fading[2] > fading[4]
        assert fading[5] == dark
        # A scene that stands otherwise is lit at once.
        seen(GLOW, 0.0)
        renderer.set_scene(Scene((held.wall,), labels=()))
        assert seen(GLOW, 1 / 60) == steps[5]

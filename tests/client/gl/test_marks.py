"""The frame around what a place sees, on the pictures of the input's wall."""

from __future__ import annotations

import numpy as np
import pytest

from client.gl.showroom import NETWORK, make_wall
from client.gl.straight import stage
from layerwalk_client.gl.context import GraphicsInfo
from layerwalk_client.gl.marks import region_rectangle
from layerwalk_client.world.view import Marks, Region


def test_a_region_is_measured_in_the_pictures_own_pixels() -> None:
    wall = make_wall(1, 1, (20, 10), tile=1.0, gap=0.1)
    assert region_rectangle(wall, (0, 0, 20, 10)) == pytest.approx((0.1, 0.1, 0.6, 1.1))
    assert region_rectangle(wall, (5, 2, 10, 4)) == pytest.approx((0.2, 0.35, 0.3, 0.6))


def test_it_is_framed_on_its_wall_alone(clean_graphics: GraphicsInfo) -> None:
    with stage(make_wall(1, 1, (8, 8), tile=1.0), pixels_per_metre=200.0) as held:
        plain = held.picture()
        box = (2, 2, 6, 6)
        marked = held.picture(marks=Marks(seen=Region(NETWORK, 1, box)))
        changed = np.argwhere((marked != plain).any(-1))
        assert len(changed)
        middle = np.array(plain.shape[:2]) / 2
        away = np.abs(changed - middle).max(1)  # the box is half of a metre, 100 pixels
        assert away.min() >= 48
        assert away.max() <= 54
        elsewhere = held.picture(marks=Marks(seen=Region(NETWORK, 2, box)))
        assert (elsewhere == plain).all()

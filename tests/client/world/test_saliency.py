"""A map over the input: two colours, strongest where most was given, the picture below in grey."""

from __future__ import annotations

import numpy as np

from layerwalk_client.world.saliency import DIMMED, STRONGER, WEAKER, overlaid, strengths


def test_strengths_have_the_signs_and_the_order_of_what_was_given() -> None:
    given = np.array([0.0, 1e-9, -3e-9, 2e-9, np.nan], np.float32)
    found = strengths(given)
    assert np.sign(found).tolist() == [0, 1, -1, 1, 0]
    assert found.min() == -1
    assert abs(found[1]) < abs(found[3]) < 1
    assert not strengths(np.zeros(4, np.float32)).any()
    assert strengths(np.zeros(0, np.float32)).shape == (0,)


def test_one_place_of_many_still_shines() -> None:
    given = np.zeros((1, 64, 64), np.float32)
    given[0, 3, 4] = 2.0
    assert overlaid(given, None)[3, 4].tolist() == list(STRONGER)
    assert overlaid(-given, None)[3, 4].tolist() == list(WEAKER)


def test_the_picture_below_is_dimmed_and_grey_where_nothing_was_given() -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[..., 0] = 240
    given = np.zeros((3, 2, 2), np.float32)
    given[0, 0, 0], given[1, 0, 0] = 1.0, -0.5  # the colours are added up
    found = overlaid(given, picture)
    assert found[0, 0].tolist() == list(STRONGER)
    assert found[1, 1].tolist() == [round(80 * DIMMED)] * 3
    assert overlaid(given, picture[:1]).shape == (2, 2, 3)

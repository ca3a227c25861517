"""Whole pictures against those that somebody has looked at and found good.

Tolerance: mean absolute difference of at most 1.0 of 255, and at most 0.5 % of the pixels with a
difference above 32 in any colour. It is what separates software rasterisers and CPU kinds; the
same driver on the same CPU gives identical pixels.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from client.gl.collected import COLLECTED
from client.gl.exhibits import PANELS, PLACES, draw_place
from client.gl.facts import FACTS
from client.gl.glasses import GLASSES
from client.gl.halls import HALLS, draw_hall
from client.gl.manners import MANNERS
from client.gl.reports import REPORTS
from client.gl.showroom import Showroom
from client.gl.studios import STUDIOS
from client.gl.views import VIEWS, draw_view
from client.gl.wayfinding import WAYS
from layerwalk_client.gl.context import GraphicsInfo

GOLDENS = Path(__file__).parents[2] / "golden"
SIZE_WH = (320, 180)
LARGE_WH = (480, 270)
MEAN_LIMIT = 1.0
LARGE_DIFFERENCE = 32
LARGE_SHARE_LIMIT = 0.005


def compare(found: NDArray[np.uint8], golden: NDArray[np.uint8]) -> tuple[float, float]:
    """Return the mean absolute difference, and the share of pixels that differ much."""
    difference = np.abs(found.astype(int) - golden.astype(int))
    return float(difference.mean()), float((difference.max(axis=-1) > LARGE_DIFFERENCE).mean())


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_looks_as_it_should(
    name: str, showroom: Showroom, clean_graphics: GraphicsInfo, pytestconfig: pytest.Config
) -> None:
    check(name, draw_view(showroom, VIEWS[name], SIZE_WH), clean_graphics, pytestconfig)


@pytest.mark.parametrize("name", PLACES)
def test_an_exhibit_looks_as_it_should(
    name: str, clean_graphics: GraphicsInfo, pytestconfig: pytest.Config
) -> None:
    check(name, draw_place(PLACES[name], LARGE_WH), clean_graphics, pytestconfig)


@pytest.mark.parametrize("name", HALLS)
def test_a_hall_looks_as_it_should(
    name: str, clean_graphics: GraphicsInfo, pytestconfig: pytest.Config
) -> None:
    check(name, draw_hall(HALLS[name], LARGE_WH), clean_graphics, pytestconfig)


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_looks_as_it_should(
    name: str, clean_graphics: GraphicsInfo, pytestconfig: pytest.Config
) -> None:
    check(name, PANELS[name](), clean_graphics, pytestconfig)


KINDS = {**FACTS, **MANNERS, **REPORTS, **WAYS}


@pytest.mark.parametrize("name", KINDS)
def test_the_panel_of_a_kind_looks_as_it_should(
    name: str, clean_graphics: GraphicsInfo, pytestconfig: pytest.Config
) -> None:
    check(name, KINDS[name](), clean_graphics, pytestconfig)


@pytest.mark.parametrize("name", STUDIOS)
def test_the_panel_of_maximisation_looks_as_it_should(
    name: str, clean_graphics: GraphicsInfo, pytestconfig: pytest.Config
) -> None:
    check(name, STUDIOS[name](), clean_graphics, pytestconfig)


@pytest.mark.parametrize("name", COLLECTED)
def test_the_panels_of_pictures_and_of_a_channel_look_as_they_should(
    name: str, clean_graphics: GraphicsInfo, pytestconfig: pytest.Config
) -> None:
    check(name, COLLECTED[name](), clean_graphics, pytestconfig)


@pytest.mark.parametrize("name", GLASSES)
def test_the_magnifier_looks_as_it_should(
    name: str, clean_graphics: GraphicsInfo, pytestconfig: pytest.Config
) -> None:
    check(name, GLASSES[name](), clean_graphics, pytestconfig)


def check(
    name: str, found: NDArray[np.uint8], graphics: GraphicsInfo, config: pytest.Config
) -> None:
    """Compare a picture with its golden, or write it."""
    path = GOLDENS / f"{name}.png"
    if config.getoption("--update-goldens"):
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(found).save(path, optimize=True)
        return
    assert path.exists(), f"{path} is missing: look at the picture, then --update-goldens"
    golden = np.asarray(Image.open(path).convert("RGB"))
    assert found.shape == golden.shape
    mean, share = compare(found, golden)
    if mean > MEAN_LIMIT or share > LARGE_SHARE_LIMIT:
        failed = GOLDENS / "failed"
        failed.mkdir(exist_ok=True)
        difference = np.abs(found.astype(int) - golden.astype(int)) * 4
        sheet = np.concatenate([golden, found, difference.clip(0, 255).astype(np.uint8)], axis=1)
        Image.fromarray(sheet).save(failed / f"{name}.png")
        pytest.fail(
            f"{name}: mean difference {mean:.2f} (limit {MEAN_LIMIT}), {share:.2%} of the pixels "
            f"differ by more than {LARGE_DIFFERENCE} (limit {LARGE_SHARE_LIMIT:.1%}) on "
            f"{graphics.renderer}, {graphics.version}; golden, found, difference x 4: "
            f"{failed / f'{name}.png'}"
        )


def test_every_golden_belongs_to_a_view() -> None:
    assert {path.stem for path in GOLDENS.glob("*.png")} == {
        *VIEWS, *PLACES, *HALLS, *PANELS, *KINDS, *STUDIOS, *GLASSES, *COLLECTED,
    }  # fmt: skip


def test_the_comparison_can_fail() -> None:
    golden = np.zeros((20, 20, 3), np.uint8)
    shifted, spot = golden + 2, golden.copy()
    spot[0, :3] = 40
    assert compare(golden, golden) == (0.0, 0.0)
    assert compare(shifted, golden)[0] > MEAN_LIMIT
    assert compare(spot, golden)[1] > LARGE_SHARE_LIMIT

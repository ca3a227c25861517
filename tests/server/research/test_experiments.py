"""The papers' experiments run, at a size of seconds, and write numbers that can be so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from layerwalk_models.idx import write_idx
from layerwalk_shared.errors import InvalidRequestError
from research import auer_figures, proxygrad_curves, white_images
from research.plotting import Line, draw_lines, ticks

TINY = proxygrad_curves.Size(2, 32, 3, 2, (0.1,), (1, 2))


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """The scripts set how many threads torch takes; afterwards it is as before."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def _is_picture(path: Path) -> bool:
    with Image.open(path) as picture:
        values = np.asarray(picture.convert("RGB"))
        return len(np.unique(values)) > 2 and picture.width > 100


def test_white_images_come_out_as_table_5_1_says(tmp_path: Path) -> None:
    assert white_images.main(["--out", str(tmp_path), "--side", "8"]) == 0
    found = json.loads((tmp_path / "white_images.json").read_text())["found"]
    many, proxy = "gradient ascent, 200 steps", "ProxyGrad 0.4, 200 steps"
    assert found[f"f1: {many}"]["white"] == pytest.approx(0.5, abs=0.1)
    assert found[f"f1: {proxy}"]["white"] == 1
    assert found["f2: gradient ascent, 12 steps"]["white"] < 1
    assert found[f"f2: {many}"]["white"] == 1
    assert found[f"f3: {many}"]["black"] == pytest.approx(0.5, abs=0.1)
    assert found[f"f3: {proxy}"]["white"] == 1
    assert found[f"convolution: {many}"]["white"] < found[f"convolution: {proxy}"]["white"]
    assert _is_picture(tmp_path / "white_images.png")


def test_auer_s_figures_are_drawn(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    pictures = generator.integers(0, 255, (40, 28, 28), dtype=np.uint8)
    with torch.inference_mode():
        shown = torch.from_numpy(pictures[:, None].astype(np.float32) / 255)
        answers = auer_figures.Answers().eval()(shown).argmax(1)
    write_idx(tmp_path / "digits", pictures)
    write_idx(tmp_path / "labels", answers.to(torch.uint8).numpy())
    files = ["--digits", str(tmp_path / "digits"), "--labels", str(tmp_path / "labels")]
    size = ["--steps-share", "0.05", "--weights", "0.016", "--adversaries", "10"]
    auer_figures.main(["--out", str(tmp_path), *size, *files])
    numbers = json.loads((tmp_path / "auer_figures.json").read_text())
    assert all(_is_picture(tmp_path / f"auer_{number}.png") for number in (2, 3, 4, 5))
    assert len(numbers["hidden neurons"]) == auer_figures.NEURONS
    ratios = {unit: one["ratio"] for unit, one in numbers["hidden neurons"].items()}
    assert ratios[str(numbers["neuron of figure 5"])] == max(ratios.values())
    outputs = [*numbers["figure 3"].values(), *numbers["figure 4"].values()]
    assert all(0 <= one["activation"] <= 1 and one["highest"] <= 1 for one in outputs)
    assert all(one["digit"] != one["target"] for one in numbers["figure 2"])
    assert numbers["figure 2"]


def test_curves_are_measured_once_and_gone_on_with(tmp_path: Path) -> None:
    arguments = ["--out", str(tmp_path)]
    proxygrad_curves.main([*arguments, "--minutes", "0"], sizes={"few": TINY})
    assert not (tmp_path / "proxygrad_curves.png").exists()  # there was no time for a condition
    proxygrad_curves.main(arguments, sizes={"few": TINY})
    measured = (tmp_path / "few.json").read_bytes()
    summary = json.loads((tmp_path / "proxygrad_curves.json").read_text())["few"]["after"]
    assert set(summary) == {"1", "2"}
    for rows in summary.values():
        assert {row["classes"] for row in rows.values()} == {TINY.classes}
        assert rows["relu 0 free"]["gain"] == 0
        assert rows["proxygrad 0.1 free"]["score"] != rows["leaky 0.1 free"]["score"]
    assert summary["2"]["relu 0 free"]["score"] > summary["1"]["relu 0 free"]["score"]
    assert _is_picture(tmp_path / "proxygrad_curves.png")
    proxygrad_curves.main(arguments, sizes={"few": TINY})
    assert (tmp_path / "few.json").read_bytes() == measured
    other = proxygrad_curves.Size(3, 32, 3, 2, (0.1,), (3,))
    with pytest.raises(InvalidRequestError, match="another set-up"):
        proxygrad_curves.main(arguments, sizes={"few": other})


def test_an_unfinished_chunk_of_classes_is_left_out() -> None:
    conditions = list(proxygrad_curves.conditions(TINY.slopes))
    parts = {
        f"{number} {one.name}": {"scores": {"1": {unit: [1.0, True]}, "2": {unit: [2.0, True]}}}
        for number, unit in ((0, "7"), (1, "8"))
        for one in conditions
    }
    del parts[f"1 {conditions[1].name}"]
    rows = proxygrad_curves.summarise(TINY, parts)["2"]
    counts = {(row["is_regularised"], row["classes"]) for row in rows.values()}
    assert counts == {(False, 1), (True, 2)}


def test_a_leaky_copy_leaves_the_network_as_it_was() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU()))
    leaky = proxygrad_curves.with_leaky(model, 0.5)
    x = torch.tensor([[-1.0, 1.0]])
    before = model[0](x)
    torch.testing.assert_close(leaky(x), torch.where(before > 0, before, 0.5 * before))
    torch.testing.assert_close(model(x), before.clamp(min=0))


@pytest.mark.parametrize(("low", "high"), [(0, 0.3), (11.2, 14.3), (-3, 130), (0, 1e-3)])
def test_ticks_are_few_and_round(low: float, high: float) -> None:
    found = ticks(low, high)
    assert 3 <= len(found) <= 8
    assert all(low - 1e-9 <= value <= high + 1e-9 for value in found)
    assert np.allclose(np.diff(found), found[1] - found[0])


def test_a_higher_value_stands_higher() -> None:
    lines = [
        Line("low", ((0.0, 1.0), (1.0, 1.0)), (200, 0, 0)),
        Line("high", ((0.0, 2.0), (1.0, 2.0)), (0, 0, 200)),
    ]
    picture = np.asarray(draw_lines(lines, title="", x_label="x", y_label="y")).astype(int)
    middle = picture[:320, 300]
    red = np.flatnonzero(middle[:, 0] - middle[:, 2] > 100)
    blue = np.flatnonzero(middle[:, 2] - middle[:, 0] > 100)
    assert blue.mean() < red.mean()

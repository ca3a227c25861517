"""Laws of the short trainings: each learns, measures what it wrote, and can be repeated."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from layerwalk_models import coordinates, fit, gpt, zoo
from layerwalk_models.card import read_card
from layerwalk_models.errors import DatasetError
from layerwalk_models.fitting import picture, rows, schedule, text

QUICK = schedule.FitRecipe("coordinates_siren", steps=60, batch_size=128, rate=1e-3)


def test_a_siren_learns_a_picture_that_it_did_not_know() -> None:
    y, x = np.mgrid[:16, :20]
    image = np.stack([12 * x, 15 * y, 255 * ((x + y) % 4 < 2)], axis=-1).astype(np.uint8)
    target = picture.make_target(image)
    torch.manual_seed(0)
    network = coordinates.CoordinateNetwork(coordinates.Sine, width=48, depth=3, omega=30.0)
    before = picture.measure_psnr(network, target)
    picture.fit_picture(network, target, QUICK)
    assert before < 12
    assert picture.measure_psnr(network, target) > before + 8
    assert not network.training


def test_psnr_is_that_of_its_definition() -> None:
    """A constant error of 0.2 of a range of 2: 20 log10(2 / 0.2) = 20 dB."""

    class Constant(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.full((1, 3, *x.shape[2:]), 0.3)

    target = torch.full((1, 3, 4, 5), 0.1)
    assert picture.measure_psnr(Constant(), target) == pytest.approx(20.0, abs=1e-4)


def test_a_fit_can_be_repeated_bit_for_bit() -> None:
    made = []
    for _ in range(2):
        torch.manual_seed(5)
        network = gpt.GPT(length=8, width=16, depth=1, heads=2)
        ids = gpt.encode("the quick brown fox jumps over the lazy dog " * 3)
        course = text.fit_text(network, ids, replace(text.RECIPE, steps=5, batch_size=4))
        made.append((network.state_dict(), course.losses))
        torch.manual_seed(99)
    assert made[0][1] == made[1][1]
    assert all(torch.equal(a, made[1][0][name]) for name, a in made[0][0].items())


def test_a_gpt_learns_a_text_that_repeats() -> None:
    torch.manual_seed(0)
    network = gpt.GPT(length=16, width=32, depth=1, heads=2)
    ids = gpt.encode("abcdefgh" * 60)
    training, test = text.split_text(ids, length=16)
    before, _ = text.measure_text(network.eval(), test)
    recipe = replace(text.RECIPE, steps=60, batch_size=16, rate=1e-2)
    text.fit_text(network, training, recipe)
    bits, right = text.measure_text(network, test)
    assert before > 5
    assert bits < 0.5
    assert right > 0.9
    written = network.write(gpt.encode("abc"), 9, temperature=0.0)
    assert gpt.decode(written) == "abcdefghabcd"


def test_an_untrained_gpt_guesses_among_all_characters() -> None:
    torch.manual_seed(0)
    bits, _ = text.measure_text(gpt.make_gpt().eval(), gpt.encode("some text of ours " * 20))
    assert bits == pytest.approx(math.log2(96), abs=0.4)


def test_no_character_sees_those_behind_it() -> None:
    network = gpt.make_gpt().eval()
    first, second = gpt.encode("people walk"), gpt.encode("people talk")
    with torch.inference_mode():
        a, b = network(first[None])[0], network(second[None])[0]
    assert torch.equal(a[:7], b[:7])
    assert not torch.allclose(a[7:], b[7:])


def test_known_characters_come_back_and_others_become_spaces() -> None:
    sentence = "A walk, 3 steps:\n[~]"
    assert gpt.decode(gpt.encode(sentence)) == sentence
    assert gpt.decode(gpt.encode("früh")) == "fr h"


def test_a_text_that_is_too_short_is_refused() -> None:
    with pytest.raises(DatasetError, match="has 100 characters, expected at least 650"):
        text.split_text(torch.zeros(100).long(), length=64)


def test_the_rows_of_every_digit_are_in_one_part_only() -> None:
    training, test = rows.load_rows()
    assert training.steps.shape == (1437, 8, 8)
    assert test.steps.shape == (360, 8, 8)
    assert float(training.steps.max()) == 1.0
    assert sorted(set(test.labels.tolist())) == list(range(10))


def test_the_command_writes_a_network_that_loads_with_its_card(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["rows", "--name", "quick", "--out", str(tmp_path), "--steps", "120"]
    assert fit.main(arguments) == 0
    fields = json.loads((tmp_path / "quick.json").read_text(encoding="utf-8"))
    card = read_card(tmp_path / "quick.json")
    assert card.kind == "series"
    assert card.accuracy is not None
    assert card.accuracy > 0.3  # far above the tenth of a guess
    assert fields["measured_as"] in capsys.readouterr().out
    assert fields["measured_as"] in (tmp_path / "quick.md").read_text(encoding="utf-8")
    network = zoo.load_trained("quick", zoo.ENTRIES["lstm"].build, folder=tmp_path)
    _, test = rows.load_rows()
    assert rows.measure_rows(network, test) == pytest.approx(card.accuracy, abs=1e-4)


def test_a_photograph_that_is_not_there_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["picture", "dog", "--name", "x", "--out", str(tmp_path)]
    assert fit.main(arguments) == 1
    assert "no sample photograph 'dog', expected one of" in capsys.readouterr().err

"""Laws of the training recipe, on data small enough to train in a second."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from layerwalk_models import evaluate, train
from layerwalk_models.card import read_card
from layerwalk_models.errors import CheckpointError, DatasetError
from layerwalk_models.folders import list_images
from layerwalk_models.training import schedule
from layerwalk_models.training.average import WeightAverage
from layerwalk_models.training.bank import Views, load_canvases, load_views, measure_normalisation
from layerwalk_models.training.checkpoint import read_checkpoint, write_checkpoint
from layerwalk_models.training.loop import Material, Run, make_generator
from layerwalk_models.training.loop import train as train_network
from layerwalk_models.training.measurement import measure_accuracy
from layerwalk_models.training.recipe import Recipe

COLOURS = {"blue": (40, 60, 200), "green_leaf": (40, 180, 60), "red": (200, 50, 40)}
RECIPE = Recipe(
    architecture="resnet18_thin",
    epochs=4,
    batch_size=8,
    sizes=((0.0, 16), (0.5, 32)),
    rate=0.02,
    average_decay=0.8,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of 14 noisy images, told apart by colour."""
    root = tmp_path_factory.mktemp("data") / "colours"
    generator = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (root / name).mkdir(parents=True)
        for number in range(14):
            noise = generator.normal(colour, 25, (36, 44 - number, 3))
            image = Image.fromarray(noise.clip(0, 255).astype(np.uint8))
            image.save(root / name / f"{number:02d}.png")
    return root


@pytest.fixture(scope="module")
def material(folder: Path) -> Material:
    listing = list_images(folder)
    canvases = load_canvases(listing, tuple(range(0, 42, 2)), side=40)
    mean, std = measure_normalisation(canvases)
    views = load_views(listing, tuple(range(1, 42, 6)), side=32, what="views")
    return Material(listing.classes, canvases, views, mean, std)


def assert_same_weights(first: nn.Module, second: nn.Module) -> None:
    for (name, a), b in zip(first.state_dict().items(), second.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


def test_a_resumed_run_equals_an_unbroken_one_bit_for_bit(
    tmp_path: Path, material: Material
) -> None:
    unbroken = train_network(RECIPE, material, checkpoint_path=tmp_path / "a.pt")

    killed = Run(RECIPE, material)
    killed.train_epoch()
    write_checkpoint(tmp_path / "b.pt", killed.capture())
    killed.train_epoch()  # killed before this epoch was written: it is lost
    torch.manual_seed(99)  # whatever else the process did in between
    resumed = train_network(RECIPE, material, checkpoint_path=tmp_path / "b.pt", resume=True)

    assert_same_weights(unbroken.network, resumed.network)
    first = read_checkpoint(tmp_path / "a.pt", recipe=RECIPE, classes=material.classes)
    second = read_checkpoint(tmp_path / "b.pt", recipe=RECIPE, classes=material.classes)
    assert [r.loss for r in first.history] == [r.loss for r in second.history]
    assert [r.side for r in first.history] == [16, 16, 32, 32]
    assert all(torch.equal(a, second.network[name]) for name, a in first.network.items())


def test_another_seed_gives_other_weights(material: Material) -> None:
    first, second = Run(RECIPE, material), Run(replace(RECIPE, seed=1), material)
    assert not torch.equal(first.network.conv1.weight, second.network.conv1.weight)


def test_every_epoch_of_every_seed_draws_other_numbers() -> None:
    draws = {
        tuple(
            torch.randperm(20, generator=make_generator(replace(RECIPE, seed=seed), epoch)).tolist()
        )
        for seed in range(3)
        for epoch in range(50)
    }
    assert len(draws) == 150


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path, material: Material) -> None:
    path = tmp_path / "c.pt"
    write_checkpoint(path, Run(RECIPE, material).capture())
    with pytest.raises(CheckpointError, match=r"rate = 0\.02, this run has 0\.5"):
        read_checkpoint(path, recipe=replace(RECIPE, rate=0.5), classes=material.classes)
    with pytest.raises(CheckpointError, match="3 classes, the data has 1"):
        read_checkpoint(path, recipe=RECIPE, classes=("a",))
    read_checkpoint(path, recipe=replace(RECIPE, time_budget_min=1.0), classes=material.classes)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=r"cannot read .*c\.pt"):
        read_checkpoint(path, recipe=RECIPE, classes=material.classes)


def test_a_new_run_does_not_write_over_an_old_one(tmp_path: Path, material: Material) -> None:
    path = tmp_path / "c.pt"
    write_checkpoint(path, Run(RECIPE, material).capture())
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match=r"c\.pt' is the checkpoint of a run"):
        train_network(RECIPE, material, checkpoint_path=path)
    assert path.read_bytes() == before


def test_no_partial_checkpoint_is_left_behind(tmp_path: Path, material: Material) -> None:
    write_checkpoint(tmp_path / "c.pt", Run(RECIPE, material).capture())
    assert [path.name for path in tmp_path.iterdir()] == ["c.pt"]


def test_a_time_budget_ends_the_run_and_stays_spent(tmp_path: Path, material: Material) -> None:
    recipe = replace(RECIPE, time_budget_min=0.15, epochs=1)
    ticks = itertools.count()  # a clock on which every look takes a second: two steps, one
    outcome = train_network(  # validation per epoch, so the budget of 9 s ends with the third
        recipe, material, checkpoint_path=tmp_path / "c.pt", clock=lambda: float(next(ticks))
    )
    assert outcome.spent_s == 9.0
    assert [record.progress for record in outcome.history] == pytest.approx([3 / 9, 6 / 9, 1.0])
    again = train_network(recipe, material, checkpoint_path=tmp_path / "c.pt", resume=True)
    assert again.history == outcome.history  # spent is spent
    assert_same_weights(again.network, outcome.network)


def test_a_pause_of_the_process_is_not_counted() -> None:
    times = iter([0.0, 1.5, 601.5, 602.5])
    stopwatch = schedule.Stopwatch(100.0, clock=lambda: next(times))
    for _ in range(3):
        stopwatch.tick()
    assert stopwatch.spent_s == 100.0 + 1.5 + schedule.LONGEST_STEP_S + 1.0


def test_the_rate_rises_then_falls_to_zero() -> None:
    rates = [schedule.find_rate(RECIPE, step / 1000) for step in range(1001)]
    peak = rates.index(max(rates))
    assert abs(peak / 1000 - RECIPE.warm_up) < 0.002
    assert max(rates) == pytest.approx(RECIPE.rate)
    assert 0 < rates[0] < 0.02 * RECIPE.rate
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] == pytest.approx(0.0, abs=1e-9)


def test_the_average_follows_its_closed_form() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    average = WeightAverage(network, decay=0.5)
    nn.init.ones_(network.weight)
    expected = 0.0
    for step in range(1, 12):
        average.update(network)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + 1 - decay
        assert average.network.weight.item() == pytest.approx(expected)
    assert network.weight.item() == 1.0


def test_accuracy_counts_first_and_fifth_answers_and_each_class() -> None:
    """A network that says the class by a channel's mean, and three images worked out by hand."""
    images = torch.zeros(3, 3, 2, 2, dtype=torch.uint8)
    images[0, 0], images[1, 1], images[2, 1] = 255, 255, 255  # answers 0, 1, 1
    labels = torch.tensor([0, 1, 2])
    views = Views(images, labels)
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    accuracy = measure_accuracy(network, views, mean=(0.0,) * 3, std=(1.0,) * 3, classes=4)
    assert accuracy.top1 == pytest.approx(2 / 3)
    assert accuracy.top5 == 1.0
    assert accuracy.per_class == (1.0, 1.0, 0.0, None)
    assert accuracy.mean_per_class == pytest.approx(2 / 3)


def test_normalisation_is_that_of_all_pixels(material: Material) -> None:
    values = material.canvases.images.double() / 255
    for channel in range(3):
        assert material.mean[channel] == pytest.approx(values[:, channel].mean().item(), abs=1e-4)
        assert material.std[channel] == pytest.approx(values[:, channel].std().item(), abs=1e-3)


def test_a_broken_image_is_skipped_with_one_warning_that_names_it(
    tmp_path: Path, folder: Path
) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / "k").mkdir(exist_ok=True)
        (tmp_path / "k" / name).write_bytes((folder / "red" / "00.png").read_bytes())
    (tmp_path / "k" / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    listing = list_images(tmp_path)
    with pytest.warns(UserWarning, match=r"skipped: .*broken\.jpg") as caught:
        canvases = load_canvases(listing, (0, 1, 2), side=16)
    assert len(caught) == 1
    assert canvases.images.shape == (2, 3, 16, 16)
    assert len(canvases.labels) == len(canvases.aspects) == 2


def test_data_without_a_good_image_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "k").mkdir()
    (tmp_path / "k" / "broken.jpg").write_bytes(b"")
    with pytest.warns(UserWarning), pytest.raises(DatasetError, match=r"no image of .* could be"):
        load_canvases(list_images(tmp_path), (0,), side=16)


def test_mixed_precision_trains_float32_weights(material: Material) -> None:
    run = Run(replace(RECIPE, precision="bf16"), material)
    run.train_epoch()
    assert np.isfinite(run.history[0].loss)
    assert {p.dtype for p in run.network.parameters()} == {torch.float32}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"precision": "fp8"}, "precision must be one of"),
        ({"sizes": ((0.1, 64),)}, "sizes must start at progress 0"),
        ({"sizes": ((0.0, 64), (0.5, 8))}, "at least 16 pixels"),
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"test_share": 0.0}, "test_share must be above 0"),
        ({"time_budget_min": -1.0}, "must be positive"),
    ],
)
def test_recipes_that_make_no_sense_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(RECIPE, **change)


def test_the_command_trains_ships_and_its_accuracy_can_be_measured_again(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = tmp_path / "names.json"
    names.write_text('{"red": "red thing"}')
    arguments = [str(folder), "--architecture", "resnet18_thin", "--out", str(tmp_path / "out")]
    arguments += ["--epochs", "12", "--batch-size", "8", "--sizes", "0:16,0.5:32", "--rate", "0.01"]
    arguments += ["--average-decay", "0.8", "--class-names", str(names), "--name", "colours"]
    arguments += ["--licence", "none", "--note", "Made of noise.", "--cutmix", "0"]
    with torch.random.fork_rng():
        assert train.main(arguments) == 0
    out = tmp_path / "out"
    card = read_card(out / "colours.json")
    assert card.classes == ("blue", "green leaf", "red thing")
    assert card.input_shape == (3, 32, 32)
    assert card.accuracy is not None
    assert card.accuracy >= 0.8
    accuracy = evaluate.measure("colours", folder, folder=out)
    assert round(accuracy.top1, 4) == card.accuracy
    assert accuracy.count == 9

    fields = json.loads((out / "colours.json").read_text())
    assert len(fields["history"]) == 12
    text = (out / "colours.md").read_text()
    for name, value in fields["recipe"].items():
        assert f"| {name} |" in text, (name, value)
    assert "Made of noise." in text
    assert f"{card.accuracy:.2%}" in text
    assert ElementTree.fromstring((out / "colours.svg").read_text()).tag.endswith("svg")
    assert str(tmp_path) not in text + (out / "colours.json").read_text()
    assert "epoch  12" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("data", "message"), [("missing", "does not exist"), ("empty", "holds no images")]
)
def test_bad_data_is_one_sentence_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: str, message: str
) -> None:
    (tmp_path / "empty").mkdir()
    code = train.main(
        [str(tmp_path / data), "--architecture", "pfnet18", "--out", str(tmp_path / "out")]
    )
    assert code == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert message in error
    assert error.count("\n") == 1


def test_grey_images_train_a_network_of_one_channel(tmp_path: Path, folder: Path) -> None:
    """Auer's network from a folder of pictures in colour: 28 x 28, one channel, by the command."""
    out = tmp_path / "grey"
    arguments = [str(folder), "--architecture", "auer_mlp", "--out", str(out), "--name", "grey"]
    options = ["--channels", "1", "--sizes", "0:28", "--epochs", "1", "--batch-size", "8"]
    assert train.main([*arguments, *options]) == 0
    card = read_card(out / "grey.json")
    assert card.input_shape == (1, 28, 28)
    assert len(card.mean) == len(card.std) == 1
    measured = evaluate.measure("grey", folder, folder=out)
    assert round(measured.top1, 4) == card.accuracy


def test_a_grey_canvas_is_the_brightness_of_the_colours(folder: Path) -> None:
    listing = list_images(folder)
    colour = load_views(listing, (0, 20, 40), side=16, what="views").images.double()
    grey = load_views(listing, (0, 20, 40), side=16, what="views", channels=1).images.double()
    assert grey.shape == (3, 1, 16, 16)
    red, green, blue = colour.unbind(1)
    expected = 0.299 * red + 0.587 * green + 0.114 * blue  # ITU-R BT.601
    torch.testing.assert_close(grey[:, 0], expected, atol=0.51, rtol=0)

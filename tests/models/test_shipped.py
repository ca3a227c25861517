"""Laws of the trained networks that are shipped, checked without their training data."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from layerwalk_models import gpt, samples, zoo
from layerwalk_models.card import Card
from layerwalk_models.catalogue import PROMPT
from layerwalk_models.fitting import rows
from layerwalk_models.fitting.picture import make_target, measure_psnr
from layerwalk_models.fitting.text import measure_text
from layerwalk_models.pictures import fit_centre
from layerwalk_models.training.measurement import normalise

FITTED = ("gpt_layerwalk", "lstm_digits", "siren_cat")
SIDES = {"pfnet18_caltech101": 96, "resnet18_caltech101": 128}
SHIPPED = tuple(SIDES)


@pytest.fixture(scope="module", params=SHIPPED)
def network(request: pytest.FixtureRequest) -> nn.Module:
    return zoo.NETWORKS[request.param]()


def get_card(network: nn.Module) -> Card:
    card = network.layerwalk_card
    assert isinstance(card, Card)
    return card


def classify(network: nn.Module, picture: np.ndarray) -> torch.Tensor:
    """Give the probabilities of all classes, by the preprocessing that the card's Markdown names."""
    card = get_card(network)
    view = fit_centre(picture, card.input_shape[1:])
    batch = torch.from_numpy(np.array(view)).permute(2, 0, 1).unsqueeze(0)
    with torch.inference_mode():
        return network(normalise(batch, card.mean, card.std)).softmax(dim=1)[0]


def test_the_card_fits_the_network(network: nn.Module) -> None:
    card = get_card(network)
    assert not network.training
    side = SIDES[card.name]
    assert card.input_shape == (3, side, side)
    assert len(card.classes) == len(set(card.classes)) == 101 == network.fc.out_features
    assert "motorbike" in card.classes
    assert not any("_" in name for name in card.classes)
    assert zoo.read_zoo_card(card.name) == card


def test_every_sample_photograph_gets_finite_answers(network: nn.Module) -> None:
    classes = get_card(network).classes
    for name, picture, label in samples.load_photographs():
        shares = classify(network, picture)
        assert torch.isfinite(shares).all(), name
        assert label is None or label in classes, name


def test_the_motorcycle_is_a_motorbike(network: nn.Module) -> None:
    """The demo's right answer; the photograph is none of Caltech101's."""
    pictures = {name: picture for name, picture, _ in samples.load_photographs()}
    shares = classify(network, pictures["motorcycle"])
    assert get_card(network).classes[int(shares.argmax())] == "motorbike"
    assert shares.max() > 0.5


def test_auers_network_reads_digits_of_another_data_set() -> None:
    """scikit-learn's digits, enlarged to the 20 pixels in 28 that MNIST's have."""
    network = zoo.NETWORKS["auer_mlp_mnist"]()
    card = get_card(network)
    assert card.classes == tuple("0123456789")
    digits = samples.load_digits()[:500]
    pictures = np.stack([np.pad(fit_centre(image, (20, 20))[..., 0], 4) for _, image, _ in digits])
    labels = torch.tensor([int(label or -1) for _, _, label in digits])
    batch = torch.from_numpy(pictures).unsqueeze(1)
    with torch.inference_mode():
        answers = network(normalise(batch, card.mean, card.std)).argmax(dim=1)
    assert (answers == labels).float().mean() > 0.8


def test_the_lstm_is_as_good_as_its_card_says_and_reads_the_three() -> None:
    network = zoo.NETWORKS["lstm_digits"]()
    card = get_card(network)
    _, test = rows.load_rows()
    assert rows.measure_rows(network, test) == pytest.approx(card.accuracy, abs=1e-3)
    with torch.inference_mode():
        assert card.classes[int(network(**card.example).argmax())] == "3"


def test_the_siren_holds_the_cat() -> None:
    network = zoo.NETWORKS["siren_cat"]()
    card = get_card(network)
    pictures = {name: picture for name, picture, _ in samples.load_photographs()}
    target = make_target(fit_centre(pictures["cat"], card.input_shape[1:]))
    assert card.measured.startswith("PSNR 44.9 dB")
    assert measure_psnr(network, target) == pytest.approx(44.9, abs=0.2)


def test_the_gpt_writes_what_its_card_shows() -> None:
    network = zoo.NETWORKS["gpt_layerwalk"]()
    assert isinstance(network, gpt.GPT)
    assert get_card(network).classes == tuple(gpt.CHARACTERS)
    bits, _ = measure_text(network, gpt.encode(PROMPT + PROMPT[:1]))
    assert bits < 3.5  # of 6.6 for a guess among all characters


@pytest.mark.parametrize("name", [*SHIPPED, "auer_mlp_mnist", *FITTED])
def test_the_file_is_float16_and_the_one_that_was_measured(name: str) -> None:
    path = zoo.WEIGHTS / f"{name}.safetensors"
    fields = json.loads((zoo.WEIGHTS / f"{name}.json").read_text(encoding="utf-8"))
    assert fields["weights"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    kinds = {tensor.dtype for tensor in load_file(path).values()}
    assert kinds - {torch.int64} == {torch.float16}  # int64: how many batches a norm has seen
    text = (zoo.WEIGHTS / f"{name}.md").read_text(encoding="utf-8")
    if name in FITTED:
        assert fields["measured_as"] in text
    else:
        assert f"{fields['accuracy']:.2%}" in text
        assert (zoo.WEIGHTS / f"{name}.svg").is_file()


def test_the_weights_stay_small_and_the_better_network_is_good_enough() -> None:
    sizes = {path.name: path.stat().st_size for path in zoo.WEIGHTS.iterdir()}
    pictures = sum(size for name, size in sizes.items() if name.split(".")[0] in SHIPPED)
    assert pictures < 10e6
    assert sum(sizes.values()) - pictures < 8e6
    accuracies = [zoo.read_zoo_card(name).accuracy for name in SHIPPED]
    assert max(accuracy for accuracy in accuracies if accuracy is not None) >= 0.60

"""Parameter counts against published figures; each source stands beside its number.

D = Linse, dissertation (2024). L = the library whose published weights have that count.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch import nn

from layerwalk_models import (
    coordinates,
    densenet,
    gpt,
    inception,
    kernels,
    lstm,
    mlp,
    pfnet,
    resnet,
    unet,
    vgg,
    vit,
)

WIDTHS = (784, 1250, 1000, 750, 500, 250, 100, 32, 10)  # Auer, "DNN Configuration and Training"


def count(build: Callable[[], nn.Module], *, only_4d: bool = False) -> int:
    with torch.device("meta"):
        network = build()
    return sum(p.numel() for p in network.parameters() if p.ndim == 4 or not only_4d)


@pytest.mark.parametrize(
    ("build", "published"),
    [
        pytest.param(lambda: densenet.make_densenet121(1000), 7_978_856, id="densenet121, L"),
        pytest.param(lambda: densenet.make_densenet169(1000), 14_149_480, id="densenet169, L"),
        pytest.param(lambda: inception.make_inception_v3(1000), 27_161_264, id="inception, L"),
        pytest.param(
            lambda: inception.InceptionV3(1000, has_auxiliary=False), 23_834_568, id="no aux, L"
        ),
        pytest.param(lambda: vit.make_vit_tiny(1000), 5_717_416, id="vit tiny, L"),
        pytest.param(
            lambda: gpt.GPT(50_257, length=1024, width=768, depth=12, heads=12),
            124_439_808,
            id="gpt-2, L",
        ),
    ],
)
def test_counts_are_those_of_the_published_weights(
    build: Callable[[], nn.Module], published: int
) -> None:
    assert count(build) == published


@pytest.mark.parametrize(
    ("build", "exact", "published"),
    [
        pytest.param(lambda: vgg.make_vgg13(100), 36_254_116, "36.3", id="vgg13, D 2.3.4"),
        pytest.param(lambda: resnet.make_covid_resnet(2), 4_980_802, "4.98", id="D 2.3.3"),
        # 101 classes: the count that the authors' published server gives.
        pytest.param(lambda: resnet.make_covid_resnet(101), 5_031_589, "5.0", id="its demo"),
        pytest.param(lambda: densenet.make_covid_densenet(2), 1_633_538, "1.63", id="D 2.3.1"),
        pytest.param(lambda: pfnet.make_pfnet18(101), 1_464_005, "1.46", id="D table 7.3"),
        # Zhou et al., UNet++ (2018): U-Net with 32 channels in the first scale, colour.
        pytest.param(lambda: unet.UNet(1, base_width=32), 7_760_097, "7.76", id="unet"),
        # D 6.2 calls it DenseNet121's; it is DenseNet169's at the 102 classes of Flowers.
        pytest.param(lambda: densenet.make_densenet169(102), 12_654_310, "12.7", id="D 6.2"),
    ],
)
def test_counts_round_to_the_published_figure(
    build: Callable[[], nn.Module], exact: int, published: str
) -> None:
    assert count(build) == exact
    assert f"{exact / 1e6:.{len(published.split('.')[1])}f}" == published


@pytest.mark.parametrize(
    ("filters", "published"),
    [("even 2", "2.7"), ("even 4", "5.2"), ("even 8", "10.1"), ("9", "11.3"), ("13", "16.2"),
     ("18", "22.4")],
)  # fmt: skip
def test_pfnet18_has_the_sizes_of_table_6_2(filters: str, published: str) -> None:
    number = count(lambda: pfnet.make_full_pfnet18(200, filters))
    assert f"{number / 1e6:.1f}" == published


def test_resnet18_beside_it_has_the_classes_of_table_6_2() -> None:
    assert f"{count(lambda: resnet.make_resnet18(200)) / 1e6:.1f}" == "11.3"
    assert f"{count(lambda: resnet.make_resnet18(102)) / 1e6:.1f}" == "11.2"


@pytest.mark.parametrize(("filters", "number"), [("9", 9), ("18", 18)])
def test_pfdensenet121_trades_each_3x3_kernel_for_as_many_weights_as_filters(
    filters: str, number: int
) -> None:
    """58 layers from 128 to 32 channels, a stem from 3 to 64; the rest is 1x1 and stays."""
    plain = count(lambda: densenet.make_densenet121(7), only_4d=True)
    spatial = 58 * 9 * 128 * 32 + 49 * 3 * 64
    fixed = number * (58 * 128 * 32 + 3 * 64)
    ours = count(lambda: densenet.make_pfdensenet121(7, filters), only_4d=True)
    assert ours == plain - spatial + fixed


def test_auers_network_has_the_widths_of_the_text() -> None:
    network = mlp.make_auer_mlp()
    linears = [module for module in network.modules() if isinstance(module, nn.Linear)]
    assert (linears[0].in_features, *(linear.out_features for linear in linears)) == WIDTHS
    assert count(mlp.make_auer_mlp) == 3_512_412
    assert sum((a + 1) * b for a, b in pairwise(WIDTHS)) == 3_512_412


def test_small_networks_have_the_counts_of_their_formulas() -> None:
    siren = 2 * 256 + 256 + 3 * (256 * 256 + 256) + 256 * 3 + 3
    assert count(coordinates.make_siren) == siren == 198_915
    units, features = 64, 8  # four gates, each with two biases
    memory = 4 * units * (features + units + 2)
    assert count(lstm.make_lstm) == memory + 65 * 10 == 19_594
    d = 64
    block = 4 * d + 4 * d * d + 4 * d + 8 * d * d + 5 * d
    assert count(gpt.make_gpt) == (96 + 64) * d + 4 * block + 2 * d == 210_304


@pytest.mark.parametrize(
    ("build", "exact"),
    [
        (lambda: densenet.make_pfdensenet121(200, "9"), 7_284_862),
        (lambda: densenet.make_pfdensenet121(200, "18"), 9_558_388),
        (lambda: pfnet.make_full_pfnet18(200, "9"), 11_332_542),
        (lambda: pfnet.make_full_pfnet18(200, "18"), 22_380_852),
        (unet.make_unet, 1_941_122),
    ],
)
def test_what_the_readme_says_without_a_published_figure(
    build: Callable[[], nn.Module], exact: int
) -> None:
    assert count(build) == exact


def test_the_dissertations_round_figures_leave_the_classifiers_out() -> None:
    """D 2.3.1: DenseNet121 about 7 million; D 2.3.2: Inception v3 about 22 million."""
    dense = count(lambda: densenet.make_densenet121(1000)) - 1000 * (1024 + 1)
    plain = count(lambda: inception.InceptionV3(1000, has_auxiliary=False)) - 1000 * (2048 + 1)
    assert (round(dense / 1e6), round(plain / 1e6)) == (7, 22)


def test_every_subset_of_table_6_7_has_the_size_that_its_name_says() -> None:
    assert all(int(name.split()[-1]) == len(chosen) for name, chosen in kernels.SUBSETS.items())

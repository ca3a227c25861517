"""Laws of the eighteen kernels of figure 6.2."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from layerwalk_models import densenet, kernels, pfnet

POOL = kernels.choose_kernels()


def choose(*numbers: int) -> Tensor:
    """Give kernels by the numbers of the figure, from the pool of all."""
    return POOL[torch.tensor(numbers) - 1]


def test_the_absolute_elements_of_each_kernel_sum_to_one() -> None:
    assert POOL.shape == (18, 3, 3)
    torch.testing.assert_close(POOL.abs().sum(dim=(1, 2)), torch.ones(18))


def test_all_are_mean_free_but_the_ninth_and_its_negative() -> None:
    sums = POOL.sum(dim=(1, 2))
    expected = torch.zeros(18)
    expected[8], expected[17] = 1.0, -1.0
    torch.testing.assert_close(sums, expected, atol=1e-7, rtol=0)


def test_ten_to_eighteen_are_the_negatives_of_one_to_nine() -> None:
    assert torch.equal(POOL[9:], -POOL[:9])
    assert len({tuple(kernel.flatten().tolist()) for kernel in POOL}) == 18


def test_table_6_7_calls_the_right_ones_even_and_uneven() -> None:
    turned = POOL.flip(1, 2)
    for name, numbers in kernels.SUBSETS.items():
        index = torch.tensor(numbers) - 1
        if name.startswith("even "):
            assert torch.equal(turned[index], POOL[index])
        if name.startswith("uneven "):
            assert torch.equal(turned[index], -POOL[index])


@pytest.mark.parametrize(
    ("numbers", "dimensions"),
    [
        (range(1, 10), 9),  # "the nine 3x3 pre-defined filters already span all nine dimensions"
        (range(1, 19), 9),  # "the sets with 9 and 18 detectors both span 9 dimensions"
        ((1, 3, 5, 7, 10, 12, 14, 16), 4),  # section 6.4, the sum of 14 and 16 adds none
        (kernels.SUBSETS["16"], 8),  # all that mean-free kernels can span
    ],
)
def test_sets_span_the_dimensions_that_section_6_4_says(
    numbers: range | tuple[int, ...], dimensions: int
) -> None:
    assert torch.linalg.matrix_rank(choose(*numbers).flatten(1).double()) == dimensions


def test_the_reduced_networks_pool_is_one_to_eight_and_ten_to_seventeen() -> None:
    expected = choose(*range(1, 9), *range(10, 18))
    assert torch.equal(kernels.make_kernels(), expected)


@pytest.mark.parametrize("numbers", [(), (0,), (1, 19)])
def test_numbers_that_the_figure_has_not_are_refused(numbers: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="numbers 1 to 18, got"):
        kernels.choose_kernels(numbers)


@pytest.mark.parametrize(
    "build", [pfnet.make_full_pfnet18, densenet.make_pfdensenet121, pfnet.make_pfnet18]
)
def test_no_trained_kernel_is_larger_than_one_pixel(build: object) -> None:
    assert callable(build)
    with torch.device("meta"):
        network: nn.Module = build(3)
    fixed = [m for m in network.modules() if isinstance(m, pfnet.FixedConv)]
    assert len(fixed) >= 17
    for name, parameter in network.named_parameters():
        assert parameter.ndim != 4 or parameter.shape[2:] == (1, 1), name


def test_a_full_module_is_equation_1_6_and_a_reduced_one_1_7() -> None:
    """Intermediate channel c is input floor(c / f) through kernel c mod k, equation 7.1."""
    torch.manual_seed(0)
    x = torch.randn(1, 9, 6, 5)
    nine = choose(*range(1, 10))
    full = pfnet.FixedConv(9, kernels=nine, growth=9)(x)
    reduced = pfnet.FixedConv(9, kernels=nine)(x)
    for channel in range(9):
        picture = x[:, channel : channel + 1]
        alone = nn.functional.conv2d(picture, nine.unsqueeze(1), padding=1)
        torch.testing.assert_close(full[:, 9 * channel : 9 * channel + 9], alone)
        torch.testing.assert_close(reduced[:, channel], alone[:, channel])

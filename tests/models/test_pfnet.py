"""Laws of the networks of pre-defined filters."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from layerwalk_models import kernels as pool
from layerwalk_models import pfnet, resnet

KERNELS = pool.make_kernels()


def test_kernels_are_mean_free_and_their_absolute_elements_sum_to_one() -> None:
    assert KERNELS.shape == (16, 3, 3)
    torch.testing.assert_close(KERNELS.sum(dim=(1, 2)), torch.zeros(16), atol=1e-7, rtol=0)
    torch.testing.assert_close(KERNELS.abs().sum(dim=(1, 2)), torch.ones(16))


def test_kernels_are_all_different_and_the_second_half_is_the_first_negated() -> None:
    assert len({tuple(kernel.flatten().tolist()) for kernel in KERNELS}) == 16
    assert torch.equal(KERNELS[8:], -KERNELS[:8])


def test_edges_are_odd_and_lines_are_even_functions() -> None:
    turned = KERNELS.flip(1, 2)
    odd = torch.tensor([0, 1, 2, 3, 8, 9, 10, 11])  # filters 1-4 and 10-13 of figure 6.2
    even = torch.tensor([4, 5, 6, 7, 12, 13, 14, 15])  # filters 5-8 and 14-17
    assert torch.equal(turned[odd], -KERNELS[odd])
    assert torch.equal(turned[even], KERNELS[even])


def test_two_lines_are_the_kernels_of_equation_6_2() -> None:
    horizontal = torch.tensor([[-1.0, -1, -1], [2, 2, 2], [-1, -1, -1]])
    assert torch.equal(KERNELS[4] * 12, horizontal)
    assert torch.equal(KERNELS[6] * 12, horizontal.T)


@pytest.mark.parametrize("turn", range(3))
def test_each_kind_comes_in_four_orientations(turn: int) -> None:
    """A quarter turn maps orientation i to i + 2, up to sign."""
    for kernels in (pool.make_edge_kernels(), pool.make_line_kernels()):
        turned = kernels[turn].rot90(1)
        target = kernels[(turn + 2) % 4]
        assert torch.equal(turned, target) or torch.equal(turned, -target)


def test_reduced_pfnet18_has_the_size_of_table_7_3() -> None:
    network = pfnet.make_pfnet18(101)
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count == 1_464_005
    assert f"{count / 1e6:.2f}" == "1.46"
    with torch.device("meta"):
        reference = resnet.make_resnet18(101)
    theirs = sum(parameter.numel() for parameter in reference.parameters())
    assert f"{theirs / 1e6:.2f}" == "11.23"
    assert f"{count / theirs:.0%}" == "13%"


def test_growth_by_nine_kernels_has_the_trained_convolutions_of_resnet18() -> None:
    """Section 7.1: f = k = 9 needs as many weights as 3x3 convolutions (the stem apart: 3 not 7)."""
    nine = torch.cat([KERNELS[:8], torch.full((1, 3, 3), 1 / 9)])
    with torch.device("meta"):
        full = pfnet.PFNet(nine.to("meta"), classes=10, growth=9)
        reference = resnet.make_resnet18(10)

    def count(network: nn.Module) -> int:
        return sum(p.numel() for n, p in network.named_parameters() if p.ndim == 4 and "layer" in n)

    assert count(full) == count(reference)


def convolve_by_hand(x: Tensor, kernels: Tensor, growth: int, stride: int) -> np.ndarray:
    """Write equation 7.1's inner part out in loops; cross-correlation as everywhere in the field."""
    padded = np.pad(x.numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)))
    count, channels, height, width = x.shape
    out = np.zeros((count, channels * growth, -(-height // stride), -(-width // stride)))
    for n, c, i, j in np.ndindex(*out.shape):
        window = padded[n, c // growth, i * stride : i * stride + 3, j * stride : j * stride + 3]
        out[n, c, i, j] = (window * kernels[c % len(kernels)].numpy()).sum()
    return out


@pytest.mark.parametrize(("channels", "growth", "stride"), [(16, 1, 1), (32, 1, 2), (3, 16, 2)])
def test_a_module_is_equation_7_1_written_out(channels: int, growth: int, stride: int) -> None:
    torch.manual_seed(1)
    module = pfnet.PredefinedFilterModule(
        channels, 5, kernels=KERNELS, growth=growth, stride=stride
    ).eval()
    x = torch.randn(2, channels, 7, 6)
    filtered = convolve_by_hand(x, KERNELS, growth, stride)
    rectified = np.maximum(filtered / np.sqrt(1 + module.norm.eps), 0)  # a fresh norm in eval mode
    weights = module.pointwise.weight[:, :, 0, 0].detach().numpy()
    expected = np.einsum("oc,nchw->nohw", weights, rectified)
    with torch.inference_mode():
        actual = module(x).numpy()
    np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_gradients_and_optimisers_never_reach_the_fixed_kernels() -> None:
    network = pfnet.make_pfnet18(5, base_width=16)
    buffers = {n: b.clone() for n, b in network.named_buffers() if n.endswith("kernels")}
    assert len(buffers) == 17 + 3  # one per convolution of ResNet-18, one blur per projection
    optimiser = torch.optim.SGD(network.parameters(), lr=1.0, weight_decay=1.0)
    network(torch.randn(2, 3, 32, 32)).square().sum().backward()
    optimiser.step()
    after = dict(network.named_buffers())
    for name, before in buffers.items():
        assert not after[name].requires_grad
        assert torch.equal(after[name], before), name


def test_fixed_kernels_are_not_stored_with_the_weights() -> None:
    assert not [name for name in pfnet.make_pfnet18(5).state_dict() if "kernels" in name]


def test_skip_connections_blur_before_they_subsample() -> None:
    block = pfnet.PFBlock(16, 32, kernels=KERNELS, stride=2)
    assert block.downsample is not None
    blur = block.downsample[0]
    assert isinstance(blur, pfnet.FixedConv)
    torch.manual_seed(2)
    x = torch.randn(1, 16, 8, 8)
    row = torch.tensor([0.25, 0.5, 0.25])
    full = torch.nn.functional.conv2d(
        x, (row[:, None] * row).expand(16, 1, 3, 3), padding=1, groups=16
    )
    torch.testing.assert_close(blur(x), full[:, :, ::2, ::2])


def test_channels_that_do_not_divide_into_the_kernels_are_refused() -> None:
    with pytest.raises(ValueError, match=r"multiple of the 16 kernels, got 1 \* 20 = 20"):
        pfnet.FixedConv(20, kernels=KERNELS)

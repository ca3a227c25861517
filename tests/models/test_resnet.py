"""Laws of the residual networks."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from layerwalk_models import resnet


def count_parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("architecture", "published"),
    [("resnet18", 11_689_512), ("resnet34", 21_797_672), ("resnet50", 25_557_032)],
)
def test_parameter_counts_are_the_published_ones(architecture: str, published: int) -> None:
    with torch.device("meta"):
        network = resnet.BUILDERS[architecture](1000)
    assert count_parameters(network) == published


def test_names_are_the_customary_ones() -> None:
    with torch.device("meta"):
        names = set(resnet.make_resnet50(1000).state_dict())
    assert {
        "conv1.weight",
        "bn1.running_mean",
        "layer1.0.conv1.weight",
        "layer1.0.downsample.0.weight",
        "layer2.0.downsample.1.running_var",
        "layer3.5.conv3.weight",
        "layer4.2.bn3.bias",
        "fc.weight",
        "fc.bias",
    } <= names
    # 53 convolutions and 53 norms of five tensors each, and the classifier's two.
    assert len(names) == 53 + 53 * 5 + 2


def test_stages_have_the_shapes_of_table_1_of_the_paper() -> None:
    network = resnet.make_resnet50(10).eval()
    shapes = {}
    for name in ("conv1", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool"):
        network.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, output, name=name: shapes.update({name: output.shape[1:]})
        )
    with torch.inference_mode():
        logits = network(torch.zeros(1, 3, 224, 224))
    assert logits.shape == (1, 10)
    assert shapes == {
        "conv1": (64, 112, 112),
        "maxpool": (64, 56, 56),
        "layer1": (256, 56, 56),
        "layer2": (512, 28, 28),
        "layer3": (1024, 14, 14),
        "layer4": (2048, 7, 7),
        "avgpool": (2048, 1, 1),
    }


def test_a_block_with_silent_convolutions_is_its_skip_connection() -> None:
    block = resnet.BasicBlock(8, 8).eval()
    nn.init.zeros_(block.conv2.weight)
    x = torch.rand(2, 8, 5, 5)
    assert torch.equal(block(x), x)


def test_the_input_survives_the_in_place_operations() -> None:
    network = resnet.make_resnet18(10, base_width=4).eval()
    x = torch.randn(1, 3, 64, 64)
    before = x.clone()
    network(x)
    assert torch.equal(x, before)


def test_no_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        resnet.make_resnet18(0)

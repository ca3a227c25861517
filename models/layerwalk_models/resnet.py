"""Residual networks 18, 34 and 50, thin ones for small images, CovidResNet.

He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, CVPR 2016, table 1. In the
bottleneck block the stride stands on the 3x3 convolution, as in most weights that are published
since (it is known as ResNet v1.5). Modules bear the customary names (`conv1`, `bn1`,
`layer1.0.conv1`, `layer2.0.downsample.0`, `fc`), so weights from elsewhere load by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor, nn

STAGE_FACTORS: Final = (1, 2, 4, 8)  # width of a stage as a multiple of the base width


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a skip connection."""

    expansion = 1

    def __init__(self, in_channels: int, width: int, *, stride: int = 1) -> None:
        """Make a block from `in_channels` to `width` channels; `stride` is of the first convolution."""
        super().__init__()
        out_channels = width * self.expansion
        self.conv1 = nn.Conv2d(in_channels, width, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample = make_projection(in_channels, out_channels, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, in_channels, H, W] to [N, width, H / stride, W / stride]."""
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return self.relu(out)  # type: ignore[no-any-return]


class Bottleneck(nn.Module):
    """A 1x1, a 3x3 and a 1x1 convolution that widens four times, and a skip connection."""

    expansion = 4

    def __init__(self, in_channels: int, width: int, *, stride: int = 1) -> None:
        """Make a block from `in_channels` to `4 * width` channels; `stride` is of the 3x3 one."""
        super().__init__()
        out_channels = width * self.expansion
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = make_projection(in_channels, out_channels, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, in_channels, H, W] to [N, 4 * width, H / stride, W / stride]."""
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += identity
        return self.relu(out)  # type: ignore[no-any-return]


Block = type[BasicBlock] | type[Bottleneck]


def make_projection(in_channels: int, out_channels: int, *, stride: int) -> nn.Sequential | None:
    """Make the 1x1 convolution of a skip connection, or None where the shapes agree already."""
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
        nn.BatchNorm2d(out_channels),
    )


class ResNet(nn.Module):
    """A residual network with four stages of blocks; images [N, 3, H, W] to logits [N, classes]."""

    def __init__(
        self, block: Block, depths: tuple[int, int, int, int], *, classes: int, base_width: int = 64
    ) -> None:
        """Build the network with random weights (Kaiming, fan out).

        Args:
            block: Kind of block.
            depths: Blocks in each of the four stages.
            classes: Number of logits.
            base_width: Channels of the first stage; the later ones have 2, 4 and 8 times as many.
        """
        super().__init__()
        if classes < 1 or base_width < 1:
            raise ValueError(
                f"classes and base_width must be at least 1, got {classes} and {base_width}"
            )
        self.conv1 = nn.Conv2d(3, base_width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(base_width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        stages = []
        channels = base_width
        for index, (depth, factor) in enumerate(zip(depths, STAGE_FACTORS, strict=True)):
            width = base_width * factor
            blocks = []
            for position in range(depth):
                stride = 2 if index > 0 and position == 0 else 1
                blocks.append(block(channels, width, stride=stride))
                channels = width * block.expansion
            stages.append(nn.Sequential(*blocks))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(channels, classes)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """Map images [N, 3, H, W] to logits [N, classes]."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        x = torch.flatten(self.avgpool(x), 1)
        return self.fc(x)  # type: ignore[no-any-return]


def initialise(network: nn.Module) -> None:
    """Draw the convolutions of `network` anew (He et al., ICCV 2015, normal, fan out)."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def make_resnet18(classes: int = 1000, base_width: int = 64) -> ResNet:
    """Make ResNet-18: 11,689,512 parameters at 1000 classes and base width 64."""
    return ResNet(BasicBlock, (2, 2, 2, 2), classes=classes, base_width=base_width)


def make_resnet18_thin(classes: int = 1000, base_width: int = 32) -> ResNet:
    """Make ResNet-18 at half width, for images of about 128 pixels a side."""
    return make_resnet18(classes, base_width)


def make_resnet34(classes: int = 1000, base_width: int = 64) -> ResNet:
    """Make ResNet-34: 21,797,672 parameters at 1000 classes and base width 64."""
    return ResNet(BasicBlock, (3, 4, 6, 3), classes=classes, base_width=base_width)


def make_resnet50(classes: int = 1000, base_width: int = 64) -> ResNet:
    """Make ResNet-50: 25,557,032 parameters at 1000 classes and base width 64."""
    return ResNet(Bottleneck, (3, 4, 6, 3), classes=classes, base_width=base_width)


def make_covid_resnet(classes: int = 101, base_width: int = 64) -> ResNet:
    """Make CovidResNet: 4,980,802 parameters at 2 classes, 5,031,589 at 101.

    Alshazly, Linse, Abdalla, Barth, Martinetz: COVID-Nets, PeerJ Computer Science 7 (2021), e655,
    describe 29 layers of bottleneck blocks. The 4.98 million parameters of Linse's dissertation
    (2024), sections 2.3.3 and 4.2, belong to the smaller network that is meant here: basic blocks,
    2, 1, 1 and 1 of them, as in the authors' published DeepVisionVR server.
    """
    return ResNet(BasicBlock, (2, 1, 1, 1), classes=classes, base_width=base_width)


BUILDERS: Final[dict[str, Callable[[int], ResNet]]] = {
    "covid_resnet": make_covid_resnet,
    "resnet18": make_resnet18,
    "resnet18_thin": make_resnet18_thin,
    "resnet34": make_resnet34,
    "resnet50": make_resnet50,
}
"""Architecture name -> builder that takes the number of classes."""

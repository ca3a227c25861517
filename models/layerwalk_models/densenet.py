"""Densely connected networks: DenseNet121 and 169, CovidDenseNet, and PFDenseNet121.

- Huang, Liu, van der Maaten, Weinberger: Densely Connected Convolutional Networks, CVPR 2017,
  table 1: 7,978,856 parameters at 1000 classes for DenseNet121, 14,149,480 for DenseNet169.
- CovidDenseNet: Alshazly, Linse, Abdalla, Barth, Martinetz: COVID-Nets, PeerJ Computer Science 7
  (2021), e655: dense blocks of 6, 10, 2 and 1 layers, transitions to the widths of DenseNet121
  (128, 256, 512), so that most of its weights fit. The paper puts a separate 1x1 "adapter" before
  a transition where the widths differ; the authors' published DeepVisionVR server lets the
  transition's own 1x1 convolution change the width, and that one has the 1.63 million parameters
  of Linse's dissertation (2024), section 2.3.1: 1,633,538 at 2 classes.
- PFDenseNet121: dissertation, section 6.2: "we introduce PFMs to DenseNet121". Choice: as in
  PFNet18, every convolution larger than 1x1 becomes a module of pre-defined filters, the stem of
  7x7 too. The dissertation gives no count for it, and says 12.7 million for DenseNet121 there,
  which is what DenseNet169 has at its 102 flower classes (12,654,310); section 2.3.1 says 7 million.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import torch
from torch import Tensor, nn

from .kernels import SUBSETS, choose_kernels
from .pfnet import PredefinedFilterModule
from .resnet import initialise

Convolution = Callable[[int, int], nn.Module]
"""From (channels in, channels out) to a 3x3 convolution that keeps height and width."""


def make_stem(in_channels: int, out_channels: int) -> nn.Module:
    """Make the first convolution, 7x7 with stride 2."""
    return nn.Conv2d(in_channels, out_channels, 7, stride=2, padding=3, bias=False)


def make_convolution(in_channels: int, out_channels: int) -> nn.Module:
    """Make a plain 3x3 convolution."""
    return nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)


class DenseLayer(nn.Module):
    """Norm, ReLU, 1x1 to a bottleneck, norm, ReLU, 3x3 to `growth_rate` new channels."""

    def __init__(
        self, in_channels: int, *, growth_rate: int, bottleneck: int, convolution: Convolution
    ) -> None:
        """Make a layer that sees `in_channels`; `bottleneck` is a multiple of the growth rate."""
        super().__init__()
        width = bottleneck * growth_rate
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = convolution(width, growth_rate)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, in_channels, H, W] to the new [N, growth_rate, H, W]."""
        x = self.conv1(self.relu1(self.norm1(x)))
        return self.conv2(self.relu2(self.norm2(x)))  # type: ignore[no-any-return]


class DenseBlock(nn.Module):
    """Layers that each see all that came before: its input and the layers' new channels."""

    def __init__(self, layers: Sequence[DenseLayer]) -> None:
        """Hold the layers in order."""
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C + layers * growth_rate, H, W]."""
        for layer in self.layers:
            x = torch.cat([x, layer(x)], dim=1)
        return x


class Transition(nn.Module):
    """Norm, ReLU, 1x1 convolution to another width, halved height and width."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        """Make a transition from `in_channels` to `out_channels`."""
        super().__init__()
        self.norm = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.pool = nn.AvgPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, in_channels, H, W] to [N, out_channels, H / 2, W / 2]."""
        return self.pool(self.conv(self.relu(self.norm(x))))  # type: ignore[no-any-return]


class DenseNet(nn.Module):
    """A network of four dense blocks; images [N, 3, H, W] to logits [N, classes]."""

    def __init__(
        self,
        depths: tuple[int, int, int, int],
        *,
        classes: int,
        growth_rate: int = 32,
        base_width: int = 64,
        bottleneck: int = 4,
        transitions: tuple[int, int, int] | None = None,
        stem: Convolution = make_stem,
        convolution: Convolution = make_convolution,
    ) -> None:
        """Build the network with random weights (Kaiming, fan out).

        Args:
            depths: Layers of each dense block.
            classes: Number of logits.
            growth_rate: Channels that each layer adds, k in the paper.
            base_width: Channels of the stem.
            bottleneck: Width of the 1x1 convolution in a layer, in growth rates.
            transitions: Channels behind each transition; half of those before it by default.
            stem: Makes the first convolution, which halves height and width.
            convolution: Makes the 3x3 convolutions of the layers.
        """
        super().__init__()
        if classes < 1 or min(depths) < 1:
            raise ValueError(f"classes and depths must be at least 1, got {classes} and {depths}")
        self.stem = nn.Sequential(
            stem(3, base_width),
            nn.BatchNorm2d(base_width),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        stages: OrderedDict[str, nn.Module] = OrderedDict()
        channels = base_width
        for place, depth in enumerate(depths, start=1):
            layers = [
                DenseLayer(
                    channels + index * growth_rate,
                    growth_rate=growth_rate,
                    bottleneck=bottleneck,
                    convolution=convolution,
                )
                for index in range(depth)
            ]
            stages[f"block{place}"] = DenseBlock(layers)
            channels += depth * growth_rate
            if place < len(depths):
                width = channels // 2 if transitions is None else transitions[place - 1]
                stages[f"transition{place}"] = Transition(channels, width)
                channels = width
        self.stages = nn.Sequential(stages)
        self.norm = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(channels, classes)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """Map images [N, 3, H, W], H and W at least 29, to logits [N, classes]."""
        x = self.avgpool(self.relu(self.norm(self.stages(self.stem(x)))))
        return self.fc(torch.flatten(x, 1))  # type: ignore[no-any-return]


def make_densenet121(classes: int = 1000) -> DenseNet:
    """Make DenseNet121: 7,978,856 parameters at 1000 classes."""
    return DenseNet((6, 12, 24, 16), classes=classes)


def make_densenet169(classes: int = 1000) -> DenseNet:
    """Make DenseNet169: 14,149,480 parameters at 1000 classes."""
    return DenseNet((6, 12, 32, 32), classes=classes)


def make_covid_densenet(classes: int = 2) -> DenseNet:
    """Make CovidDenseNet: 1,633,538 parameters at 2 classes."""
    return DenseNet((6, 10, 2, 1), classes=classes, transitions=(128, 256, 512))


def make_pfdensenet121(classes: int = 200, filters: str = "9") -> DenseNet:
    """Make PFDenseNet121: DenseNet121 whose kernels are fixed (every kernel on every channel).

    Args:
        classes: Number of logits.
        filters: Name in `kernels.SUBSETS`.
    """
    kernels = choose_kernels(SUBSETS[filters])
    module = partial(PredefinedFilterModule, kernels=kernels, growth=len(kernels))
    return DenseNet(
        (6, 12, 24, 16), classes=classes, stem=partial(module, stride=2), convolution=module
    )


BUILDERS: Final[dict[str, Callable[[int], DenseNet]]] = {
    "covid_densenet": make_covid_densenet,
    "densenet121": make_densenet121,
    "densenet169": make_densenet169,
    "pfdensenet121_k9": make_pfdensenet121,
    "pfdensenet121_k18": partial(make_pfdensenet121, filters="18"),
}
"""Architecture name -> builder that takes the number of classes."""

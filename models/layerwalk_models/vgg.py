"""VGG13 as in Linse's dissertation: 36.3 million parameters.

Simonyan, Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition, ICLR 2015,
configuration B; Linse, dissertation (2024), section 2.3.4 and table 2.4: 1024 neurons instead of
4096 in the fully connected layers, an average pooling at the end of the fifth block, and batch
normalisation behind every convolution ("in our experiments"). With the 100 classes of the table
that makes 36,254,116 parameters; without batch normalisation it would be 36.2 million. The
convolutions keep their biases, as VGG's do; the figure does not tell (36.25 million without).

Choices: dropout of one half in the classifier, from the original paper; the average pooling adapts
to 7 x 7, so that any size of image is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor, nn

from .resnet import initialise

WIDTHS: Final = (64, 128, 256, 512, 512)
"""Channels of the five blocks, of two convolutions each."""
POOLED_SIDE: Final = 7


def make_block(in_channels: int, width: int, *, pooling: nn.Module) -> nn.Sequential:
    """Make two 3x3 convolutions with norm and ReLU, and a pooling behind them."""
    layers: list[nn.Module] = []
    for channels in (in_channels, width):
        layers += [
            nn.Conv2d(channels, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers, pooling)


class VGG13(nn.Module):
    """Ten convolutions and three linear layers; images [N, 3, H, W] to logits [N, classes]."""

    def __init__(self, classes: int = 100, *, hidden: int = 1024) -> None:
        """Build the network with random weights.

        Args:
            classes: Number of logits.
            hidden: Neurons of each of the two hidden linear layers.
        """
        super().__init__()
        if classes < 1 or hidden < 1:
            raise ValueError(f"classes and hidden must be at least 1, got {classes} and {hidden}")
        blocks = []
        channels = 3
        for place, width in enumerate(WIDTHS, start=1):
            is_last = place == len(WIDTHS)
            pooling = nn.AdaptiveAvgPool2d(POOLED_SIDE) if is_last else nn.MaxPool2d(2)
            blocks.append(make_block(channels, width, pooling=pooling))
            channels = width
        self.block1, self.block2, self.block3, self.block4, self.block5 = blocks
        self.classifier = nn.Sequential(
            nn.Linear(channels * POOLED_SIDE**2, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(hidden, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(hidden, classes),
        )
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """Map images [N, 3, H, W], H and W at least 16, to logits [N, classes]."""
        x = self.block5(self.block4(self.block3(self.block2(self.block1(x)))))
        return self.classifier(torch.flatten(x, 1))  # type: ignore[no-any-return]


def make_vgg13(classes: int = 100) -> VGG13:
    """Make VGG13 with 1024 hidden neurons: 36,254,116 parameters at 100 classes."""
    return VGG13(classes)


BUILDERS: Final[dict[str, Callable[[int], VGG13]]] = {"vgg13": make_vgg13}
"""Architecture name -> builder that takes the number of classes."""

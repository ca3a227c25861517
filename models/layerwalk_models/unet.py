"""A small U-Net: a picture to a map of classes, with skips from each scale to its mirror image.

Ronneberger, Fischer, Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation, MICCAI
2015. At 32 channels in the first scale, where the original has 64, it has 7,760,097 parameters for
three colours and one class; that is the 7.76 million that Zhou et al. (UNet++, 2018) are remembered to
give for it (the paper's table was not at hand). At 16, the default here, it has 1.9 million.

Choice: convolutions are padded, so that the answer has the picture's height and width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor, nn

from .resnet import initialise

SCALES: Final = 5


def make_pair(in_channels: int, width: int) -> nn.Sequential:
    """Make two 3x3 convolutions, each with ReLU."""
    return nn.Sequential(
        nn.Conv2d(in_channels, width, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(width, width, 3, padding=1),
        nn.ReLU(inplace=True),
    )


class UNet(nn.Module):
    """Five scales down and up again; [N, colours, H, W] to logits [N, classes, H, W]."""

    def __init__(self, classes: int = 2, *, colours: int = 3, base_width: int = 16) -> None:
        """Build the network with random weights.

        Args:
            classes: Logits at each pixel.
            colours: Channels of the picture.
            base_width: Channels of the first scale; each further one has twice as many.
        """
        super().__init__()
        if min(classes, colours, base_width) < 1:
            raise ValueError(
                "classes, colours and base_width must be at least 1, "
                f"got {classes}, {colours} and {base_width}"
            )
        widths = [base_width * 2**scale for scale in range(SCALES)]
        self.pool = nn.MaxPool2d(2)
        self.down = nn.ModuleList(
            make_pair(before, width)
            for before, width in zip([colours, *widths[:-1]], widths, strict=True)
        )
        pairs = list(zip(widths[:0:-1], widths[-2::-1], strict=True))  # deepest first
        self.rise = nn.ModuleList(
            nn.ConvTranspose2d(before, width, 2, stride=2) for before, width in pairs
        )
        self.up = nn.ModuleList(make_pair(before, width) for before, width in pairs)
        self.head = nn.Conv2d(base_width, classes, 1)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, colours, H, W] to [N, classes, H, W]; H and W must be multiples of 16."""
        skips: list[Tensor] = []
        for index, pair in enumerate(self.down):
            x = pair(x if index == 0 else self.pool(x))
            skips.append(x)
        for rise, pair, skip in zip(self.rise, self.up, skips[-2::-1], strict=True):
            x = pair(torch.cat([skip, rise(x)], dim=1))
        return self.head(x)  # type: ignore[no-any-return]


def make_unet(classes: int = 2) -> UNet:
    """Make the small U-Net for colour pictures."""
    return UNet(classes)


BUILDERS: Final[dict[str, Callable[[int], UNet]]] = {"unet": make_unet}
"""Name -> builder that takes the number of classes."""

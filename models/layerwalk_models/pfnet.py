"""Networks of pre-defined filters: the spatial kernels are fixed, only 1x1 combinations are trained.

Linse, Barth, Martinetz, IJCNN 2023 (reduced modules) and ICANN 2024 (full ones); Linse,
dissertation (2024), chapters 6 and 7: PFNet18 is ResNet-18 with every convolution replaced by a
pre-defined filter module (PFM). With growth f = k, the number of kernels, a module is the one of
equation 1.6; with f = 1 it is the reduced one of equation 1.7; equation 7.1 holds both.

Choices made where the text leaves them open (those of the kernels stand in `kernels`):

- **Batch normalisation** stands between the fixed kernels and the ReLU (chapter 1, below equation
  1.6) and after the module as in ResNet. At 101 classes that makes 1,464,005 parameters; table 7.3
  says 1.46 million (and 11.23 million for ResNet-18, which 101 classes give too).
- **Blur.** The Gaussian of the skip connections is the binomial [1, 2, 1] x [1, 2, 1] / 16. It is
  computed with the stride of the 1x1 convolution behind it: the same values, a quarter of the work.
- **Classes of table 6.2.** Its figures (2.7, 5.2, 10.1, 11.3, 16.2, 22.4 million, ResNet-18 11.3)
  are those of 200 (CUB) or 196 classes (Stanford Cars); 100 to 102 give 22.3 and 11.2.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812 (the field's name for it)
from torch import Tensor, nn

from .kernels import SUBSETS, choose_kernels, make_blur_kernel, make_kernels
from .resnet import STAGE_FACTORS, initialise


class FixedConv(nn.Module):
    """A depthwise 3x3 convolution with kernels that are never trained nor stored with the weights.

    Intermediate channel c is input channel floor(c / growth) convolved with kernel c mod k
    (equation 7.1).
    """

    kernels: Tensor

    def __init__(
        self, in_channels: int, *, kernels: Tensor, growth: int = 1, stride: int = 1
    ) -> None:
        """Make the convolution from `in_channels` to `growth * in_channels` channels.

        Args:
            in_channels: Channels that come in.
            kernels: The pool [k, 3, 3].
            growth: The growth factor f: filtered copies of each input channel.
            stride: Spatial stride.

        Raises:
            ValueError: `growth * in_channels` is no multiple of k, or below 1.
        """
        super().__init__()
        channels = growth * in_channels
        pool = len(kernels)
        if growth < 1 or in_channels < 1 or channels % pool:
            raise ValueError(
                f"growth * in_channels must be a positive multiple of the {pool} kernels, "
                f"got {growth} * {in_channels} = {channels}"
            )
        self.in_channels, self.out_channels = in_channels, channels
        self.stride = stride
        chosen = kernels.detach()[torch.arange(channels) % pool].unsqueeze(1).clone()
        self.register_buffer("kernels", chosen, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, in_channels, H, W] to [N, growth * in_channels, H / stride, W / stride]."""
        kernels = self.kernels.to(x.dtype)
        return F.conv2d(x, kernels, stride=self.stride, padding=1, groups=self.in_channels)

    def extra_repr(self) -> str:
        """Show the channels and the stride in the module's printed form."""
        return f"{self.in_channels}, {self.out_channels}, stride={self.stride}"


class PredefinedFilterModule(nn.Module):
    """Fixed 3x3 kernels, batch normalisation, ReLU, trained 1x1 combination (equation 7.1)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernels: Tensor,
        growth: int = 1,
        stride: int = 1,
    ) -> None:
        """Make the module; `kernels`, `growth` and `stride` are those of `FixedConv`."""
        super().__init__()
        self.depthwise = FixedConv(in_channels, kernels=kernels, growth=growth, stride=stride)
        self.norm = nn.BatchNorm2d(self.depthwise.out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.pointwise = nn.Conv2d(self.depthwise.out_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, in_channels, H, W] to [N, out_channels, H / stride, W / stride]."""
        return self.pointwise(self.relu(self.norm(self.depthwise(x))))  # type: ignore[no-any-return]


class PFBlock(nn.Module):
    """Two pre-defined filter modules and a skip connection that blurs before it subsamples."""

    def __init__(
        self, in_channels: int, width: int, *, kernels: Tensor, growth: int = 1, stride: int = 1
    ) -> None:
        """Make a block from `in_channels` to `width` channels; `stride` is of the first module."""
        super().__init__()
        self.conv1 = PredefinedFilterModule(
            in_channels, width, kernels=kernels, growth=growth, stride=stride
        )
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = PredefinedFilterModule(width, width, kernels=kernels, growth=growth)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample: nn.Sequential | None = None
        if stride > 1 or in_channels != width:
            self.downsample = nn.Sequential(
                FixedConv(in_channels, kernels=make_blur_kernel().unsqueeze(0), stride=stride),
                nn.Conv2d(in_channels, width, 1, bias=False),
                nn.BatchNorm2d(width),
            )

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, in_channels, H, W] to [N, width, H / stride, W / stride]."""
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return self.relu(out)  # type: ignore[no-any-return]


class PFNet(nn.Module):
    """PFNet with two blocks in each of four stages; [N, 3, H, W] to logits [N, classes]."""

    def __init__(
        self,
        kernels: Tensor,
        *,
        classes: int,
        base_width: int = 64,
        growth: int = 1,
    ) -> None:
        """Build the network with random weights.

        Args:
            kernels: The pool [k, 3, 3] that all modules share.
            classes: Number of logits.
            base_width: Channels of the first stage; the later ones have 2, 4 and 8 times as many.
            growth: Growth factor f of every module but the first, which always has f = k: then
                neither the order of the kernels nor that of the colours matters (section 7.1).
        """
        super().__init__()
        self.conv1 = PredefinedFilterModule(
            3, base_width, kernels=kernels, growth=len(kernels), stride=2
        )
        self.bn1 = nn.BatchNorm2d(base_width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        stages = []
        channels = base_width
        for index, factor in enumerate(STAGE_FACTORS):
            width = base_width * factor
            first = PFBlock(
                channels, width, kernels=kernels, growth=growth, stride=2 if index > 0 else 1
            )
            stages.append(
                nn.Sequential(first, PFBlock(width, width, kernels=kernels, growth=growth))
            )
            channels = width
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


def make_pfnet18(classes: int = 101, base_width: int = 64, growth: int = 1) -> PFNet:
    """Make the reduced PFNet18 with 16 kernels: 1,464,005 parameters at 101 classes."""
    return PFNet(make_kernels(), classes=classes, base_width=base_width, growth=growth)


def make_full_pfnet18(classes: int = 200, filters: str = "9") -> PFNet:
    """Make PFNet18 as in chapter 6: every kernel on every channel (f = k).

    Args:
        classes: Number of logits.
        filters: Name in `kernels.SUBSETS`; "9" has as many parameters as ResNet-18.
    """
    pool = choose_kernels(SUBSETS[filters])
    return PFNet(pool, classes=classes, growth=len(pool))


BUILDERS: Final[dict[str, Callable[[int], PFNet]]] = {
    "pfnet18": make_pfnet18,
    "pfnet18_k9": make_full_pfnet18,
    "pfnet18_k18": partial(make_full_pfnet18, filters="18"),
}
"""Architecture name -> builder that takes the number of classes."""

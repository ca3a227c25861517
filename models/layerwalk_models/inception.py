"""Inception v3: modules of parallel branches whose outputs are concatenated.

Szegedy, Vanhoucke, Ioffe, Shlens, Wojna: Rethinking the Inception Architecture for Computer Vision,
CVPR 2016, table 1 and figures 5 to 10. The paper does not print every width; those here are the
ones of the weights published since (27,161,264 parameters with the auxiliary classifier at 1000
classes, 23,834,568 without; the "about 22 million" of Linse's dissertation, section 2.3.2, are those
without any classifier). Choice: weights are drawn as in the other networks of this package.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor, nn

from .resnet import initialise

Branch = list[nn.Module]


class Unit(nn.Sequential):
    """Convolution without bias, batch normalisation (eps 0.001), ReLU."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        size: int | tuple[int, int] = 1,
        *,
        stride: int = 1,
        is_padded: bool = True,
    ) -> None:
        """Make a unit; `is_padded` keeps height and width (at stride 1)."""
        size_hw = (size, size) if isinstance(size, int) else size
        padding = (size_hw[0] // 2, size_hw[1] // 2) if is_padded else 0
        super().__init__(
            nn.Conv2d(
                in_channels, out_channels, size_hw, stride=stride, padding=padding, bias=False
            ),
            nn.BatchNorm2d(out_channels, eps=0.001),
            nn.ReLU(inplace=True),
        )


class Mixed(nn.Module):
    """Branches side by side; their outputs are concatenated along the channels."""

    def __init__(self, *branches: Branch) -> None:
        """Make one branch of each list of modules, which run one after the other."""
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*modules) for modules in branches)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to the concatenation of the branches."""
        return torch.cat([branch(x) for branch in self.branches], dim=1)


def make_average(in_channels: int, out_channels: int) -> Branch:
    """Make the branch that most modules have: a 3x3 average, then a 1x1 convolution."""
    return [nn.AvgPool2d(3, stride=1, padding=1), Unit(in_channels, out_channels)]


def make_module_a(in_channels: int, pooled: int) -> Mixed:
    """Make the module of figure 5 (5x5 as such): 224 + `pooled` channels."""
    return Mixed(
        [Unit(in_channels, 64)],
        [Unit(in_channels, 48), Unit(48, 64, 5)],
        [Unit(in_channels, 64), Unit(64, 96, 3), Unit(96, 96, 3)],
        make_average(in_channels, pooled),
    )


def make_module_b(in_channels: int) -> Mixed:
    """Make the first reduction of figure 10: 480 more channels, height and width halved."""
    return Mixed(
        [Unit(in_channels, 384, 3, stride=2, is_padded=False)],
        [Unit(in_channels, 64), Unit(64, 96, 3), Unit(96, 96, 3, stride=2, is_padded=False)],
        [nn.MaxPool2d(3, stride=2)],
    )


def make_module_c(in_channels: int, width: int) -> Mixed:
    """Make the module of figure 6, 7x7 factorised into 1x7 and 7x1: 768 channels."""
    row, column = (1, 7), (7, 1)
    return Mixed(
        [Unit(in_channels, 192)],
        [Unit(in_channels, width), Unit(width, width, row), Unit(width, 192, column)],
        [
            Unit(in_channels, width),
            Unit(width, width, column),
            Unit(width, width, row),
            Unit(width, width, column),
            Unit(width, 192, row),
        ],
        make_average(in_channels, 192),
    )


def make_module_d(in_channels: int) -> Mixed:
    """Make the second reduction: 512 more channels, height and width halved."""
    return Mixed(
        [Unit(in_channels, 192), Unit(192, 320, 3, stride=2, is_padded=False)],
        [
            Unit(in_channels, 192),
            Unit(192, 192, (1, 7)),
            Unit(192, 192, (7, 1)),
            Unit(192, 192, 3, stride=2, is_padded=False),
        ],
        [nn.MaxPool2d(3, stride=2)],
    )


def make_module_e(in_channels: int) -> Mixed:
    """Make the module of figure 7, whose branches fork at their ends: 2048 channels."""
    return Mixed(
        [Unit(in_channels, 320)],
        [Unit(in_channels, 384), _make_fork()],
        [Unit(in_channels, 448), Unit(448, 384, 3), _make_fork()],
        make_average(in_channels, 192),
    )


def _make_fork() -> Mixed:
    return Mixed([Unit(384, 384, (1, 3))], [Unit(384, 384, (3, 1))])


class Auxiliary(nn.Module):
    """The classifier that helps training on half the way; [N, 768, H, W] to [N, classes]."""

    def __init__(self, classes: int) -> None:
        """Make it for `classes` logits; H and W must be at least 17."""
        super().__init__()
        self.pool = nn.AvgPool2d(5, stride=3)
        self.conv1 = Unit(768, 128)
        self.conv2 = Unit(128, 768, 5, is_padded=False)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(768, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, 768, H, W] to logits [N, classes]."""
        x = self.avgpool(self.conv2(self.conv1(self.pool(x))))
        return self.fc(torch.flatten(x, 1))  # type: ignore[no-any-return]


class InceptionV3(nn.Module):
    """Inception v3; images [N, 3, H, W] to logits [N, classes].

    With an auxiliary classifier and in training mode, forward gives (logits, auxiliary logits).
    """

    def __init__(self, classes: int = 1000, *, has_auxiliary: bool = True) -> None:
        """Build the network with random weights."""
        super().__init__()
        if classes < 1:
            raise ValueError(f"classes must be at least 1, got {classes}")
        self.stem = nn.Sequential(
            Unit(3, 32, 3, stride=2, is_padded=False),
            Unit(32, 32, 3, is_padded=False),
            Unit(32, 64, 3),
            nn.MaxPool2d(3, stride=2),
            Unit(64, 80),
            Unit(80, 192, 3, is_padded=False),
            nn.MaxPool2d(3, stride=2),
        )
        self.wide = nn.Sequential(
            make_module_a(192, 32), make_module_a(256, 64), make_module_a(288, 64)
        )
        self.reduction1 = make_module_b(288)
        self.deep = nn.Sequential(*(make_module_c(768, width) for width in (128, 160, 160, 192)))
        self.auxiliary = Auxiliary(classes) if has_auxiliary else None
        self.reduction2 = make_module_d(768)
        self.top = nn.Sequential(make_module_e(1280), make_module_e(2048))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout()
        self.fc = nn.Linear(2048, classes)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Map images [N, 3, H, W], 299 x 299 as published and at least 75 a side, to logits."""
        x = self.deep(self.reduction1(self.wide(self.stem(x))))
        aside = self.auxiliary(x) if self.training and self.auxiliary is not None else None
        x = self.avgpool(self.top(self.reduction2(x)))
        logits: Tensor = self.fc(self.dropout(torch.flatten(x, 1)))
        return logits if aside is None else (logits, aside)


def make_inception_v3(classes: int = 1000) -> InceptionV3:
    """Make Inception v3 with the auxiliary classifier: 27,161,264 parameters at 1000 classes."""
    return InceptionV3(classes)


BUILDERS: Final[dict[str, Callable[[int], InceptionV3]]] = {"inception_v3": make_inception_v3}
"""Architecture name -> builder that takes the number of classes."""

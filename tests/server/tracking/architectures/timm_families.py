"""Families of timm: its tiny test networks, and the smallest of each larger kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import nn

from layerwalk.targets.shim import import_torchvision
from server.tracking.architectures.entry import Entry, picture

NETWORKS = {
    "test_vit3": 160, "test_resnet": 64, "test_efficientnet": 64, "test_convnext": 64,
    "test_nfnet": 64, "test_byobnet": 64, "test_mambaout": 64, "test_coatnet": 160,
    "mixer_s32_224": 224, "poolformer_s12": 64, "xcit_nano_12_p16_224": 224, "ghostnet_050": 64,
    "edgenext_xx_small": 64, "levit_128s": 224, "res2net50_14w_8s": 64, "dla34": 64,
    "hrnet_w18_small": 64, "skresnet18": 64, "pit_ti_224": 224, "eva02_tiny_patch14_224": 224,
    "visformer_tiny": 224, "focalnet_tiny_srf": 64, "cspresnet50": 64,
    "rexnet_100": 64, "davit_tiny": 64,
}  # fmt: skip
"""Names, and the side of the picture."""


def entries() -> Iterator[Entry]:
    """Yield timm's families."""
    for name, side in NETWORKS.items():
        yield Entry(name, _named(name), picture(side))


def _named(name: str) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        import_torchvision()
        import timm

        model: nn.Module = timm.create_model(name, pretrained=False)
        return model

    return build

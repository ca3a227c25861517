"""Families of torchvision, as they come, with random weights and small pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor, nn

from layerwalk.targets.shim import import_torchvision
from server.tracking.architectures.entry import Entry, clip, picture

CLASSIFIERS = {
    "alexnet": 64, "vgg11": 32, "resnet18": 64, "resnet50": 32, "resnext50_32x4d": 32,
    "densenet121": 32, "inception_v3": 80, "googlenet": 32, "squeezenet1_1": 64,
    "mobilenet_v2": 32, "mobilenet_v3_small": 32, "mnasnet0_5": 32, "shufflenet_v2_x0_5": 32,
    "efficientnet_b0": 32, "regnet_x_400mf": 32, "regnet_y_400mf": 32,
    "convnext_tiny": 32,
}  # fmt: skip
SEGMENTERS = ("fcn_resnet50", "deeplabv3_mobilenet_v3_large", "lraspp_mobilenet_v3_large")
DETECTORS = ("retinanet_resnet50_fpn", "fasterrcnn_mobilenet_v3_large_320_fpn")
CLIPS = {"r3d_18": 32, "mc3_18": 32, "r2plus1d_18": 32}


def entries() -> Iterator[Entry]:
    """Yield torchvision's families."""
    for name, side in CLASSIFIERS.items():
        yield Entry(name, _named(name), picture(side))
    yield Entry("vision transformer", _vit, picture(32))
    for name in ("swin", "swin_v2"):
        # A function that torchvision hides from torch.fx makes the windows.
        opaque = frozenset({"normalize"})
        yield Entry(name, _swin(name), picture(56), source="export", opaque=opaque)
    for name in SEGMENTERS:
        yield Entry(name, _named(name), picture(48))
    for name, side in CLIPS.items():
        yield Entry(name, _named(name), clip(side, frames=8))
    yield Entry("resnet18 with fpn", _pyramid, picture(64), source="export")
    for name in DETECTORS:
        yield Entry(name, _detector(name), picture(64), source="export")


def _named(name: str) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        import_torchvision()
        from torchvision import models

        settings: dict[str, Any] = {}
        if name in SEGMENTERS:
            settings["weights_backbone"] = None
        if name in ("googlenet", "inception_v3"):
            settings["init_weights"] = False
        model: nn.Module = models.get_model(name, weights=None, **settings)
        return model

    return build


def _pyramid() -> nn.Module:
    import_torchvision()
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

    model: nn.Module = resnet_fpn_backbone(backbone_name="resnet18", weights=None)
    return model


class Proposing(nn.Module):
    """A detector up to what it says of every anchor.

    What follows picks boxes by their values, which nobody can export without running it, with
    operators in C++ that not every build of torchvision brings.
    """

    def __init__(self, detector: nn.Module) -> None:
        super().__init__()
        self.backbone = detector.backbone
        self.head = detector.head if hasattr(detector, "head") else detector.rpn.head

    def forward(self, picture: Tensor) -> Any:
        return self.head([*self.backbone(picture).values()])


def _detector(name: str) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        import_torchvision()
        from torchvision import models

        return Proposing(models.get_model(name, weights=None, weights_backbone=None))

    return build


def _vit() -> nn.Module:
    import_torchvision()
    from torchvision.models import VisionTransformer

    sizes = {"image_size": 32, "patch_size": 8, "num_layers": 3, "num_heads": 4}
    model: nn.Module = VisionTransformer(**sizes, hidden_dim=32, mlp_dim=64)
    return model


def _swin(name: str) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        import_torchvision()
        from torchvision.models import swin_transformer as swin

        parts: dict[str, Any] = {}
        if name == "swin_v2":
            parts = {"block": swin.SwinTransformerBlockV2, "downsample_layer": swin.PatchMergingV2}
        model: nn.Module = swin.SwinTransformer(
            [4, 4], 24, depths=[2, 2], num_heads=[2, 4], window_size=[7, 7], **parts
        )
        return model

    return build

"""Importing torchvision where its compiled part does not fit the torch that is installed.

The wheel of a package index may be built against CUDA's torch; on a CPU build its library does not
load, and `import torchvision` fails at the first operator that it wants to describe. Its models
need none of those operators, save the last step of the detectors: with the operators' schemas
declared, the import goes through.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import torch

MISSING_OPERATOR = "operator torchvision::nms does not exist"
SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
"""Of both operators that are described at import, `nms` and its quantised twin."""


def import_torchvision() -> ModuleType:
    """Return torchvision, with the schemas of its missing operators declared where need be.

    Raises:
        ImportError: it is not installed.
        RuntimeError: its import fails for another reason than the missing operator.
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if MISSING_OPERATOR not in str(error):
            raise
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]  # half imported
    for operator in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, operator):
            torch.library.define(f"torchvision::{operator}", SCHEMA)
    return importlib.import_module("torchvision")

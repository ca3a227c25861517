"""The shipped networks by name: functions without arguments that give a network in eval mode.

`module:callable` is how the server names a network, so each of these is one, for example
`layerwalk_models.zoo:resnet18_caltech101`. Trained networks carry `layerwalk_card`, a `Card`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch
from torch import nn

from .card import Card, read_card
from .pfnet import make_pfnet18
from .resnet import make_resnet18, make_resnet18_thin, make_resnet34, make_resnet50
from .weights_file import load_weights

WEIGHTS: Final = Path(__file__).parent / "weights"
_SEED: Final = 0  # of the untrained networks, so that two processes make the same one


def resnet18() -> nn.Module:
    """Make ResNet-18 with seeded random weights, 1000 classes."""
    return make_untrained(make_resnet18)


def resnet34() -> nn.Module:
    """Make ResNet-34 with seeded random weights, 1000 classes."""
    return make_untrained(make_resnet34)


def resnet50() -> nn.Module:
    """Make ResNet-50 with seeded random weights, 1000 classes."""
    return make_untrained(make_resnet50)


def pfnet18() -> nn.Module:
    """Make the reduced PFNet18 with seeded random weights, 101 classes."""
    return make_untrained(make_pfnet18)


def resnet18_caltech101() -> nn.Module:
    """Load the thin ResNet-18 trained on Caltech101, with `layerwalk_card`."""
    return load_trained("resnet18_caltech101", make_resnet18_thin)


def pfnet18_caltech101() -> nn.Module:
    """Load the reduced PFNet18 trained on Caltech101, with `layerwalk_card`."""
    return load_trained("pfnet18_caltech101", make_pfnet18)


NETWORKS: Final[dict[str, Callable[[], nn.Module]]] = {
    "pfnet18": pfnet18,
    "pfnet18_caltech101": pfnet18_caltech101,
    "resnet18": resnet18,
    "resnet18_caltech101": resnet18_caltech101,
    "resnet34": resnet34,
    "resnet50": resnet50,
}
"""Name -> function that gives the network."""


def make_untrained(builder: Callable[[], nn.Module]) -> nn.Module:
    """Build a network with seeded weights, in eval mode; the caller's random state stays."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        return builder().eval()


def load_trained(
    name: str, builder: Callable[[int], nn.Module], *, folder: Path = WEIGHTS
) -> nn.Module:
    """Load a trained network in eval mode, float32, with its card as `layerwalk_card`.

    Args:
        name: Of the files `<name>.safetensors` and `<name>.json`.
        builder: Takes the number of classes.
        folder: Where the files lie.

    Raises:
        CheckpointError: A file is missing or broken, or the weights do not fit the network.
    """
    card = read_card(folder / f"{name}.json")
    with torch.random.fork_rng(devices=[]):
        network = builder(len(card.classes))
    load_weights(network, folder / f"{name}.safetensors")
    network.layerwalk_card = card  # type: ignore[assignment]
    return network.eval()


def read_zoo_card(name: str) -> Card:
    """Read the card of a trained network without loading its weights."""
    return read_card(WEIGHTS / f"{name}.json")

"""The zoo's networks by name, in eval mode; each is also an attribute of this module.

`module:callable` is how the server names a network, so `layerwalk_models.zoo:vgg13` is one of them:
a function without arguments. Networks carry `layerwalk_card`, a `Card`. What there is stands in
`catalogue`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

import torch
from torch import nn

from .card import Card, read_card
from .catalogue import ENTRIES, Entry
from .weights_file import load_weights

WEIGHTS: Final = Path(__file__).parent / "weights"
_SEED: Final = 0  # of the untrained networks, so that two processes make the same one


def make_network(name: str) -> nn.Module:
    """Make the network `name` of the catalogue, with its card.

    Raises:
        CheckpointError: It is a trained one whose files are missing or broken.
    """
    entry = ENTRIES[name]
    if entry.is_trained:
        network = load_trained(name, entry.build)
        card = read_zoo_card(name)
    else:
        network = make_untrained(partial(entry.build, entry.classes))
        card = _describe(name, entry)
    network.layerwalk_card = card  # type: ignore[assignment]
    return network


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
    """Read the card of a trained network without loading its weights.

    Raises:
        CheckpointError: Its file is missing or broken.
    """
    entry = ENTRIES[name]
    card = read_card(WEIGHTS / f"{name}.json")
    return replace(card, description=entry.description, example=entry.example())


def _describe(name: str, entry: Entry) -> Card:
    return Card(
        name=name,
        classes=(),
        input_shape=entry.input.shape,
        mean=entry.input.mean,
        std=entry.input.std,
        source="random weights",
        accuracy=None,
        kind=entry.input.kind,
        vocabulary=entry.input.vocabulary,
        time_axis=entry.input.time_axis,
        description=entry.description,
        example=entry.example(),
    )


NETWORKS: Final[Mapping[str, Callable[[], nn.Module]]] = MappingProxyType(
    {name: partial(make_network, name) for name in ENTRIES}
)
"""Name -> function that gives the network."""


def __getattr__(name: str) -> Callable[[], nn.Module]:
    """Give the function that makes the network `name`."""
    if name not in NETWORKS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return NETWORKS[name]


def __dir__() -> list[str]:
    return sorted([*globals(), *NETWORKS])

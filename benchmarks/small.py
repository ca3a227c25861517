"""Networks whose forward pass takes little, at sizes that people use, one item at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from layerwalk.targets import open_target

Made = tuple[nn.Module, tuple[Any, ...]]
"""A network and the arguments of one forward pass."""


class Reader(nn.Module):
    """Token ids `[N, T]` through a recurrent network to a score per class and token."""

    def __init__(self, recurrent: type[nn.LSTM] | type[nn.GRU]) -> None:
        """Build it with 128 values a token and two layers of 256 units."""
        super().__init__()
        self.embed = nn.Embedding(10_000, 128)
        self.recurrent = recurrent(128, 256, num_layers=2, batch_first=True)
        self.head = nn.Linear(256, 20)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map ids `[N, T]` to logits `[N, T, 20]`."""
        states, _ = self.recurrent(self.embed(tokens))
        return self.head(states)  # type: ignore[no-any-return]


class GraphConvolution(nn.Module):
    """Two layers over a given, normalised adjacency (Kipf and Welling 2017, equation 9)."""

    def __init__(self) -> None:
        """Build it for the features and classes of Cora: 1433 and 7."""
        super().__init__()
        self.first, self.second = nn.Linear(1433, 16, bias=False), nn.Linear(16, 7, bias=False)

    def forward(self, nodes: Tensor, adjacency: Tensor) -> Tensor:
        """Map features `[V, 1433]` to logits `[V, 7]`."""
        hidden = fn.relu(torch.sparse.mm(adjacency, self.first(nodes)))
        return torch.sparse.mm(adjacency, self.second(hidden))


class Autoencoder(nn.Module):
    """Linear layers down to 32 values and up again."""

    def __init__(self) -> None:
        """Build it for pictures of 784 pixels."""
        super().__init__()
        sizes = (784, 512, 256, 32)
        down = [layer for pair in pairwise(sizes) for layer in (nn.Linear(*pair), nn.ReLU())]
        up = [layer for pair in pairwise(sizes[::-1]) for layer in (nn.Linear(*pair), nn.ReLU())]
        self.encoder = nn.Sequential(*down[:-1])
        self.decoder = nn.Sequential(*up[:-1], nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        """Map `[N, 784]` to its reconstruction."""
        return self.decoder(self.encoder(x))  # type: ignore[no-any-return]


class Siren(nn.Module):
    """Sines of linear layers over a list of places (Sitzmann et al. 2020, section 4.1)."""

    def __init__(self) -> None:
        """Build it with five linear layers, 256 units wide."""
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(inputs, 256) for inputs in (2, 256, 256, 256))
        self.last = nn.Linear(256, 3)

    def forward(self, places: Tensor) -> Tensor:
        """Map places `[N, P, 2]` to colours `[N, P, 3]`."""
        for layer in self.layers:
            places = torch.sin(30 * layer(places))
        return self.last(places)  # type: ignore[no-any-return]


def _zoo(name: str, *shape: int) -> Callable[[], Made]:
    return lambda: (open_target(name)[0], (torch.rand(1, *shape),))


def _reader(recurrent: type[nn.LSTM] | type[nn.GRU]) -> Callable[[], Made]:
    return lambda: (Reader(recurrent), (torch.randint(10_000, (1, 64)),))


def _transformer() -> Made:
    words = (torch.randn(1, 32, 512), torch.randn(1, 32, 512))
    return nn.Transformer(batch_first=True), words


def _citations() -> Made:
    papers = 2708
    ends = torch.randint(papers, (2, 2 * 5429))
    weights = torch.full((ends.shape[1],), 0.25)
    adjacency = torch.sparse_coo_tensor(
        ends, weights, (papers, papers), check_invariants=True
    ).coalesce()
    return GraphConvolution(), (torch.rand(papers, 1433), adjacency)


SMALL: Final[Mapping[str, Callable[[], Made]]] = MappingProxyType(
    {
        "LSTM, 2 x 256, 64 tokens": _reader(nn.LSTM),
        "GRU, 2 x 256, 64 tokens": _reader(nn.GRU),
        "LSTM of the zoo, 8 x 8": _zoo("lstm", 8, 8),
        "Transformer, 6 + 6 layers of 512, 32 words": _transformer,
        "U-Net of the zoo, 128 x 128": _zoo("unet", 3, 128, 128),
        "graph convolution, 2708 nodes": _citations,
        "autoencoder, 784 pixels": lambda: (Autoencoder(), (torch.rand(1, 784),)),
        "MLP of the zoo, 28 x 28": _zoo("auer_mlp_mnist", 1, 28, 28),
        "SIREN, 64 x 64 places": lambda: (Siren(), (torch.rand(1, 4096, 2),)),
        "SIREN of the zoo, 64 x 64 places": _zoo("coordinates_siren", 2, 64, 64),
    }
)
"""Name -> what makes a network and its arguments."""

"""Small plain-PyTorch models of the kinds that people write themselves."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from server.tracking.architectures.entry import Entry, ids, normal, picture


class UNet(nn.Module):
    """Two levels down and up, with concatenated skips."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([_double(3, 8), _double(8, 16)])
        self.middle = _double(16, 32)
        self.up = nn.ModuleList([nn.ConvTranspose2d(32, 16, 2, 2), nn.ConvTranspose2d(16, 8, 2, 2)])
        self.join = nn.ModuleList([_double(32, 16), _double(16, 8)])
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for block in self.down:
            x = block(x)
            skips.append(x)
            x = fn.max_pool2d(x, 2)
        x = self.middle(x)
        for up, join, skip in zip(self.up, self.join, reversed(skips), strict=True):
            x = join(torch.cat([up(x), skip], 1))
        return self.head(x)


def _double(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True),
        nn.Conv2d(outputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True),
    )  # fmt: skip


class LSTMTagger(nn.Module):
    """Token ids in, a score per class for each of them out."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 8)
        self.lstm = nn.LSTM(8, 12, num_layers=2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(24, 5)

    def forward(self, tokens: Tensor) -> Tensor:
        states, _ = self.lstm(self.embed(tokens))
        return self.head(states)


class GRUForecast(nn.Module):
    """A series in, the next value and the last state out."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(3, 10, batch_first=True)
        self.head = nn.Linear(10, 3)

    def forward(self, series: Tensor) -> tuple[Tensor, Tensor]:
        states, last = self.gru(series)
        return self.head(states[:, -1]), last


class CellByCell(nn.Module):
    """A recurrent cell called in a Python loop."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(3, 6)

    def forward(self, series: Tensor) -> Tensor:
        hidden = memory = series.new_zeros(series.shape[0], 6)
        for step in range(3):
            hidden, memory = self.cell(series[:, step], (hidden, memory))
        return hidden


class Translator(nn.Module):
    """torch's own Transformer, encoder and decoder, between embeddings and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.source, self.target = nn.Embedding(50, 16), nn.Embedding(50, 16)
        self.transformer = nn.Transformer(16, 2, 2, 2, 32, batch_first=True)
        self.head = nn.Linear(16, 50)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        states = self.transformer(
            self.source(source), self.target(target), tgt_mask=mask, tgt_is_causal=True
        )
        return self.head(states)


class GraphConvolution(nn.Module):
    """Kipf and Welling 2017, equation 2: two layers over a given adjacency."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(5, 8), nn.Linear(8, 3)

    def forward(self, nodes: Tensor, adjacency: Tensor) -> Tensor:
        degree = adjacency.sum(-1, keepdim=True)
        spread = adjacency / degree
        hidden = fn.relu(torch.matmul(spread, self.first(nodes)))
        return torch.matmul(spread, self.second(hidden))


class Autoencoder(nn.Module):
    """Returns reconstruction and code by name."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(20, 10), nn.ReLU(), nn.Linear(10, 3))
        self.decoder = nn.Sequential(nn.Linear(3, 10), nn.ReLU(), nn.Linear(10, 20), nn.Sigmoid())

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        code = self.encoder(x)
        return {"reconstruction": self.decoder(code), "code": code}


class Variational(nn.Module):
    """Draws its code."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Linear(20, 8), nn.Linear(4, 20)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, spread = self.encoder(x).chunk(2, dim=-1)
        code = mean + torch.randn_like(mean) * torch.exp(0.5 * spread)
        return self.decoder(code), mean, spread


class Siren(nn.Module):
    """Sines of linear layers (Sitzmann et al. 2020, equation 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 16), nn.Linear(16, 16), nn.Linear(16, 16)])
        self.last = nn.Linear(16, 3)

    def forward(self, places: Tensor) -> Tensor:
        for layer in self.layers:
            places = torch.sin(30 * layer(places))
        return self.last(places)


class Generator(nn.Module):
    """A vector in, a picture out."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(8, 16 * 4 * 4)
        self.grow = nn.Sequential(
            nn.BatchNorm2d(16), nn.Upsample(scale_factor=2), nn.Conv2d(16, 8, 3, padding=1),
            nn.LeakyReLU(0.2), nn.PixelShuffle(2), nn.Conv2d(2, 3, 3, padding=1), nn.Tanh(),
        )  # fmt: skip

    def forward(self, noise: Tensor) -> Tensor:
        return self.grow(self.project(noise).view(-1, 16, 4, 4))


class Points(nn.Module):
    """A cloud of points `[N, 3, P]`, with a learned alignment (Qi et al. 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.align = nn.Linear(8, 9)
        self.look = nn.Conv1d(3, 8, 1)
        self.features = nn.Sequential(nn.Conv1d(3, 8, 1), nn.BatchNorm1d(8), nn.ReLU())
        self.head = nn.Linear(8, 4)

    def forward(self, points: Tensor) -> Tensor:
        seen = torch.max(self.look(points), 2)[0]
        turn = self.align(seen).view(-1, 3, 3) + torch.eye(3)
        points = torch.bmm(points.transpose(1, 2), turn).transpose(1, 2)
        return self.head(torch.max(self.features(points), 2).values)


class Waves(nn.Module):
    """Gated dilated convolutions over sound, skips summed (van den Oord et al. 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.inlet = nn.Conv1d(1, 8, 1)
        self.filters = nn.ModuleList(nn.Conv1d(8, 16, 2, dilation=2**k) for k in range(3))
        self.outlets = nn.ModuleList(nn.Conv1d(8, 8, 1) for _ in range(3))
        self.head = nn.Conv1d(8, 4, 1)

    def forward(self, sound: Tensor) -> Tensor:
        x, skips = self.inlet(sound), torch.zeros(1)
        for filters, outlet in zip(self.filters, self.outlets, strict=True):
            signal, gate = filters(fn.pad(x, (filters.dilation[0], 0))).split(8, 1)
            signal = outlet(torch.tanh(signal) * torch.sigmoid(gate))
            skips = skips + signal
            x = x + signal
        return self.head(fn.relu(skips))


class Twins(nn.Module):
    """One encoder for two pictures, and the distance of what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 6))

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return fn.pairwise_distance(self.encoder(left), self.encoder(right))


class Volumes(nn.Module):
    """Three-dimensional convolutions over a scan."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv3d(1, 4, 3, padding=1), nn.InstanceNorm3d(4), nn.ReLU(), nn.MaxPool3d(2)
        )
        self.head = nn.Linear(4, 2)

    def forward(self, scan: Tensor) -> Tensor:
        return self.head(self.features(scan).mean((2, 3, 4)))


class MixtureOfExperts(nn.Module):
    """Every expert runs, weighted by a gate."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(6, 3)
        self.experts = nn.ModuleList(nn.Linear(6, 4) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.softmax(self.gate(x), -1)
        answers = torch.stack([expert(x) for expert in self.experts], 1)
        return torch.einsum("be,bed->bd", weights, answers)


class Hyper(nn.Module):
    """A network that makes another's weights."""

    def __init__(self) -> None:
        super().__init__()
        self.maker = nn.Linear(4, 12)

    def forward(self, x: Tensor, task: Tensor) -> Tensor:
        return fn.linear(x, self.maker(task).view(4, 3), None)


class Spectral(nn.Module):
    """A convolution by Fourier transform (Li et al. 2021), complex weights and all."""

    def __init__(self) -> None:
        super().__init__()
        self.lift, self.head = nn.Linear(1, 4), nn.Linear(4, 1)
        self.weights = nn.Parameter(torch.randn(9, 4, 4, dtype=torch.cfloat))

    def forward(self, series: Tensor) -> Tensor:
        x = self.lift(series)
        waves = torch.einsum("bfi,fio->bfo", torch.fft.rfft(x, dim=1), self.weights)
        return self.head(torch.fft.irfft(waves, n=x.shape[1], dim=1) + x)


def entries() -> Iterator[Entry]:
    """Yield models by hand that another source can read."""
    yield Entry("mlp", _perceptron, normal(1, 12))
    yield Entry("u-net", UNet, picture(16))
    yield Entry("lstm", LSTMTagger, ids())
    yield Entry("gru", GRUForecast, normal(1, 7, 3))
    yield Entry("lstm cell in a loop", CellByCell, normal(1, 3, 3), source="export")
    yield Entry("transformer", Translator, lambda: (*ids(6)(), *ids(5)()), source="export")
    yield Entry("graph convolution", GraphConvolution, _molecule)
    yield Entry("autoencoder", Autoencoder, normal(1, 20))
    yield Entry("variational autoencoder", Variational, normal(1, 20))
    yield Entry("siren", Siren, normal(1, 30, 2))
    yield Entry("generator", Generator, normal(1, 8))
    yield Entry("points", Points, normal(1, 3, 11))
    yield Entry("waves", Waves, normal(1, 1, 20), source="export")
    yield Entry("siamese", Twins, lambda: (torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 8)))
    yield Entry("volumes", Volumes, normal(1, 1, 6, 8, 8))
    yield Entry("mixture of experts", MixtureOfExperts, normal(1, 6))
    yield Entry("hypernetwork", Hyper, lambda: (torch.randn(1, 3), torch.randn(1, 4)))
    yield Entry("fourier operator", Spectral, normal(1, 16, 1))


def _perceptron() -> nn.Module:
    return nn.Sequential(
        nn.Linear(12, 9),
        nn.BatchNorm1d(9),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(9, 4),
        nn.Softmax(-1),
    )


def _molecule() -> tuple[Tensor, Tensor]:
    adjacency = torch.eye(6) + torch.eye(6).roll(1, 0) + torch.eye(6).roll(-1, 0)
    return torch.randn(1, 6, 5), adjacency[None]

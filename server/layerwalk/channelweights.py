"""The weights of one channel: to the channels it comes from, and to those that read it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk.network import Network
from layerwalk_shared.errors import NotFoundError
from layerwalk_shared.graph import Node
from layerwalk_shared.messages import ChannelLink, ChannelWeights
from layerwalk_shared.messages.weights import KERNEL_SIDE
from layerwalk_shared.recipes import unit_count

_KINDS: Mapping[str, bool] = {
    "Linear": False,
    "Conv1d": False,
    "Conv2d": False,
    "Conv3d": False,
    "ConvTranspose1d": True,
    "ConvTranspose2d": True,
    "ConvTranspose3d": True,
}
"""Modules whose weights join channels -> whether their weights lie as `[in, out / groups, ...]`."""
_KEEPING = frozenset(
    [
        "identity",
        "dropout",
        "alphadropout",
        "featurealphadropout",
        "batchnorm",
        "syncbatchnorm",
        "instancenorm",
        "groupnorm",
        "localresponsenorm",
        "relu",
        "leakyrelu",
        "prelu",
        "rrelu",
        "elu",
        "selu",
        "celu",
        "gelu",
        "silu",
        "mish",
        "softplus",
        "softsign",
        "sigmoid",
        "tanh",
        "hardtanh",
        "hardsigmoid",
        "hardswish",
        "relusix",
        "tanhshrink",
        "threshold",
        "logsigmoid",
        "clamp",
        "maxpool",
        "avgpool",
        "adaptivemaxpool",
        "adaptiveavgpool",
        "lppool",
        "upsample",
        "interpolate",
        "pad",
        "zeropad",
        "reflectionpad",
        "replicationpad",
        "add",
        "iadd",
        "sub",
        "mul",
        "imul",
        "div",
        "mean",
        "amax",
        "flatten",
        "view",
        "reshape",
        "contiguous",
        "clone",
        "cat",
        "concat",
        "concatenate",
        "hstack",
        "tracker",
        "trackermodule",
        "markermodule",
        "droppath",
        "stochasticdepth",
    ]
)
"""Operations behind which a channel is still its own, by name without underscores and `2d`."""
_CONCATENATIONS = ("cat", "concat", "concatenate", "hstack")


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """The weights of a node.

    Attributes:
        node: its id.
        weight: `[out, in / groups, *kernel]`.
        bias: `[out]`, or None.
        groups: inputs and outputs are cut into so many, which do not mix.
    """

    node: str
    weight: NDArray[np.float32]
    bias: NDArray[np.float32] | None
    groups: int

    @property
    def outputs(self) -> int:
        return int(self.weight.shape[0])

    @property
    def inputs(self) -> int:
        return int(self.weight.shape[1]) * self.groups

    def incoming(self, channel: int) -> tuple[int, NDArray[np.float32]]:
        """Return (first input channel, kernels `[inputs / groups, *kernel]`) of an output."""
        per_group = self.outputs // self.groups
        return channel // per_group * self.weight.shape[1], self.weight[channel]

    def outgoing(self, channel: int) -> tuple[int, NDArray[np.float32]]:
        """Return (first output channel, kernels `[outputs / groups, *kernel]`) of an input."""
        group, place = divmod(channel, self.weight.shape[1])
        per_group = self.outputs // self.groups
        return group * per_group, self.weight[group * per_group : (group + 1) * per_group, place]


def channel_weights(network: Network, node_id: str, channel: int, *, most: int) -> ChannelWeights:
    """Return the weights around a channel; any thread.

    Channels are followed through operations that keep them (normalisation, activation, pooling,
    sums, concatenation, flattening), to the next layers with weights.

    Args:
        network: whose.
        node_id: which node.
        channel: which of its channels.
        most: links of each kind that are told.

    Raises:
        NotFoundError: there is no such node or channel.
    """
    node = network.graph.node(node_id)
    count = unit_count(node.view, node.shape)
    if not channel < count:
        raise NotFoundError(f"channel {channel} is not in node {node_id!r} (0 to {count - 1})")
    finder = _Finder(network)
    made = finder.behind(node, channel)
    incoming: list[ChannelLink] = []
    layer, bias, norm = None, None, 0.0
    if made is not None:
        layer, own = made
        incoming = finder.incoming(layer, own)
        bias = None if layer.bias is None else _finite(float(layer.bias[own]))
        norm = _finite(float(np.linalg.norm(layer.weight[own].astype(np.float64))))
    outgoing = list(finder.outgoing(node, channel))
    return ChannelWeights(
        node=node_id,
        channel=channel,
        layer=None if layer is None else layer.node,
        bias=bias,
        norm=norm,
        incoming=_strongest(incoming, most),
        incoming_count=len(incoming),
        outgoing=_strongest(outgoing, most),
        outgoing_count=len(outgoing),
    )


def _strongest(links: list[ChannelLink], most: int) -> tuple[ChannelLink, ...]:
    return tuple(sorted(links, key=lambda link: -link.norm)[:most])


class _Finder:
    """Follows channels through one network. Mutable, owned by its caller."""

    def __init__(self, network: Network) -> None:
        self._network, self._graph = network, network.graph
        self._layers: dict[str, Layer | None] = {}

    def layer(self, node: Node) -> Layer | None:
        """Return the weights of a node, or None where it joins no channels."""
        if node.id not in self._layers:
            self._layers[node.id] = self._read(node)
        return self._layers[node.id]

    def behind(self, node: Node, channel: int) -> tuple[Layer, int] | None:
        """Return the layer that makes a channel, and the channel's place in it."""
        while (layer := self.layer(node)) is None:
            sources = self._graph.predecessors[node.id]
            if not sources or not _keeps_channels(node):
                return None
            if len(sources) > 1 and not _joins(node):
                return None  # a sum has many makers
            found = self._source(node, channel)
            if found is None:
                return None
            node, channel = found
        return (layer, channel) if channel < layer.outputs else None

    def incoming(self, layer: Layer, channel: int) -> list[ChannelLink]:
        """Return the links from every channel that a layer's channel reads."""
        sources = self._graph.predecessors[layer.node]
        if not sources:
            return []
        source = self._graph.node(sources[0])
        first, kernels = layer.incoming(channel)
        maps = self._flattened(source)
        if maps is not None and _units(maps) == maps.shape[0] and layer.groups == 1:
            kernels = kernels.reshape(maps.shape)
            source = maps
        elif _units(source) != layer.inputs:
            return []
        return [
            _link(source.id, first + place, layer.node, kernel)
            for place, kernel in enumerate(kernels)
        ]

    def outgoing(self, node: Node, channel: int) -> Iterator[ChannelLink]:
        """Yield the links to every channel that reads a channel, through what passes it on."""
        waiting: list[tuple[Node, int, tuple[int, ...]]] = [(node, channel, ())]
        seen = {(node.id, channel)}
        while waiting:
            node, channel, extent = waiting.pop(0)
            for reader_id in self._graph.successors[node.id]:
                reader = self._graph.node(reader_id)
                layer = self.layer(reader)
                if layer is not None:
                    yield from _reading(layer, channel, extent)
                    continue
                for place, wide in self._passed_on(node, reader, channel, extent):
                    if (reader.id, place) not in seen:
                        seen.add((reader.id, place))
                        waiting.append((reader, place, wide))

    def _passed_on(
        self, node: Node, reader: Node, channel: int, extent: tuple[int, ...]
    ) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield (first feature, shape of the map they are) as which a node passes a channel on."""
        if not _keeps_channels(reader):
            return
        before, after = _units(node), _units(reader)
        if _joins(reader):
            offset = 0
            for source_id in self._graph.predecessors[reader.id]:
                if source_id == node.id:
                    yield offset + channel, extent
                offset += _units(self._graph.node(source_id))
        elif before == after:
            yield channel, extent
        elif len(reader.shape) == 1 and after == math.prod(node.shape) and before:
            span = after // before
            yield channel * span, (node.shape[1:] if span > 1 else ())

    def _source(self, node: Node, channel: int) -> tuple[Node, int] | None:
        """Return where the channel of a node without weights comes from."""
        sources = [self._graph.node(one) for one in self._graph.predecessors[node.id]]
        if _joins(node):
            for source in sources:
                if channel < _units(source):
                    return source, channel
                channel -= _units(source)
            return None
        source = sources[0]
        if _units(source) == _units(node):
            return source, channel
        if len(node.shape) == 1 and _units(node) == math.prod(source.shape):
            return source, channel // (_units(node) // _units(source))
        return None

    def _flattened(self, node: Node) -> Node | None:
        """Return the maps that a vector was flattened from; None where it is no such vector."""
        total = math.prod(node.shape)
        if len(node.shape) != 1:
            return None
        while len(node.shape) == 1:
            sources = self._graph.predecessors[node.id]
            if len(sources) != 1 or not _keeps_channels(node) or self.layer(node) is not None:
                return None
            node = self._graph.node(sources[0])
            if math.prod(node.shape) != total:
                return None
        return (
            node if len(node.shape) > 1 and node.shape[1:] != (1,) * (len(node.shape) - 1) else None
        )

    def _read(self, node: Node) -> Layer | None:
        if node.kind != "module" or node.operation not in _KINDS:
            return None
        try:
            weight = np.asarray(self._network.node_weights(node.id), np.float32)
        except NotFoundError:
            return None
        with self._network.care.reading():
            module = self._network.twin.get_submodule(node.module)
            groups = int(getattr(module, "groups", 1))
            bias = getattr(module, "bias", None)
            offset = None if bias is None else bias.detach().cpu().float().numpy().copy()
        if _KINDS[node.operation]:  # [in, out / groups, ...] -> [out, in / groups, ...]
            inputs = weight.shape[0] // groups
            parts = [weight[at * inputs : (at + 1) * inputs].swapaxes(0, 1) for at in range(groups)]
            weight = np.concatenate(parts)
        if weight.ndim < 2:
            return None
        return Layer(node.id, weight, offset, groups)


def _reading(layer: Layer, channel: int, extent: tuple[int, ...]) -> Iterator[ChannelLink]:
    span = math.prod(extent)
    if channel + span > layer.inputs or (extent and layer.groups > 1):
        return
    if not extent:
        first, kernels = layer.outgoing(channel)
    else:  # a flattened map: its features stand side by side
        first, kernels = 0, layer.weight[:, channel : channel + span].reshape(-1, *extent)
    for place, kernel in enumerate(kernels):
        yield _link(layer.node, first + place, layer.node, kernel)


def _link(node: str, channel: int, layer: str, kernel: NDArray[np.float32]) -> ChannelLink:
    exact = kernel.astype(np.float64)
    shape = tuple(int(side) for side in kernel.shape)
    is_small = kernel.size <= KERNEL_SIDE**2 and bool(np.isfinite(exact).all())
    return ChannelLink(
        node=node,
        channel=channel,
        layer=layer,
        norm=_finite(float(np.linalg.norm(exact))),
        total=_finite(float(exact.sum())),
        shape=shape,
        kernel=tuple(exact.reshape(-1).tolist()) if is_small else (),
    )


def _units(node: Node) -> int:
    return unit_count(node.view, node.shape)


def _keeps_channels(node: Node) -> bool:
    if node.kind == "tracker":
        return True
    return re.sub(r"[123]d$|_", "", node.operation.casefold()) in _KEEPING


def _joins(node: Node) -> bool:
    return node.operation in _CONCATENATIONS


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0

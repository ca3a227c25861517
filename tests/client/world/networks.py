"""Graphs of well-known kinds of network, built by hand: no torch, no tracing."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis.strategies import DrawFn, composite, integers, lists, sampled_from

from layerwalk_shared.graph import Edge, Graph, Group, Node, View, make_graph
from layerwalk_shared.messages import (
    ClassScore,
    InputReference,
    InputSpec,
    NetworkDescription,
    NodeStatistics,
    SnapshotManifest,
)
from layerwalk_shared.views import guess_view, picture_shape


@dataclass
class Builder:
    """Writes a graph down in order of execution."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)

    def group(self, group_id: str, operation: str = "Sequential") -> str:
        known = {group.id for group in self.groups}
        if group_id not in known:
            parent = group_id.rpartition(".")[0]
            parent_id = self.group(parent, operation) if parent else None
            self.groups.append(
                Group(id=group_id, name=group_id, operation=operation, parent=parent_id)
            )
        return group_id

    def add(
        self,
        node_id: str,
        operation: str,
        shape: tuple[int, ...],
        sources: tuple[str, ...] = (),
        *,
        group: str | None = None,
        view: View | None = None,
        parameters: int = 0,
    ) -> str:
        view = view or guess_view(shape)
        channels, height, width = picture_shape(view, shape)
        kind = "input" if operation == "input" else "module"
        if operation in ("add", "cat", "flatten"):
            kind = "operation"
        self.nodes.append(
            Node(
                id=node_id, name=node_id, kind=kind, operation=operation, module=node_id,
                group=group, shape=shape, view=view, channels=channels, height=height,
                width=width, parameters=parameters,
            )
        )  # fmt: skip
        for slot, source in enumerate(sources):
            self.edges.append(Edge(source=source, target=node_id, slot=slot))
        return node_id

    def graph(self) -> Graph:
        return make_graph(tuple(self.nodes), tuple(self.edges), tuple(self.groups))

    def image(self, side: int = 224) -> str:
        return self.add("input", "input", (3, side, side), view="image")


def vgg(
    stages: tuple[tuple[int, int], ...] = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)),
) -> Graph:
    """VGG-16: a chain."""
    build, side, number = Builder(), 224, 0
    last = build.image(side)
    group = build.group("features")
    for count, channels in stages:
        for _ in range(count):
            shape = (channels, side, side)
            last = build.add(f"features.{number}", "Conv2d", shape, (last,), group=group, parameters=9 * channels)  # fmt: skip
            last = build.add(f"features.{number + 1}", "ReLU", shape, (last,), group=group)
            number += 2
        side //= 2
        last = build.add(f"features.{number}", "MaxPool2d", (channels, side, side), (last,), group=group)  # fmt: skip
        number += 1
    last = build.add("flatten", "flatten", (channels * side * side,), (last,))
    group = build.group("classifier")
    for place, size in enumerate((4096, 4096, 1000)):
        last = build.add(f"classifier.{3 * place}", "Linear", (size,), (last,), group=group)
        if size != 1000:
            last = build.add(f"classifier.{3 * place + 1}", "ReLU", (size,), (last,), group=group)
            last = build.add(f"classifier.{3 * place + 2}", "Dropout", (size,), (last,), group=group)  # fmt: skip
    return build.graph()


def resnet(
    counts: tuple[int, ...] = (2, 2, 2, 2),
    *,
    is_bottleneck: bool = False,
    classes: int = 101,
    side: int = 224,
) -> Graph:
    """ResNet-18 by default; `(3, 4, 6, 3)` with bottlenecks is ResNet-50."""
    build = Builder()
    last = build.image(side)
    side //= 2
    last = build.add("conv1", "Conv2d", (64, side, side), (last,), parameters=9408)
    last = build.add("bn1", "BatchNorm2d", (64, side, side), (last,))
    last = build.add("relu", "ReLU", (64, side, side), (last,))
    side //= 2
    last = build.add("maxpool", "MaxPool2d", (64, side, side), (last,))
    channels_in = 64
    for stage, count in enumerate(counts):
        inner = 64 << stage
        outer = inner * 4 if is_bottleneck else inner
        for number in range(count):
            stride = 2 if stage and number == 0 else 1
            group = build.group(f"layer{stage + 1}.{number}")
            start, before = last, side
            side = max(1, side // stride)
            names = ("1", "2", "3") if is_bottleneck else ("1", "2")
            for place, name in enumerate(names):
                channels = outer if place == len(names) - 1 else inner
                size = before if is_bottleneck and place == 0 else side
                shape = (channels, size, size)
                last = build.add(f"{group}.conv{name}", "Conv2d", shape, (last,), group=group, parameters=9 * channels)  # fmt: skip
                last = build.add(f"{group}.bn{name}", "BatchNorm2d", shape, (last,), group=group)
                if place < len(names) - 1:
                    suffix = f":{place + 1}" if place else ""
                    last = build.add(f"{group}.relu{suffix}", "ReLU", shape, (last,), group=group)
            shape = (outer, side, side)
            if stride > 1 or channels_in != outer:
                down = build.group(f"{group}.downsample")
                skip = build.add(f"{group}.downsample.0", "Conv2d", shape, (start,), group=down)
                start = build.add(f"{group}.downsample.1", "BatchNorm2d", shape, (skip,), group=down)  # fmt: skip
            last = build.add(f"{group}.add", "add", shape, (last, start), group=group)
            last = build.add(f"{group}.relu:{len(names)}", "ReLU", shape, (last,), group=group)
            channels_in = outer
    last = build.add("avgpool", "AdaptiveAvgPool2d", (channels_in, 1, 1), (last,))
    last = build.add("flatten", "flatten", (channels_in,), (last,))
    build.add("fc", "Linear", (classes,), (last,), parameters=channels_in * classes)
    return build.graph()


def densenet(
    counts: tuple[int, ...] = (6, 12, 24, 16), *, growth: int = 32, start: int = 64
) -> Graph:
    """DenseNet-121: in a block every layer reads all before it through a concatenation."""
    build = Builder()
    last = build.image()
    last = build.add("features.conv0", "Conv2d", (start, 112, 112), (last,))
    last = build.add("features.norm0", "BatchNorm2d", (start, 112, 112), (last,))
    last = build.add("features.relu0", "ReLU", (start, 112, 112), (last,))
    last = build.add("features.pool0", "MaxPool2d", (start, 56, 56), (last,))
    channels, side = start, 56
    for block, count in enumerate(counts, 1):
        parts = [last]
        outer = build.group(f"denseblock{block}", "DenseBlock")
        for number in range(1, count + 1):
            group = build.group(f"denseblock{block}.denselayer{number}", "DenseLayer")
            wide = (channels, side, side)
            if len(parts) > 1:
                last = build.add(f"{group}.cat", "cat", wide, tuple(parts), group=group)
            last = build.add(f"{group}.norm1", "BatchNorm2d", wide, (last,), group=group)
            last = build.add(f"{group}.relu1", "ReLU", wide, (last,), group=group)
            narrow = (4 * growth, side, side)
            last = build.add(f"{group}.conv1", "Conv2d", narrow, (last,), group=group)
            last = build.add(f"{group}.norm2", "BatchNorm2d", narrow, (last,), group=group)
            last = build.add(f"{group}.relu2", "ReLU", narrow, (last,), group=group)
            last = build.add(f"{group}.conv2", "Conv2d", (growth, side, side), (last,), group=group)
            parts.append(last)
            channels += growth
        last = build.add(f"{outer}.cat", "cat", (channels, side, side), tuple(parts), group=outer)
        if block < len(counts):
            group = build.group(f"transition{block}", "Transition")
            last = build.add(f"{group}.norm", "BatchNorm2d", (channels, side, side), (last,), group=group)  # fmt: skip
            last = build.add(f"{group}.relu", "ReLU", (channels, side, side), (last,), group=group)
            channels //= 2
            last = build.add(f"{group}.conv", "Conv2d", (channels, side, side), (last,), group=group)  # fmt: skip
            side //= 2
            last = build.add(f"{group}.pool", "AvgPool2d", (channels, side, side), (last,), group=group)  # fmt: skip
    last = build.add("norm5", "BatchNorm2d", (channels, side, side), (last,))
    last = build.add("relu", "relu", (channels, side, side), (last,))
    last = build.add("flatten", "flatten", (channels,), (last,))
    build.add("classifier", "Linear", (1000,), (last,))
    return build.graph()


def transformer(blocks: int = 6) -> Graph:
    """Blocks whose stream of sums runs past every layer of theirs."""
    build = Builder()
    stream = build.add("input", "input", (16,))
    stream = build.add("embed", "Embedding", (16, 64), (stream,))
    for number in range(blocks):
        group = build.group(f"blocks.{number}", "Block")
        for part, layers in (("attn", ("norm", "mix", "proj")), ("mlp", ("norm", "fc1", "fc2"))):
            last = stream
            for layer in layers:
                name = f"{group}.{part}.{layer}"
                last = build.add(name, "Linear", (16, 64), (last,), group=group)
            stream = build.add(f"{group}.{part}.add", "add", (16, 64), (stream, last), group=group)
    build.add("head", "Linear", (100,), (stream,))
    return build.graph()


def inception(blocks: int = 4) -> Graph:
    """GoogLeNet's blocks: four branches, one of which forks once more (as Inception-v3 does)."""
    build, side = Builder(), 28
    last = build.image()
    last = build.add("conv1", "Conv2d", (64, 56, 56), (last,))
    last = build.add("maxpool", "MaxPool2d", (192, side, side), (last,))

    def convolution(group: str, channels: int, source: str) -> str:
        build.group(group, "BasicConv2d")
        shape = (channels, side, side)
        source = build.add(f"{group}.conv", "Conv2d", shape, (source,), group=group, parameters=channels)  # fmt: skip
        source = build.add(f"{group}.bn", "BatchNorm2d", shape, (source,), group=group)
        return build.add(f"{group}.relu", "relu", shape, (source,), group=group)

    channels = 192
    for block in range(blocks):
        group = build.group(f"mixed{block}", "Inception")
        one = convolution(f"{group}.branch1", 64, last)
        two = convolution(f"{group}.branch2_1", 96, last)
        two = convolution(f"{group}.branch2_2", 128, two)
        three = convolution(f"{group}.branch3_1", 16, last)
        left = convolution(f"{group}.branch3_2a", 32, three)
        right = convolution(f"{group}.branch3_2b", 32, three)
        pool = build.add(f"{group}.pool", "MaxPool2d", (channels, side, side), (last,), group=group)
        four = convolution(f"{group}.branch4", 32, pool)
        channels = 64 + 128 + 64 + 32
        last = build.add(f"{group}.cat", "cat", (channels, side, side), (one, two, left, right, four), group=group)  # fmt: skip
    last = build.add("avgpool", "AdaptiveAvgPool2d", (channels, 1, 1), (last,))
    last = build.add("flatten", "flatten", (channels,), (last,))
    build.add("fc", "Linear", (1000,), (last,))
    return build.graph()


def described(graph: Graph, *, classes: int = 0, network: str = "net") -> NetworkDescription:
    """Return the description of a network with that graph."""
    return NetworkDescription(
        id=network,
        name=network,
        graph=graph,
        input=InputSpec(kind="image", shape=(3, 224, 224)),
        classes=tuple(f"class {number}" for number in range(classes)),
    )


def manifest(graph: Graph, *, top: int = 10, label: str | None = None) -> SnapshotManifest:
    """Return a snapshot's manifest in which node i spans -i - 1 .. 2 i + 2."""
    total = sum(0.5**place for place in range(1, top + 1)) or 1.0
    return SnapshotManifest(
        id="s1",
        network="net",
        generation=1,
        input=InputReference(kind="image", title="china.jpg", label=label),
        nodes=tuple(
            NodeStatistics(
                shape=node.shape,
                pictures=(node.channels, node.height, node.width),
                minimum=-float(number + 1),
                maximum=2.0 * (number + 1),
            )
            for number, node in enumerate(graph.nodes)
        ),
        top=tuple(
            ClassScore(
                index=7 * place,
                name=f"class {7 * place}",
                probability=0.5**place / total,
                logit=float(-place),
            )
            for place in range(1, top + 1)
        ),
    )


@composite
def random_graphs(draw: DrawFn, *, largest: int = 14) -> Graph:
    """Any graph: nodes without sources, dead ends, groups that lie across each other."""
    count = draw(integers(1, largest))
    build = Builder()
    group_count = draw(integers(0, 4))
    for number in range(group_count):
        parent = draw(sampled_from([None, *(group.id for group in build.groups)]))
        build.groups.append(Group(id=f"g{number}", name=f"g{number}", parent=parent))
    for number in range(count):
        earlier = [node.id for node in build.nodes]
        sources = tuple(draw(lists(sampled_from(earlier), max_size=4, unique=True))) if earlier else ()  # fmt: skip
        group = draw(sampled_from([None, *(group.id for group in build.groups)]))
        channels = draw(sampled_from([1, 3, 16, 64, 300]))
        operation = "input" if number == 0 else "Conv2d"
        build.add(f"n{number}", operation, (channels, 4, draw(sampled_from([2, 4, 8]))), sources, group=group)  # fmt: skip
    return build.graph()

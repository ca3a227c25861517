"""Made-up networks of every kind: a vision transformer, a language model, series, sound, video.

Shapes, views and wiring are those of the real ones, values are smooth waves that follow the input
and the step of a made-up training; nothing is learned. For tests, goldens and looking around.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_shared.graph import Edge, Graph, Group, Node, View, make_graph
from layerwalk_shared.messages import ClassScore, InputSpec
from layerwalk_shared.views import grid_shape, picture_shape

Floats = NDArray[np.float32]
_WAVES = 6
SENTENCE = (
    "The", " quiet", " hall", " at", " night", ",", " in", " which", " only", " the", " data",
    " shine", ".", " Nothing", " bl", "inks", ",", " bounces", " or", " glows", " for", " its",
    " own", " sake",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Exhibit:
    """A made-up network.

    Attributes:
        name: id and name.
        graph: what stands in the hall.
        input: what it takes.
        classes: of the answer, or none.
        example: makes the tensor of input number `item`, float32 of the input's shape.
        tokens: what each position of a text reads.
    """

    name: str
    graph: Graph
    input: InputSpec
    example: Callable[[int], Floats]
    classes: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()


def tensors_of(exhibit: Exhibit, given: Floats, *, step: int = 0) -> tuple[Floats, ...]:
    """Return the tensor of every node for an input tensor, in the graph's order.

    Args:
        given: of the input's shape.
        step: of the made-up training: the waves turn with it.
    """
    profile = _profile(given)
    found = []
    for index, node in enumerate(exhibit.graph.nodes):
        if node.kind == "input":
            found.append(given)
            continue
        waves = _waves(index, node.shape, 0.02 * step)
        if node.view == "attention":
            found.append(_attention(waves, is_causal=exhibit.input.kind == "text"))
            continue
        waves *= np.resize(profile, node.shape[-1])[None] if len(node.shape) > 1 else 1.0
        if node.operation in ("ReLU", "GELU"):
            waves = np.maximum(waves, 0)
        found.append(waves + (0.2 * float(profile.mean()) if len(node.shape) == 1 else 0.0))
    return tuple(np.asarray(one, np.float32) for one in found)


def arranged(tensor: Floats, view: View) -> Floats:
    """Return the pictures of a tensor, `[channels, h, w]`, as `picture_shape` says."""
    channels, height, width = picture_shape(view, tensor.shape)
    if view == "image":
        return np.asarray(np.moveaxis(np.broadcast_to(tensor, (3, height, width)), 0, 2))
    if view == "grid":
        return tensor[len(tensor) - height * width :].T.reshape(channels, height, width)
    if view in ("volume", "frames"):
        slices = tensor if view == "volume" else np.moveaxis(tensor, 0, 1)
        rows, columns = grid_shape(slices.shape[1])
        cells = np.zeros((channels, rows * columns, *slices.shape[2:]), np.float32)
        cells[:, : slices.shape[1]] = slices
        cells = cells.reshape(channels, rows, columns, *slices.shape[2:])
        return cells.transpose(0, 1, 3, 2, 4).reshape(channels, height, width)
    flat = np.zeros(channels * height * width, np.float32)
    flat[: tensor.size] = tensor.ravel()
    return flat.reshape(channels, height, width)


def answer_of(exhibit: Exhibit, tensors: tuple[Floats, ...]) -> tuple[ClassScore, ...]:
    """Return the classes, best first, from the last node's values."""
    logits = tensors[-1].reshape(-1)[: len(exhibit.classes)].astype(np.float64)
    if not len(logits):
        return ()
    odds = np.exp(logits - logits.max())
    odds /= odds.sum()
    return tuple(
        ClassScore(
            index=int(k),
            name=exhibit.classes[k],
            probability=float(odds[k]),
            logit=float(logits[k]),
        )
        for k in np.argsort(-logits, kind="stable")
    )


def _profile(given: Floats) -> Floats:
    """Return 64 numbers about 1 that an input is known by."""
    flat = np.asarray(given, np.float64).reshape(-1)
    parts = np.array([part.mean() for part in np.array_split(flat, min(64, flat.size))])
    spread = float(parts.std()) or 1.0
    return np.asarray(np.resize(1 + 0.4 * np.tanh((parts - parts.mean()) / spread), 64), np.float32)


def _waves(seed: int, shape: tuple[int, ...], turn: float) -> Floats:
    """Return smooth values over the last two axes, another mix for each of the others."""
    generator = np.random.default_rng(seed)
    height = shape[-2] if len(shape) > 1 else 1
    width = shape[-1]
    count = math.prod(shape[:-2])
    weights = generator.normal(size=(2, count, _WAVES, _WAVES))
    mixed = math.cos(turn) * weights[0] + math.sin(turn) * weights[1]
    rows, columns = _cosines(height, seed), _cosines(width, seed + 1)
    return np.asarray((rows @ mixed @ columns.T).reshape(shape) / _WAVES, np.float32)


def _cosines(count: int, seed: int) -> NDArray[np.float64]:
    place = (np.arange(count)[:, None] + 0.5) / count
    speeds = np.array([0, 1, 2, 3, 5, 9 + seed % 7])
    found: NDArray[np.float64] = np.cos(np.pi * place * speeds[None, :])
    return found


def _attention(waves: Floats, *, is_causal: bool) -> Floats:
    """Return rows that sum to one, sharper near the diagonal."""
    count = waves.shape[-1]
    apart = np.abs(np.arange(count)[:, None] - np.arange(count)[None, :])
    scores = 3 * waves - apart / (0.15 * count)
    if is_causal:
        scores = np.where(np.tri(count, dtype=bool), scores, -np.inf)
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(scores / scores.sum(axis=-1, keepdims=True), np.float32)


class _Plan:
    """A graph while it is written down, in order of execution."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.groups: list[Group] = []

    def group(self, group: str, operation: str, *, run: str | None = None) -> str:
        self.groups.append(Group(id=group, name=group, operation=operation, run=run))
        return group

    def add(
        self,
        node_id: str,
        operation: str,
        shape: tuple[int, ...],
        *sources: str,
        view: View,
        group: str | None = None,
    ) -> str:
        channels, height, width = picture_shape(view, shape)
        is_module = operation[0].isupper()
        kind = "input" if operation == "input" else "module" if is_module else "operation"
        self.nodes.append(
            Node(
                id=node_id, name=node_id.rpartition(".")[2], kind=kind,  # type: ignore[arg-type]
                operation=operation, module=node_id if is_module else "", group=group,
                shape=shape, view=view, channels=channels, height=height, width=width,
                parameters=math.prod(shape[-1:]) if is_module else 0,
            )
        )  # fmt: skip
        self.edges += [
            Edge(source=source, target=node_id, slot=slot) for slot, source in enumerate(sources)
        ]
        return node_id

    def block(
        self, group: str, last: str, tokens: int, width: int, heads: int, *, view: View
    ) -> str:
        """Add one block of a transformer; return its last node."""
        shape = (tokens, width)

        def add(name: str, operation: str, size: tuple[int, ...], *sources: str, v: View) -> str:
            return self.add(f"{group}.{name}", operation, size, *sources, view=v, group=group)

        norm = add("norm1", "LayerNorm", shape, last, v=view)
        weights = add("attention", "softmax", (heads, tokens, tokens), norm, v="attention")
        mixed = add("proj", "Linear", shape, weights, norm, v=view)
        last = add("add", "add", shape, mixed, last, v=view)
        norm = add("norm2", "LayerNorm", shape, last, v=view)
        wide = add("fc1", "Linear", (tokens, 4 * width), norm, v=view)
        wide = add("gelu", "GELU", (tokens, 4 * width), wide, v=view)
        narrow = add("fc2", "Linear", shape, wide, v=view)
        return add("add:2", "add", shape, narrow, last, v=view)

    def graph(self) -> Graph:
        return make_graph(tuple(self.nodes), tuple(self.edges), tuple(self.groups))


def vision_transformer(*, blocks: int = 3) -> Exhibit:
    """Return a ViT: 112 x 112 in patches of 8, so 14 x 14 and a class token, 192 wide."""
    plan = _Plan()
    last = plan.add("input", "input", (3, 112, 112), view="image")
    last = plan.add("patch_embed", "Conv2d", (192, 14, 14), last, view="maps")
    last = plan.add("tokens", "cat", (197, 192), last, view="grid")
    for number in range(blocks):
        group = plan.group(f"blocks.{number}", "Block", run="blocks.0" if blocks > 1 else None)
        last = plan.block(group, last, 197, 192, 3, view="grid")
    last = plan.add("norm", "LayerNorm", (197, 192), last, view="grid")
    last = plan.add("class_token", "getitem", (192,), last, view="vector")
    plan.add("head", "Linear", (10,), last, view="vector")
    spec = InputSpec(kind="image", shape=(3, 112, 112))
    classes = tuple(f"class {number}" for number in range(10))
    return Exhibit("vit", plan.graph(), spec, _picture, classes)


def language_model(*, blocks: int = 3) -> Exhibit:
    """Return a GPT: 24 tokens, 128 wide, 4 heads, 1000 logits at each position."""
    plan, count = _Plan(), len(SENTENCE)
    last = plan.add("input", "input", (count,), view="vector")
    last = plan.add("wte", "Embedding", (count, 128), last, view="tokens")
    for number in range(blocks):
        group = plan.group(f"h.{number}", "Block", run="h.0" if blocks > 1 else None)
        last = plan.block(group, last, count, 128, 4, view="tokens")
    last = plan.add("ln_f", "LayerNorm", (count, 128), last, view="tokens")
    plan.add("lm_head", "Linear", (count, 1000), last, view="tokens")
    spec = InputSpec(kind="text", shape=(count,), vocabulary=1000, has_tokenizer=True)

    def example(item: int) -> Floats:
        return np.random.default_rng(item).integers(0, 1000, count).astype(np.float32)

    return Exhibit("gpt", plan.graph(), spec, example, tokens=SENTENCE)


def recurrent_network() -> Exhibit:
    """Return an LSTM over 200 steps of four measured columns, with three classes."""
    plan = _Plan()
    last = plan.add("input", "input", (200, 4), view="sequence")
    for number in range(2):
        last = plan.add(f"lstm.{number}", "LSTM", (200, 64), last, view="sequence")
    last = plan.add("last", "getitem", (64,), last, view="vector")
    plan.add("head", "Linear", (3,), last, view="vector")
    spec = InputSpec(
        kind="series", shape=(200, 4), sample_rate=50.0,
        names=("acceleration x", "acceleration y", "acceleration z", "temperature"),
    )  # fmt: skip

    def example(item: int) -> Floats:
        time = np.arange(200)[:, None] / 50.0
        speeds = np.array([1.1, 1.7, 2.9, 0.2]) * (1 + 0.1 * item)
        waves = np.sin(2 * np.pi * time * speeds) * np.array([1.0, 0.7, 0.4, 0.1])
        return np.asarray(waves + np.array([0.0, 0.0, 1.0, 0.6]), np.float32)

    return Exhibit("lstm", plan.graph(), spec, example, ("walking", "standing", "falling"))


def sound_network() -> Exhibit:
    """Return a 1D network over two seconds of sound at 8 kHz."""
    plan = _Plan()
    last = plan.add("input", "input", (1, 16000), view="sequence")
    for number, (channels, length) in enumerate(((16, 4000), (32, 1000), (64, 250))):
        last = plan.add(f"conv{number}", "Conv1d", (channels, length), last, view="sequence")
        last = plan.add(f"relu{number}", "ReLU", (channels, length), last, view="sequence")
    last = plan.add("pool", "AdaptiveAvgPool1d", (64, 1), last, view="vector")
    plan.add("head", "Linear", (4,), last, view="vector")
    spec = InputSpec(kind="sound", shape=(1, 16000), sample_rate=8000.0, time_axis=1)

    def example(item: int) -> Floats:
        time = np.arange(16000) / 8000.0
        sweep = np.sin(2 * np.pi * (300 + 50 * item + 500 * time) * time)
        envelope = np.exp(-((time % 0.5) / 0.15))
        noise = 0.02 * np.random.default_rng(item).normal(size=time.size)
        return np.asarray((0.7 * sweep * envelope + noise)[None], np.float32)

    classes = ("bell", "voice", "engine", "silence")
    return Exhibit("sound", plan.graph(), spec, example, classes)


def volume_network() -> Exhibit:
    """Return a 3D network over a scan of 16 slices, and one of its layers as frames."""
    plan = _Plan()
    last = plan.add("input", "input", (1, 16, 48, 48), view="volume")
    last = plan.add("conv1", "Conv3d", (16, 16, 48, 48), last, view="volume")
    last = plan.add("relu1", "ReLU", (16, 16, 48, 48), last, view="volume")
    last = plan.add("pool1", "MaxPool3d", (16, 8, 24, 24), last, view="volume")
    last = plan.add("conv2", "Conv3d", (32, 8, 24, 24), last, view="volume")
    last = plan.add("frames", "transpose", (8, 32, 24, 24), last, view="frames")
    last = plan.add("pool2", "mean", (32,), last, view="vector")
    plan.add("head", "Linear", (2,), last, view="vector")
    spec = InputSpec(kind="volume", shape=(1, 16, 48, 48))

    def example(item: int) -> Floats:
        depth, row, column = (
            np.mgrid[0:16, 0:48, 0:48] / np.array([16, 48, 48])[:, None, None, None]
        )
        away = np.hypot(np.hypot(depth - 0.5, row - 0.45), column - 0.5 + 0.02 * item)
        shell = np.exp(-(((away - 0.35) / 0.06) ** 2)) + 0.5 * (away < 0.18)
        return np.asarray(shell[None], np.float32)

    return Exhibit("volume", plan.graph(), spec, example, ("healthy", "ill"))


def vector_network() -> Exhibit:
    """Return a small network over a vector of named measurements."""
    plan = _Plan()
    last = plan.add("input", "input", (8,), view="vector")
    last = plan.add("fc1", "Linear", (64,), last, view="vector")
    last = plan.add("relu", "ReLU", (64,), last, view="vector")
    plan.add("fc2", "Linear", (3,), last, view="vector")
    names = ("age", "height", "weight", "pulse", "pressure", "glucose", "iron", "sodium")
    spec = InputSpec(kind="vector", shape=(8,), names=names)

    def example(item: int) -> Floats:
        return np.random.default_rng(item).normal(size=8).astype(np.float32)

    return Exhibit("table", plan.graph(), spec, example, ("low", "middle", "high"))


def _picture(item: int) -> Floats:
    row, column = np.mgrid[0:112, 0:112] / 112
    away = np.hypot(column - 0.5 - 0.02 * item, row - 0.5)
    ground = np.stack([0.2 + 0.2 * row, 0.25 + 0.2 * column, 0.45 - 0.2 * row])
    disc = np.array([0.9, 0.55, 0.2])[:, None, None] * (1.1 - away)[None]
    return np.asarray(np.clip(np.where(away[None] < 0.3, disc, ground), 0, 1), np.float32)


EXHIBITS: dict[str, Callable[[], Exhibit]] = {
    "vit": vision_transformer,
    "gpt": language_model,
    "lstm": recurrent_network,
    "sound": sound_network,
    "volume": volume_network,
    "table": vector_network,
}
"""Every made-up network but the convolutional one of `synthetic`, by name."""

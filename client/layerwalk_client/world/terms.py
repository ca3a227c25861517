"""What a tensor's axes are called: its shape for a sign, a place in it for the readout."""

from __future__ import annotations

import math
from collections.abc import Sequence

from layerwalk_client.world.inputs import Texts, fitting_text
from layerwalk_client.world.tokens import quoted
from layerwalk_shared.graph import Node
from layerwalk_shared.messages import InputSpec

TIMES = " \N{MULTIPLICATION SIGN} "
Index = tuple[int, ...]


def product(shape: Sequence[int]) -> str:
    """Return `64 × 56 × 56`, `1` for a single number."""
    return TIMES.join(str(size) for size in shape) or "1"


def shape_line(node: Node, spec: InputSpec | None = None) -> str:
    """Return the shape of a node in words: `197 × 768 tokens, shown as 14 × 14 patches`.

    Args:
        node: what the words are about.
        spec: of the network's input: rows are steps where that is a series or a sound.
    """
    shape = product(node.shape)
    if node.view in ("tokens", "sequence"):
        is_text = node.view == "tokens" and not _is_timed(spec)
        return f"{shape} {'tokens' if is_text else 'sequence'}"
    if node.view == "grid":
        patches = f"{node.height}{TIMES}{node.width} patches"
        return (
            f"{shape} tokens, shown as {patches}" if len(node.shape) == 2 else f"{shape}, {patches}"
        )
    if node.view == "attention":
        heads = f"{node.channels} head{'s' * (node.channels != 1)}"
        return f"{heads} of {node.height}{TIMES}{node.width}"
    if node.view == "volume" and len(node.shape) == 4:
        slices = f"{node.shape[1]} slice{'s' * (node.shape[1] != 1)}"
        return f"{shape}, shown as {slices}"
    if node.view == "frames" and len(node.shape) == 4:
        return f"{node.shape[0]} frames of {product(node.shape[1:])}"
    return shape


def kind_line(node: Node, spec: InputSpec | None = None) -> str:
    """Return kind and shape: `Conv2d · 64 × 112 × 112`."""
    shape = shape_line(node, spec)
    return f"{node.operation} · {shape}" if node.operation else shape


def _is_timed(spec: InputSpec | None) -> bool:
    return spec is not None and spec.kind in ("series", "sound")


def words(
    node: Node,
    index: Index,
    *,
    spec: InputSpec | None = None,
    texts: Texts = (),
    classes: Sequence[str] = (),
) -> str:
    """Return a place in a node's tensor in the tensor's own terms.

    Args:
        node: with the shape and the pictures of the snapshot that is meant.
        index: of the element, as `layerwalk_shared.views.tensor_index` tells it.
        spec: of the network's input: tells time.
        texts: what each position reads, of the texts on the input.
        classes: names of the units of the answer.
    """
    if _is_of_tokens(node, texts):
        return _attention(node, index, spec or _ANYTHING, texts, classes)
    if node.view == "tokens" and _is_timed(spec):
        return _step(node, index, spec or _ANYTHING, texts, classes)
    tell = {
        "vector": _unit,
        "tokens": _token,
        "sequence": _step,
        "grid": _patch,
        "attention": _attention,
    }.get(node.view)
    if tell is not None:
        return tell(node, index, spec or _ANYTHING, texts, classes)
    return _in_maps(node, index)


def _in_maps(node: Node, index: Index) -> str:
    place = f"row {index[-2]}, column {index[-1]}"
    if node.view == "image":
        return place
    if node.view == "volume":
        return f"channel {index[0]}   slice {index[1]}   {place}"
    if node.view == "frames":
        return f"frame {index[0]}   channel {index[1]}   {place}"
    between = f"   plane {', '.join(map(str, index[1:-2]))}" if len(index) > 3 else ""
    return f"channel {index[0]}{between}   {place}"


_ANYTHING = InputSpec(kind="tensor", shape=(1,))


def _is_of_tokens(node: Node, texts: Texts) -> bool:
    """Whether maps relate every token to every other, as attention does."""
    return (
        node.view == "maps"
        and len(node.shape) == 3
        and node.shape[1] == node.shape[2]
        and bool(fitting_text(texts, node.shape[1]))
    )


def _unit(node: Node, index: Index, spec: InputSpec, texts: Texts, classes: Sequence[str]) -> str:
    shape = [max(1, size) for size in node.shape]
    flat = 0
    for size, place in zip(shape, index, strict=True):
        flat = flat * size + place
    count = math.prod(shape)
    if node.kind == "input":
        if spec.kind == "text":
            return _named("token", flat, texts, count)
        if spec.kind in ("sound", "series") and spec.sample_rate:
            return f"sample {flat}   {flat / spec.sample_rate:.4g} s"
        if len(spec.names) == count:
            return f"element {flat}   {spec.names[flat]}"
    if len(classes) == count:
        return f"unit {flat}   {classes[flat]}"
    return f"unit {flat}"


def _token(node: Node, index: Index, spec: InputSpec, texts: Texts, classes: Sequence[str]) -> str:
    width = node.shape[-1]
    last = f"entry {index[-1]}" if width == spec.vocabulary else f"feature {index[-1]}"
    if len(classes) == width:
        last = f"unit {index[-1]}   {classes[index[-1]]}"
    return f"{_outer(index)}{_named('token', index[-2], texts, node.shape[-2])}   {last}"


def _step(node: Node, index: Index, spec: InputSpec, texts: Texts, classes: Sequence[str]) -> str:
    """Time runs along the same axis as in the input."""
    has_time_last = spec.kind in ("sound", "series") and spec.time_axis == len(spec.shape) - 1
    is_across = has_time_last and len(spec.shape) == len(node.shape) and len(spec.shape) > 1
    time, other = (index[-1], index[-2]) if is_across else (index[-2], index[-1])
    count = node.shape[-1] if is_across else node.shape[-2]
    said = f"{'sample' if spec.kind == 'sound' and node.kind == 'input' else 'step'} {time}"
    if spec.sample_rate and spec.kind in ("sound", "series"):
        length = spec.shape[min(spec.time_axis, len(spec.shape) - 1)]
        is_exact = count == length
        seconds = (time if is_exact else (time + 0.5) * length / count) / spec.sample_rate
        said += f"   {seconds:.4g} s" if is_exact else f"   about {seconds:.2g} s"
    names = spec.names if node.kind == "input" else ()
    column = (
        names[other] if other < len(names) else f"{'channel' if is_across else 'feature'} {other}"
    )
    return f"{_outer(index)}{said}   {column}"


def _patch(node: Node, index: Index, spec: InputSpec, texts: Texts, classes: Sequence[str]) -> str:
    if len(index) == 3:
        return f"patch row {index[0]}, column {index[1]}   feature {index[2]}"
    first = node.shape[0] - node.height * node.width
    row, column = divmod(index[0] - first, node.width)
    return f"patch row {row}, column {column}   token {index[0]}   feature {index[1]}"


def _attention(
    node: Node, index: Index, spec: InputSpec, texts: Texts, classes: Sequence[str]
) -> str:
    source = _named("token", index[-2], texts, node.shape[-2])
    target = _named("token", index[-1], texts, node.shape[-1])
    what = "head" if node.view == "attention" else "channel"
    head = f"{what} {index[-3]}   " if len(index) >= 3 else ""
    return f"{_outer(index[:-1]) if len(index) > 3 else ''}{head}{source} to {target}"


def _outer(index: Index) -> str:
    """Say where in the axes before the last two, if there are any."""
    if len(index) <= 2:
        return ""
    return f"part {', '.join(map(str, index[:-2]))}   "


def _named(what: str, place: int, texts: Texts, count: int) -> str:
    """Return `token 5 “hall”`; without its words where the tokens are not those of this axis."""
    tokens = fitting_text(texts, count)
    if tokens and place < count and tokens[place]:
        return f"{what} {place} {quoted(tokens[place])}"
    return f"{what} {place}"

"""What a node's module or call was set up with, as one line for people: `3 × 3, stride 2, bias`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from layerwalk_shared.graph import Attribute, Node

TIMES = "\N{MULTIPLICATION SIGN}"
MINUS = "\N{MINUS SIGN}"
MOST = 4
"""Settings that are listed of a node of which nothing better is known."""
LONGEST = 28
"""Characters of one of those."""
Attributes = Mapping[str, Attribute]


def settings_line(node: Node) -> str:
    """Return a node's settings, the usual ones left out; "" where there are none."""
    if not node.attributes:
        return ""
    key = node.operation.lower().replace("_", "")
    for beginning, tell in _TELLERS.items():
        if key.startswith(beginning):
            return ", ".join(part for part in tell(node.attributes) if part)
    parts = [
        f"{name.replace('_', ' ')} {_text(value)}"
        for name, value in node.attributes.items()
        if value not in (False, "none") and name != "name" and len(_text(value)) <= LONGEST
    ]
    return ", ".join(parts[:MOST])


def _window(found: Attributes) -> list[str]:
    """The size of a window, and how it steps; what is as usual is not told."""
    size = found.get("kernel_size")
    sides = len(size) if isinstance(size, tuple) else 2
    usual = {"stride": 1, "padding": 0, "dilation": 1, "output_padding": 0}
    parts = ["" if size is None else _sides(size, sides)]
    for name, common in usual.items():
        value = found.get(name, common)
        if _same(value) not in (common, None):
            parts.append(f"{name.replace('_', ' ')} {_sides(_same(value), 1)}")
    return parts


def _convolution(found: Attributes) -> list[str]:
    parts = _window(found)
    if "in_channels" in found:
        parts.append(_change(found, "in_channels", "out_channels"))
    groups = found.get("groups", 1)
    if groups != 1:
        is_depthwise = groups == found.get("in_channels")
        parts.append("depthwise" if is_depthwise else f"{groups} groups")
    if found.get("padding_mode", "zeros") != "zeros":
        parts.append(f"{found['padding_mode']} at the border")
    return [*parts, _bias(found)]


def _linear(found: Attributes) -> list[str]:
    return [_change(found, "in_features", "out_features"), _bias(found)]


def _pooling(found: Attributes) -> list[str]:
    if "output_size" in found:
        return [f"to {_sides(found['output_size'], 2)}"]
    parts = _window(found)
    if found.get("stride") == found.get("kernel_size"):
        parts = [part for part in parts if not part.startswith("stride")]
    return parts


def _normalisation(found: Attributes) -> list[str]:
    channels = found.get("num_features", found.get("num_channels"))
    shape, groups = found.get("normalized_shape"), found.get("num_groups")
    return [
        "" if channels is None else f"{channels} channels",
        "" if shape is None else f"over {_sides(shape, 1)}",
        "" if groups is None else f"{groups} groups",
        f"\N{GREEK SMALL LETTER EPSILON} {_text(found['eps'])}" if "eps" in found else "",
        "without weights" if found.get("affine", found.get("elementwise_affine")) is False else "",
    ]


def _attention(found: Attributes) -> list[str]:
    return [
        f"{found['num_heads']} heads" if "num_heads" in found else "",
        f"width {found['embed_dim']}" if "embed_dim" in found else "",
        f"dropout {_text(found['dropout'])}" if found.get("dropout") else "",
    ]


def _recurrent(found: Attributes) -> list[str]:
    layers = found.get("num_layers", 1)
    return [
        _change(found, "input_size", "hidden_size"),
        "" if layers == 1 else f"{layers} layers",
        "both directions" if found.get("bidirectional") else "",
        _bias(found),
    ]


def _embedding(found: Attributes) -> list[str]:
    if "num_embeddings" not in found:
        return []
    return [f"{found['num_embeddings']} entries of {found.get('embedding_dim', '?')}"]


def _prelu(found: Attributes) -> list[str]:
    count = found.get("num_parameters", 1)
    return ["one slope" if count == 1 else f"{count} slopes"]


_TELLERS: Mapping[str, Callable[[Attributes], list[str]]] = {
    "conv": _convolution, "lazyconv": _convolution,
    "linear": _linear,
    "maxpool": _pooling, "avgpool": _pooling, "adaptive": _pooling, "lppool": _pooling,
    "batchnorm": _normalisation, "layernorm": _normalisation, "groupnorm": _normalisation,
    "instancenorm": _normalisation, "rmsnorm": _normalisation,
    "multiheadattention": _attention,
    "lstm": _recurrent, "gru": _recurrent, "rnn": _recurrent,
    "embedding": _embedding,
    "prelu": _prelu,
}  # fmt: skip
"""By how the operation begins, in lower case and without underscores."""


def _bias(found: Attributes) -> str:
    return "" if "bias" not in found else "bias" if found["bias"] else "no bias"


def _change(found: Attributes, before: str, after: str) -> str:
    if before not in found or after not in found:
        return ""
    return f"{found[before]} to {found[after]}"


def _same(value: Attribute | None) -> Attribute | None:
    """Return one number for a tuple of equal ones."""
    if isinstance(value, tuple) and len(set(value)) == 1:
        return value[0]
    return value


def _sides(value: Attribute | None, count: int) -> str:
    """Return `3 × 3` for a size of one number or of several."""
    if isinstance(value, tuple):
        return f" {TIMES} ".join(_text(one) for one in value)
    return _text(value) if count == 1 or not isinstance(value, int) else _square(value, count)


def _square(value: int, count: int) -> str:
    return f" {TIMES} ".join([str(value)] * count)


def _text(value: Attribute | None) -> str:
    if isinstance(value, tuple):
        return ", ".join(_text(one) for one in value)
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if isinstance(value, str) else text.replace("-", MINUS)

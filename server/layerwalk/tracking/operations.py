"""What torch functions are called, and which of them are places worth showing: two tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Detail = Literal["trackers", "modules", "operations"]
"""Which operations are nodes: see `trace`."""

_ALIASES = {
    "__getitem__": "getitem", "__setitem__": "setitem", "__radd__": "add", "__rsub__": "sub",
    "__rmul__": "mul", "__rdiv__": "div", "__rtruediv__": "div", "__rpow__": "pow",
    "__rmatmul__": "matmul", "__floordiv__": "floor_divide", "__rfloordiv__": "floor_divide",
    "__rmod__": "remainder", "__invert__": "bitwise_not", "__and__": "bitwise_and",
    "__or__": "bitwise_or", "__xor__": "bitwise_xor", "__rand__": "bitwise_and",
    "__ror__": "bitwise_or", "__rxor__": "bitwise_xor", "concat": "cat", "concatenate": "cat",
    "true_divide": "div", "divide": "div", "multiply": "mul", "subtract": "sub", "rsub": "sub",
    "negative": "neg", "absolute": "abs",
}  # fmt: skip

_IN_PLACE_STEMS = frozenset(
    {"add", "sub", "mul", "div", "truediv", "pow", "mod", "and", "or", "xor", "floordiv", "matmul"}
)

LAYOUT = frozenset({
    "view", "view_as", "reshape", "reshape_as", "unflatten", "permute", "transpose", "t", "T", "mT",
    "H", "mH", "adjoint", "swapaxes", "swapdims", "movedim", "moveaxis", "squeeze", "unsqueeze",
    "expand", "expand_as", "broadcast_to", "broadcast_tensors", "atleast_1d", "atleast_2d",
    "atleast_3d", "contiguous", "to", "type", "type_as", "float", "half", "double", "bfloat16",
    "int", "long", "short", "char", "byte", "bool", "cpu", "cuda", "clone", "detach", "data",
    "requires_grad", "getitem", "select", "narrow", "unbind", "as_strided", "alias", "view_as_real",
    "view_as_complex", "real", "imag", "pin_memory", "as_subclass", "positive", "resolve_conj",
    "resolve_neg", "lift_fresh", "tensor", "as_tensor", "asarray", "from_numpy", "from_dlpack", "grad", "rename", "refine_names", "align_to", "data_ptr",
})  # fmt: skip
"""Operations that only rearrange, pick or convert: no places of their own at detail "modules"."""

OVERWRITING = frozenset({
    "copy", "fill", "zero", "normal", "uniform", "random", "bernoulli", "exponential", "set",
})  # fmt: skip
"""In-place operations that do not read the tensor they write."""

QUERIES = frozenset({
    "shape", "dtype", "device", "size", "dim", "ndim", "numel", "nelement", "ndimension", "stride",
    "is_contiguous", "is_cuda", "is_floating_point", "is_complex", "is_nested", "is_sparse",
    "is_quantized", "is_meta", "is_mkldnn", "is_inference", "is_leaf", "requires_grad", "grad_fn",
    "layout", "names", "itemsize", "nbytes", "element_size", "data_ptr", "storage_offset",
    "untyped_storage", "_version", "__len__", "__bool__", "__int__", "__float__", "__index__",
    "__contains__", "__repr__", "__format__", "__hash__",
    "__dlpack_device__", "item", "storage", "get_device", "_set_grad_enabled",
    "equal", "allclose", "is_same_size", "is_set_to", "register_hook", "is_signed", "output_nr",
    "_backward_hooks", "name", "retain_grad", "retains_grad", "result_type", "is_tensor",
    "_is_view", "is_conj", "is_neg", "is_pinned", "is_shared", "dim_order", "is_xla", "is_cpu",
    "is_ipu", "is_mps", "is_xpu", "is_vulkan", "is_maia", "is_mtia", "is_sparse_csr", "is_coalesced",
    "_nested_tensor_size", "sparse_dim", "dense_dim", "_cdata", "_base", "volatile", "_grad",
    "_backward", "backward", "__deepcopy__", "__reduce_ex__", "__setstate__", "is_storage",
})  # fmt: skip
"""Questions to a tensor that no value comes from."""


EXPORTS = frozenset({"numpy", "__array__", "__dlpack__", "tolist"})
"""Ways out of torch's sight."""

IMPORTS = frozenset({"tensor", "as_tensor", "asarray", "from_numpy", "from_dlpack"})
"""Ways back."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What is known of a torch function beforehand.

    Attributes:
        name: one name for all spellings: `add` for `+`, `+=`, `torch.add` and `Tensor.add_`.
        is_layout: only rearranges, picks or converts.
        is_assignment: `x[...] = y`.
        is_overwriting: writes its first argument without reading it.
        is_spelled_in_place: ends with an underscore, as in `add_`.
        is_export: hands the tensor to NumPy or another library; gives no tensor.
        is_import: makes a tensor of something else.
        is_fill: makes a tensor of the shape of its first argument, whose values it does not read.
    """

    name: str
    is_layout: bool
    is_assignment: bool
    is_overwriting: bool
    is_spelled_in_place: bool
    is_export: bool
    is_import: bool
    is_fill: bool


def describe(function: Callable[..., Any]) -> Operation | None:
    """Return what `function`, as a torch function mode gets it, is; None for mere questions."""
    raw = getattr(function, "__name__", None) or type(function).__name__
    if raw in ("__get__", "__set__", "__delete__"):
        owner = getattr(function, "__self__", None)
        raw = getattr(owner, "__name__", raw) if raw == "__get__" else raw
    if raw in QUERIES or raw in ("__set__", "__delete__"):
        return None
    is_dunder = raw.startswith("__") and raw.endswith("__")
    name = _ALIASES.get(raw)
    if name is None:
        name = raw.strip("_") or raw
        if is_dunder and name[:1] == "i" and name[1:] in _IN_PLACE_STEMS:
            name = name[1:]
        name = _ALIASES.get(name, name)
    is_in_place = not is_dunder and raw.endswith("_")
    return Operation(
        name=name,
        is_layout=name in LAYOUT,
        is_assignment=raw == "__setitem__",
        is_overwriting=is_in_place and name in OVERWRITING,
        is_spelled_in_place=is_in_place or raw == "__setitem__" or is_dunder,
        is_export=raw in EXPORTS,
        is_import=raw in IMPORTS,
        is_fill=name.startswith("new_") or name.endswith("_like"),
    )


class OperationBook:
    """What each torch function is at one detail, looked up once. Mutable, owned by one tracer."""

    def __init__(self, detail: Detail) -> None:
        self._detail = detail
        self._known: dict[Callable[..., Any], Operation | None] = {}

    def describe(self, function: Callable[..., Any]) -> Operation | None:
        """Return what `function` is; None for mere questions."""
        try:
            return self._known[function]
        except KeyError:
            found = self._known[function] = describe(function)
            return found

    def is_shown(self, operation: Operation, *, is_inside_leaf: bool) -> bool:
        """Return whether an operation counts: the same for tracing and recording."""
        if operation.is_export:
            return False
        if self._detail == "modules":
            return not (operation.is_layout or is_inside_leaf)
        return self._detail == "operations"

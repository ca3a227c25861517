"""Where torch ends: from a Recording to read-only NumPy arrays with their statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from layerwalk.tracking.drafts import batch_axis
from layerwalk.tracking.recorder import Recording
from layerwalk.tracking.summary import summarise
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.graph import Graph, Node
from layerwalk_shared.messages import NodeStatistics
from layerwalk_shared.views import Layout, guess_view, layout


@dataclass(frozen=True, slots=True)
class FrozenValues:
    """One item of a batch, aligned with the nodes of a graph.

    Attributes:
        values: C-contiguous read-only array of each node, without batch axis; None where the node
            was not reached. Arrays of nodes with the same values share memory.
        statistics: numbers of each node.
    """

    values: tuple[NDArray[Any] | None, ...]
    statistics: tuple[NodeStatistics, ...]


def freeze(recording: Recording, graph: Graph, *, batch_item: int = 0) -> FrozenValues:
    """Return the values of one item of the batch as NumPy arrays on the CPU, with statistics.

    float32, float64, integers and booleans stay what they are; float16 and bfloat16 become
    float32, complex numbers their absolute values. Values that are on the CPU already are not
    copied, so the recording's tensors must not be written afterwards.

    Raises:
        InvalidRequestError: the batch has no such item.
    """
    if not 0 <= batch_item < max(1, recording.batch):
        raise InvalidRequestError(f"item {batch_item} of a batch of {recording.batch}")
    arrays: list[NDArray[Any] | None] = []
    statistics: list[NodeStatistics] = []
    seen: dict[tuple[object, ...], int] = {}
    for index, node in enumerate(graph.nodes):
        tensor = recording.values.get(node.id)
        if tensor is None or tensor.numel() == 0:
            shape = node.shape if tensor is None else tuple(tensor.shape[1:])
            arrays.append(None)
            statistics.append(
                NodeStatistics(shape=shape, pictures=_laid(node, shape).pictures, has_values=False)
            )
            continue
        with torch.no_grad():
            item = _item(tensor, recording, node, batch_item)
            laid = _laid(node, tuple(item.shape))
            key = (_place(item), laid)
            first = seen.setdefault(key, index)
            if first != index:
                arrays.append(arrays[first])
                statistics.append(statistics[first].model_copy(update={"same_as": first}))
                continue
            values = _on_cpu(item)
            statistics.append(summarise(values, laid.pictures))
        array: NDArray[Any] = values.numpy()
        array.flags.writeable = False
        arrays.append(array)
    return FrozenValues(tuple(arrays), tuple(statistics))


def _item(tensor: Tensor, recording: Recording, node: Node, item: int) -> Tensor:
    batch = recording.batch
    axis = recording.batch_axes.get(node.id, 0)
    if tensor.ndim != len(node.shape) + (axis is not None):
        axis = batch_axis(tensor.shape, batch)
    if axis is not None and axis < tensor.ndim and tensor.shape[axis] == batch:
        return tensor.select(axis, item)
    if batch > 1 and tensor.ndim and tensor.shape[0] % batch == 0:
        rows = tensor.shape[0] // batch  # the batch was folded into the first axis
        return tensor.narrow(0, item * rows, rows)
    return tensor


def _laid(node: Node, shape: tuple[int, ...]) -> Layout:
    try:
        return layout(node.view, shape)
    except InvalidRequestError:
        return layout(guess_view(shape), shape)


def _place(tensor: Tensor) -> tuple[object, ...]:
    if tensor.layout is not torch.strided:
        return (id(tensor),)
    return tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype, tensor.device


def _on_cpu(tensor: Tensor) -> Tensor:
    tensor = tensor.detach()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if tensor.is_complex():
        tensor = tensor.abs()
    if tensor.is_floating_point() and tensor.dtype not in (torch.float32, torch.float64):
        tensor = tensor.float()
    tensor = tensor.to("cpu").contiguous().resolve_neg()
    whole = tensor.untyped_storage().nbytes()
    if whole > 2 * tensor.numel() * tensor.element_size():
        tensor = tensor.clone()  # do not keep a whole batch alive for one item
    return tensor

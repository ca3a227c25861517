"""From a map of a node to one number for each of its channels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.graph import View
from layerwalk_shared.views import guess_view, layout


def channel_sums(values: Tensor, view: View, channels: int) -> NDArray[np.float32]:
    """Return the sum over each channel of a node as it is drawn, `[channels]`.

    Every element counts, also those that a view leaves out (a class token). Where the tensor is no
    longer of the shape that the node was drawn with, the last channels stay 0 or are left out.

    Args:
        values: of the node, without batch axis.
        view: how the node is shown.
        channels: pictures of the node.
    """
    shape = tuple(values.shape)
    found = np.zeros(channels, np.float32)
    if values.numel() == 0:
        return found
    if channels == 1:
        found[0] = float(values.double().sum())
        return found
    try:
        laid = layout(view, shape)
    except InvalidRequestError:
        laid = layout(guess_view(shape), shape)
    values = values.double()
    main = values[laid.skipped :] if laid.skipped else values
    axis = laid.order.index("c") if "c" in laid.order else None
    cells = main.reshape(laid.sizes)
    if axis is None:
        found[0] = float(cells.sum())
        return found
    sums = cells.movedim(axis, 0).flatten(1).sum(1)
    if laid.skipped:
        sums = sums + values[: laid.skipped].reshape(laid.skipped, -1).sum(0)
    count = min(channels, len(sums))
    found[:count] = sums[:count].to("cpu").float().numpy()
    return found


def item_of(tensor: Tensor, axis: int | None, *, axes: int) -> Tensor:
    """Return the one item of a batch of one.

    Args:
        tensor: of a node.
        axis: that counts the items where the node has the shape it was traced with; None: none.
        axes: of the node without that axis.
    """
    if axis is not None and tensor.ndim == axes + 1 and tensor.shape[axis] == 1:
        return tensor.select(axis, 0)
    return tensor[0] if tensor.ndim > axes and tensor.shape[0] == 1 else tensor

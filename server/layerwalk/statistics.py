"""Statistics of a node's values or of weights: whole, histogram, per channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layerwalk.pyramid import as_slices, as_tensor
from layerwalk_shared.graph import View
from layerwalk_shared.messages import ChannelStatistics, Histogram, ValueStatistics
from layerwalk_shared.views import layout


def channel_rows(values: NDArray[np.generic], view: View) -> NDArray[np.float32]:
    """Return a node's values as `[C, M]`: one row for each channel, without any padding.

    Of an image the colours are the channels; of the `grid` view the tokens before the patches are
    left out.
    """
    if view in ("image", "pictures") or values.size == 0:
        return as_rows(values)
    slices: NDArray[np.float32] = as_slices(as_tensor(values), layout(view, values.shape)).numpy()
    return slices.reshape(len(slices), -1)


def as_rows(values: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return values as `[C, M]` float32, the first axis the channels."""
    count = 1 if values.ndim == 0 else max(1, len(values))
    rows: NDArray[np.float32] = values.astype(np.float32, copy=False).reshape(count, -1)
    return rows


def describe_values(
    node: str, shape: tuple[int, ...], rows: NDArray[np.float32], *, bins: int
) -> ValueStatistics:
    """Return the statistics of values, over the finite ones.

    Args:
        node: id of the node.
        shape: of the tensor.
        rows: `[C, M]`.
        bins: of the histogram, equally wide from the minimum to the maximum; where these are the
            same, one wide around it.

    A channel is dead where every value of it is zero.
    """
    finite = np.isfinite(rows)
    is_finite = bool(finite.all())
    known = rows.reshape(-1) if is_finite else rows[finite]
    if known.size:
        counts, edges = np.histogram(known, bins=bins, range=_span(known))
    else:
        counts, edges = np.zeros(bins, np.int64), np.linspace(-0.5, 0.5, bins + 1)
    channels = _channels(rows, None if is_finite else finite)
    alive = np.any(rows != 0, axis=1) if rows.shape[1] else np.zeros(len(rows), bool)
    return ValueStatistics(
        node=node,
        shape=shape,
        minimum=float(known.min(initial=np.inf)) if known.size else 0.0,
        maximum=float(known.max(initial=-np.inf)) if known.size else 0.0,
        mean=float(known.mean(dtype=np.float64)) if known.size else 0.0,
        std=float(known.std(dtype=np.float64)) if known.size else 0.0,
        zeros=float((known == 0).mean()) if known.size else 0.0,
        not_finite=int(rows.size - known.size),
        histogram=Histogram(edges=tuple(edges.tolist()), counts=tuple(counts.tolist())),
        channels=channels,
        dead_channels=tuple(np.flatnonzero(~alive).tolist()),
    )


def _span(known: NDArray[np.float32]) -> tuple[float, float]:
    low, high = float(known.min()), float(known.max())
    if low < high and np.isfinite(high - low):
        return low, high
    return low - 0.5, high + 0.5


def _channels(rows: NDArray[np.float32], finite: NDArray[np.bool_] | None) -> ChannelStatistics:
    """Return the statistics of each row over its finite values; of none, zeros."""
    where = np.ones_like(rows, bool) if finite is None else finite
    count = where.sum(axis=1)
    has_any = count > 0
    wide = np.where(where, rows, 0).astype(np.float64)
    divisor = np.maximum(count, 1)
    mean = wide.sum(axis=1) / divisor
    spread = np.where(where, wide - mean[:, None], 0)
    low = np.min(rows, axis=1, where=where, initial=np.inf)
    high = np.max(rows, axis=1, where=where, initial=-np.inf)
    return ChannelStatistics(
        minimum=_listed(np.where(has_any, low, 0)),
        maximum=_listed(np.where(has_any, high, 0)),
        mean=_listed(mean),
        std=_listed(np.sqrt((spread**2).sum(axis=1) / divisor)),
        zeros=_listed(((rows == 0) & where).sum(axis=1) / divisor),
    )


def _listed(values: NDArray[np.floating]) -> tuple[float, ...]:
    return tuple(values.astype(np.float64).tolist())

"""What value gets the end of the colour table at a node, told from a snapshot's manifest."""

from __future__ import annotations

from layerwalk_client.world.view import Appearance
from layerwalk_shared.messages import SnapshotManifest


def node_range(
    appearance: Appearance,
    manifest: SnapshotManifest | None,
    node: int | None,
    *,
    channel_scale: float | None = None,
) -> float | None:
    """Return the range of a node, None where nothing here tells it.

    Args:
        node: index in the graph; None asks for a range that no node is needed for.
        channel_scale: largest absolute value of the channel that is meant, for mode `channel`.
    """
    if appearance.mode == "manual":
        return abs(appearance.manual)
    if manifest is None:
        return None
    if appearance.mode == "shared":
        return max((one.scale for one in manifest.nodes if one.has_values), default=None)
    statistics = manifest.nodes[node] if node is not None else None
    if statistics is None or not statistics.has_values or appearance.mode == "channel":
        return channel_scale
    if appearance.mode == "node":
        return statistics.scale
    return statistics.percentile(appearance.percentile)

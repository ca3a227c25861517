"""Snapshots: the manifest, exact values, a channel as a picture, statistics."""

from __future__ import annotations

from typing import Annotated

from flask import Response
from pydantic import Field, FiniteFloat

from layerwalk.drawing import channel_picture, png, scaled
from layerwalk.http.answers import array, immutable, message, picture, unchanged
from layerwalk.http.context import Context
from layerwalk.http.operations import Answer, Operation, Query, json_answer
from layerwalk.http.slices import PATTERN, sliced
from layerwalk.snapshots import Snapshot
from layerwalk.statistics import channel_rows, describe_values
from layerwalk_shared.colours import DEFAULT_TABLE
from layerwalk_shared.messages import RangeMode, SnapshotManifest, ValueStatistics
from layerwalk_shared.routes import CHANNEL, SNAPSHOT, STATS, VALUES


class ValuesQuery(Query):
    """Query of values."""

    channels: Annotated[
        str | None,
        Field(
            description="Slice of the tensor's first axis: `3`, `3:7` (3 to 6), `3:`.",
            pattern=PATTERN,
        ),
    ] = None


class ChannelQuery(Query):
    """Query of a picture."""

    colormap: Annotated[str, Field(description="Colour table.")] = DEFAULT_TABLE
    range: Annotated[
        RangeMode, Field(description="Whose largest magnitude gets the table's end.")
    ] = "node"
    manual: Annotated[
        FiniteFloat, Field(gt=0, description="Value of the table's end, for `range=manual`.")
    ] = 1.0
    percentile: Annotated[
        FiniteFloat, Field(ge=0, le=100, description="For `range=percentile`.")
    ] = 99.0
    size: Annotated[
        int | None, Field(ge=1, le=4096, description="Pixels of the longer side; native without.")
    ] = None


class StatsQuery(Query):
    """Query of statistics."""

    bins: Annotated[int, Field(ge=1, le=1024, description="Bins of the histogram.")] = 64


def node_index(snapshot: Snapshot, node_id: str) -> int:
    """Return the index of a node in a snapshot's graph.

    Raises:
        NotFoundError: there is none; names the nearest.
    """
    snapshot.graph.node(node_id)
    return snapshot.graph.index[node_id]


def show_snapshot(context: Context, query: Query, *, snapshot: str) -> Response:
    found = context.session.snapshot(snapshot)
    return unchanged(found.id) or immutable(message(found.manifest), found.id)


def show_values(context: Context, query: ValuesQuery, *, snapshot: str, node: str) -> Response:
    found = context.session.snapshot(snapshot)
    values = found.node_values(node_index(found, node))
    return unchanged(found.id) or immutable(
        array(sliced(values, query.channels, node=node)), found.id
    )


def show_channel(
    context: Context, query: ChannelQuery, *, snapshot: str, node: str, channel: int
) -> Response:
    found = context.session.snapshot(snapshot)
    index = node_index(found, node)
    found.channel_of(index, channel)
    if known := unchanged(found.id):
        return known
    drawn = channel_picture(
        found,
        index,
        channel,
        colormap=query.colormap,
        range_mode=query.range,
        manual=query.manual,
        percentile=query.percentile,
    )
    sized = scaled(drawn, query.size, largest=context.limits.picture_side)
    return immutable(picture(png(sized)), found.id)


def show_stats(context: Context, query: StatsQuery, *, snapshot: str, node: str) -> Response:
    found = context.session.snapshot(snapshot)
    index = node_index(found, node)
    values = found.node_values(index)
    if known := unchanged(found.id):
        return known
    rows = channel_rows(values, found.views[index])
    described = describe_values(node, values.shape, rows, bins=query.bins)
    return immutable(message(described), found.id)


OPERATIONS = (
    Operation(
        "GET",
        SNAPSHOT,
        show_snapshot,
        tag="snapshots",
        summary="A snapshot's manifest: input, scales of every node, top classes",
        answers={200: json_answer(SnapshotManifest, "The manifest.")},
        errors=(404, 410),
    ),
    Operation(
        "GET",
        VALUES,
        show_values,
        tag="snapshots",
        summary="The exact values of a node, as an NPY file",
        query=ValuesQuery,
        answers={200: (Answer("application/x-npy", "The tensor without batch axis."),)},
        errors=(404, 410),
    ),
    Operation(
        "GET",
        CHANNEL,
        show_channel,
        tag="snapshots",
        summary="A channel as a PNG picture",
        query=ChannelQuery,
        answers={200: (Answer("image/png", "The picture."),)},
        errors=(404, 410, 413),
    ),
    Operation(
        "GET",
        STATS,
        show_stats,
        tag="snapshots",
        summary="Statistics of a node: whole, histogram, per channel, dead channels",
        query=StatsQuery,
        answers={200: json_answer(ValueStatistics, "The statistics.")},
        errors=(404, 410),
    ),
)

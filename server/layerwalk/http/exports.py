"""A node's maps as files to take along: a sheet with its legend, and arrays with what they are."""

from __future__ import annotations

from typing import Annotated

from flask import Response
from pydantic import Field, FiniteFloat

from layerwalk.http.answers import immutable, picture, unchanged
from layerwalk.http.context import Context
from layerwalk.http.operations import Answer, Operation, Query
from layerwalk.http.slices import LISTED, MOST_LISTED, chosen
from layerwalk.http.snapshots import node_index
from layerwalk.mappages import Looks
from layerwalk.mapsheets import draw_maps, values_npz
from layerwalk_shared.colours import DEFAULT_TABLE
from layerwalk_shared.messages import RangeMode
from layerwalk_shared.routes import NODE_SHEET, VALUES_NPZ

Channels = Annotated[
    str | None,
    Field(
        description="Channels and slices of them, in this order: `0:16,40`; all without.",
        pattern=LISTED,
        max_length=MOST_LISTED,
    ),
]


class SheetQuery(Query):
    """Query of a sheet of maps."""

    channels: Channels = None
    colormap: Annotated[str, Field(description="Colour table.")] = DEFAULT_TABLE
    range: Annotated[
        RangeMode, Field(description="Whose largest magnitude gets the table's end.")
    ] = "percentile"
    manual: Annotated[
        FiniteFloat, Field(gt=0, description="Value of the table's end, for `range=manual`.")
    ] = 1.0
    percentile: Annotated[
        FiniteFloat, Field(ge=0, le=100, description="For `range=percentile`.")
    ] = 99.0


class ArraysQuery(Query):
    """Query of arrays."""

    channels: Channels = None


def show_sheet(context: Context, query: SheetQuery, *, snapshot: str, node: str) -> Response:
    found = context.session.snapshot(snapshot)
    index = node_index(found, node)
    if known := unchanged(found.id):
        return known
    network = context.session.describe_network(found.manifest.network)
    is_answer = (
        found.pictures(index)[0] == len(network.classes) and index == len(network.graph.nodes) - 1
    )
    drawn = draw_maps(
        found,
        index,
        network=network.name,
        channels=chosen(query.channels),
        looks=Looks(query.colormap, query.range, query.manual, query.percentile),
        names=network.classes if is_answer else (),
    )
    return immutable(picture(drawn), found.id)


def show_arrays(context: Context, query: ArraysQuery, *, snapshot: str, node: str) -> Response:
    found = context.session.snapshot(snapshot)
    index = node_index(found, node)
    if known := unchanged(found.id):
        return known
    network = context.session.describe_network(found.manifest.network)
    made = values_npz(found, index, network=network.name, channels=chosen(query.channels))
    return immutable(Response(made, mimetype="application/x-npz"), found.id)


OPERATIONS = (
    Operation(
        "GET",
        NODE_SHEET,
        show_sheet,
        tag="snapshots",
        summary="A node's channels side by side as a PNG picture with a legend",
        query=SheetQuery,
        answers={200: (Answer("image/png", "The sheet."),)},
        errors=(404, 410, 413),
    ),
    Operation(
        "GET",
        VALUES_NPZ,
        show_arrays,
        tag="snapshots",
        summary="The exact values of a node and what they are, as an NPZ file",
        query=ArraysQuery,
        answers={200: (Answer("application/x-npz", "The arrays."),)},
        errors=(404, 410),
    ),
)

"""Comparisons: two snapshots held side by side, and their difference."""

from __future__ import annotations

from flask import Response

from layerwalk.http.answers import message
from layerwalk.http.context import Context
from layerwalk.http.networks import client_name
from layerwalk.http.operations import Operation, Query, json_answer, json_wish
from layerwalk_shared.messages import (
    CLIENT_HEADER,
    ComparisonDescription,
    ComparisonList,
    ComparisonRequest,
)
from layerwalk_shared.routes import COMPARISON, COMPARISONS


def list_comparisons(context: Context, query: Query) -> Response:
    return message(ComparisonList(comparisons=context.session.comparisons.all()))


def begin_comparison(context: Context, query: Query) -> Response:
    wish = json_wish(ComparisonRequest)
    made = context.session.comparisons.begin(wish.first, wish.second, client=client_name())
    response = message(made, 201)
    response.headers["Location"] = COMPARISON.url(comparison=made.id)
    return response


def show_comparison(context: Context, query: Query, *, comparison: str) -> Response:
    return message(context.session.comparisons.get(comparison))


def end_comparison(context: Context, query: Query, *, comparison: str) -> Response:
    return message(context.session.comparisons.end(comparison))


OPERATIONS = (
    Operation(
        "POST",
        COMPARISONS,
        begin_comparison,
        tag="comparisons",
        summary="Compare two snapshots, of one network or of two",
        text=(
            "Both stay in memory until the comparison ends. `difference` is a snapshot of its own, "
            "`second - first`, exact in float32: its tiles, values, pictures and statistics come by "
            "the routes of every snapshot. Nodes are partners by their ids, else by their place and "
            f"kind in the graph. With `{CLIENT_HEADER}` a client's comparison before this ends."
        ),
        bodies={"application/json": ComparisonRequest},
        answers={201: json_answer(ComparisonDescription, "The comparison; `Location` names it.")},
        errors=(404, 410, 415),
    ),
    Operation(
        "GET",
        COMPARISONS,
        list_comparisons,
        tag="comparisons",
        summary="The comparisons that hold their snapshots, oldest first",
        answers={200: json_answer(ComparisonList, "Comparisons.")},
        errors=(),
    ),
    Operation(
        "GET",
        COMPARISON,
        show_comparison,
        tag="comparisons",
        summary="A comparison: both manifests, and that of the difference",
        answers={200: json_answer(ComparisonDescription, "The comparison.")},
    ),
    Operation(
        "DELETE",
        COMPARISON,
        end_comparison,
        tag="comparisons",
        summary="Let go of a comparison",
        text="Its difference goes at once; both snapshots may go as any other.",
        answers={200: json_answer(ComparisonDescription, "What it was.")},
    ),
)

"""Views: how a node is shown, for everyone."""

from __future__ import annotations

from flask import Response

from layerwalk.http.answers import message
from layerwalk.http.context import Context
from layerwalk.http.operations import Operation, Query, json_answer, json_wish
from layerwalk_shared.graph import Node
from layerwalk_shared.messages import ViewRequest
from layerwalk_shared.routes import VIEW


def set_view(context: Context, query: Query, *, network: str, node: str) -> Response:
    wish = json_wish(ViewRequest)
    return message(context.session.show_as(network, node, wish.view))


def restore_view(context: Context, query: Query, *, network: str, node: str) -> Response:
    return message(context.session.show_as(network, node, None))


_TEXT = (
    "Snapshots stay as they are. The newest of the network, and the newest of each client, come "
    "once more as new ones of the same values."
)

OPERATIONS = (
    Operation(
        "PUT",
        VIEW,
        set_view,
        tag="networks",
        summary="Show a node another way, for everyone",
        text=_TEXT,
        bodies={"application/json": ViewRequest},
        answers={200: json_answer(Node, "The node as it is shown now.")},
        errors=(404, 415),
    ),
    Operation(
        "DELETE",
        VIEW,
        restore_view,
        tag="networks",
        summary="Show a node as it is guessed",
        text=_TEXT,
        answers={200: json_answer(Node, "The node as it is shown now.")},
    ),
)

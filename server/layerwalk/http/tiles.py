"""Tiles: one by its place, or many in one body."""

from __future__ import annotations

from typing import Annotated

from flask import Response, request
from pydantic import Field, ValidationError

from layerwalk.http.answers import immutable, tiles, unchanged
from layerwalk.http.context import Context
from layerwalk.http.operations import Answer, Operation, Query, check_json
from layerwalk.http.security import is_loopback
from layerwalk.http.snapshots import node_index
from layerwalk_shared.errors import InvalidRequestError, UnsupportedMediaError
from layerwalk_shared.messages import TileDType, TileRequest
from layerwalk_shared.routes import TILE, TILES
from layerwalk_shared.tiles import MAX_SIDE, MEDIA_TYPE, TileKey

DTYPE_TEXT = "float16 is the default on loopback, int8 elsewhere; images are RGB8 in any case."


class TileQuery(Query):
    """Query of one tile."""

    dtype: Annotated[TileDType | None, Field(description=DTYPE_TEXT)] = None


class TilesQuery(TileQuery):
    """Query of many tiles."""

    overview: Annotated[
        int | None,
        Field(
            ge=1,
            le=MAX_SIDE,
            description="Instead of a body: of every node the finest level of sides up to this.",
        ),
    ] = None


def show_tile(
    context: Context, query: TileQuery, *, snapshot: str, node: str, block: int, level: int
) -> Response:
    found = context.session.snapshot(snapshot)
    key = TileKey(node_index(found, node), block, level)
    dtype = query.dtype or default_dtype()
    if known := unchanged(found.id, dtype):
        return known
    store = context.session.tiles
    body = store.stream(found, (key,), dtype=dtype)
    return immutable(tiles(store, body), found.id, dtype)


def show_tiles(context: Context, query: TilesQuery, *, snapshot: str) -> Response:
    found = context.session.snapshot(snapshot)
    store = context.session.tiles
    data = request.get_data()
    if query.overview is not None:
        if data:
            raise InvalidRequestError("either ?overview or a body, not both")
        dtype = query.dtype or default_dtype()
        return tiles(store, store.overview(found, query.overview, dtype=dtype))
    if request.mimetype != "application/json":
        raise UnsupportedMediaError(
            f"content type {request.mimetype!r}, expected application/json (or ?overview=8)"
        )
    try:
        wish = TileRequest.model_validate_json(data)
    except ValidationError as error:
        raise check_json(error) from error
    if query.dtype and wish.dtype and query.dtype != wish.dtype:
        raise InvalidRequestError(f"dtype is {query.dtype} in the query, {wish.dtype} in JSON")
    keys = [TileKey(*place) for place in wish.tiles]
    dtype = query.dtype or wish.dtype or default_dtype()
    return tiles(store, store.stream(found, keys, dtype=dtype))


def default_dtype() -> TileDType:
    """Return the storage for who asks: bandwidth is cheap on this machine only."""
    return "float16" if is_loopback(request.remote_addr or "") else "int8"


_BODY = (Answer(MEDIA_TYPE, "Records as in `layerwalk_shared.tiles`."),)

OPERATIONS = (
    Operation(
        "GET",
        TILE,
        show_tile,
        tag="tiles",
        summary="One mip level of one block of a node",
        query=TileQuery,
        answers={200: _BODY},
        errors=(404, 410, 413),
    ),
    Operation(
        "POST",
        TILES,
        show_tiles,
        tag="tiles",
        summary="Many tiles in one body, in the order asked for",
        text="The body names (node index, block, level) triples; or ?overview=8 and no body.",
        query=TilesQuery,
        bodies={"application/json": TileRequest},
        is_body_optional=True,
        answers={200: _BODY},
        errors=(404, 410, 413, 415),
    ),
)

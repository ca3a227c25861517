"""Answers: messages as JSON, arrays and pictures as bytes, bodies of tiles without copies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from io import BytesIO
from typing import IO, cast

import numpy as np
from flask import Response, request
from numpy.lib import format as npy_format
from numpy.typing import NDArray
from pydantic import BaseModel
from werkzeug.wsgi import wrap_file

from layerwalk.http.memory import PIECES, MemoryFile, Piece
from layerwalk.tilestore import TileBody, TileStore
from layerwalk_shared.tiles import MEDIA_TYPE

IMMUTABLE = "private, max-age=31536000, immutable"
SMALL_BYTES = 64 * 1024
"""Up to this, bytes go the plain way: a file in memory pays off for what is large."""
COMPRESSED_FROM_BYTES = 4 * 1024
ZSTD_LEVEL = 1


def message(model: BaseModel, status: int = 200) -> Response:
    """Return a message as JSON."""
    return Response(model.model_dump_json(), status, mimetype="application/json")


def picture(data: bytes) -> Response:
    """Return a PNG file."""
    return Response(data, mimetype="image/png")


def array(values: NDArray[np.generic]) -> Response:
    """Return an array as an NPY file; its values are sent from where they are."""
    head = BytesIO()
    values = np.ascontiguousarray(values).reshape(values.shape)
    npy_format.write_array_header_1_0(head, npy_format.header_data_from_array_1_0(values))
    content = values.reshape(-1).view(np.uint8).data
    return binary([head.getvalue(), content.cast("B")], "application/x-npy")


def binary(parts: Sequence[bytes | memoryview], media_type: str) -> Response:
    """Return bytes, compressed by zstd where the client asks for that.

    Large bodies are handed to the server as a file in memory (`wsgi.file_wrapper`): the socket
    reads from the parts themselves.
    """
    size = sum(len(part) for part in parts)
    packed = _packed(parts) if size >= COMPRESSED_FROM_BYTES and _wants_zstd() else None
    if packed is not None:
        response = Response(packed, mimetype=media_type)
        response.headers["Content-Encoding"] = "zstd"
    elif size <= SMALL_BYTES or request.method == "HEAD":
        response = Response(b"".join(parts), mimetype=media_type)
    else:
        response = Response(
            wrap_file(request.environ, cast(IO[bytes], MemoryFile(parts))),
            mimetype=media_type,
            direct_passthrough=True,
        )
        response.content_length = size
    response.headers["Vary"] = "Accept-Encoding"
    return response


def tiles(store: TileStore, body: TileBody) -> Response:
    """Return a body of tiles: sent while it is made, or compressed where the client asks."""
    if body.size <= COMPRESSED_FROM_BYTES or _wants_zstd() or request.method == "HEAD":
        parts = []
        for chunk in body.chunks:
            parts.append(bytes(chunk.view))
            store.give_back(chunk)
        return binary(parts, MEDIA_TYPE)
    takes_pieces = bool(request.environ.get(PIECES))
    response = Response(
        _sent(store, body, takes_pieces=takes_pieces), mimetype=MEDIA_TYPE, direct_passthrough=True
    )
    response.content_length = body.size
    response.headers["Vary"] = "Accept-Encoding"
    return response


def _sent(store: TileStore, body: TileBody, *, takes_pieces: bool) -> Iterator[bytes]:
    for chunk in body.chunks:
        if takes_pieces:
            yield cast(bytes, Piece(chunk.view, partial(store.give_back, chunk)))
        else:
            yield bytes(chunk.view)
            store.give_back(chunk)


def unchanged(snapshot: str, *more: object) -> Response | None:
    """Return a 304 where the client holds the answer already: snapshots never change.

    Args:
        snapshot: id of the snapshot, checked before.
        more: what the answer depends on beside the URL.
    """
    if request.if_none_match.contains(_tag(snapshot, *more)):
        return immutable(Response(status=304), snapshot, *more)
    return None


def immutable(response: Response, snapshot: str, *more: object) -> Response:
    """Return an answer that may be kept for good; arguments as for `unchanged`."""
    response.set_etag(_tag(snapshot, *more))
    response.headers["Cache-Control"] = IMMUTABLE
    return response


def _tag(snapshot: str, *more: object) -> str:
    place = repr((request.full_path, more)).encode()
    return f"{snapshot}-{hashlib.blake2s(place, digest_size=8).hexdigest()}"


def _wants_zstd() -> bool:
    return any(name == "zstd" and quality > 0 for name, quality in request.accept_encodings)


def _packed(parts: Sequence[bytes | memoryview]) -> bytes | None:
    try:
        import zstandard
    except ModuleNotFoundError:  # content coding is an offer; without the library it is not made
        return None
    packed: bytes = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(b"".join(parts))
    return packed

"""Each fetch and each wish as one HTTP request, and its answer as one arrival."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ValidationError

from layerwalk_client.source.arrivals import (
    Arrival,
    FileArrived,
    PageArrived,
    PictureArrived,
    SharesArrived,
    StatisticsArrived,
    TidingsArrived,
    TilesArrived,
    ValuesArrived,
    WeightsArrived,
    WishTaken,
)
from layerwalk_client.source.asking import (
    OVERVIEW_SIDE,
    SECOND,
    CancelJob,
    ChannelPicture,
    ChannelShares,
    Fetch,
    ItemPicture,
    Maximise,
    Overview,
    PutInput,
    Statistics,
    Tiles,
    Values,
    Weights,
    WeightStatistics,
    Wish,
)
from layerwalk_client.source.connection import Connection, Reply
from layerwalk_client.source.files import NodeFile, ResultFile
from layerwalk_client.source.surveying import (
    Excite,
    Exciting,
    ItemPage,
    Score,
    Scores,
    Sheet,
    Survey,
    Told,
)
from layerwalk_client.source.wishes import Attribute, EditWeights, ResetWeights
from layerwalk_shared import contributions, routes
from layerwalk_shared.errors import ProtocolError
from layerwalk_shared.messages import (
    CLIENT_HEADER,
    PROTOCOL_VERSION,
    ChannelExcitations,
    ChannelWeights,
    DatasetPage,
    EventBatch,
    Job,
    NetworkDescription,
    ScoreSummary,
    SessionDescription,
    SnapshotList,
    TileDType,
    TileRequest,
    ValueStatistics,
    WeightEdits,
)
from layerwalk_shared.tiles import MEDIA_TYPE, decode

EVENT_WAIT_S = 20
"""How long the server may hold an answer to 'what is new' back; it allows 30."""
MAX_TITLE = 200
"""Characters that the server keeps of an uploaded picture's name."""
FILE_S = 60.0
"""A sheet of hundreds of pictures is compressed while one waits."""
_JSON = {"Content-Type": "application/json"}
_Model = TypeVar("_Model", bound=BaseModel)


def read_session(connection: Connection) -> SessionDescription:
    """Return what there is.

    Raises:
        ProtocolError: the server speaks another version.
    """
    reply = connection.exchange("GET", routes.SESSION.url())
    found = _parse(reply, SessionDescription, "the session")
    if found.protocol != PROTOCOL_VERSION:
        raise ProtocolError(
            f"the server speaks protocol {found.protocol}, this client {PROTOCOL_VERSION}: "
            "install the same version of layerwalk on both sides"
        )
    return found


def read_network(connection: Connection, network: str) -> NetworkDescription:
    """Return one network whole."""
    reply = connection.exchange("GET", routes.NETWORK.url(network=network))
    return _parse(reply, NetworkDescription, f"network {network!r}")


def read_snapshots(connection: Connection, network: str) -> SnapshotList:
    """Return the manifests that a network has, oldest first."""
    reply = connection.exchange("GET", routes.SNAPSHOTS.url(network=network))
    return _parse(reply, SnapshotList, f"the snapshots of {network!r}")


def read_job(connection: Connection, job: str, *, wait_s: float) -> Job:
    """Return a job once it has ended, or after a while as it is."""
    path = f"{routes.JOB.url(job=job)}?{urlencode({'wait': wait_s})}"
    reply = connection.exchange("GET", path, timeout_s=wait_s + 15)
    return _parse(reply, Job, "a job")


def read_events(connection: Connection, after: int) -> EventBatch:
    """Wait for events after number `after`; an empty batch when nothing happened."""
    query = urlencode({"after": after, "wait": EVENT_WAIT_S})
    reply = connection.exchange(
        "GET", f"{routes.EVENTS.url()}?{query}", timeout_s=EVENT_WAIT_S + 15
    )
    return _parse(reply, EventBatch, "events")


def perform(connection: Connection, fetch: Fetch, *, dtype: TileDType | None) -> Arrival:
    """Make the request of a fetch; return its arrival.

    Raises:
        LayerwalkError: the server's error, or none that was understood.
    """
    if isinstance(fetch, Overview | Tiles):
        return _tiles(connection, fetch, dtype)
    if isinstance(fetch, Told):
        return TidingsArrived(fetch, _told(connection, fetch))
    methods: dict[type, Callable[[Connection, Any], Arrival]] = {
        Values: _values,
        Statistics: _statistics,
        ItemPage: _page,
        Sheet: _sheet,
        ItemPicture: _item,
        WeightStatistics: _weight_statistics,
        Weights: _weights,
        ChannelPicture: _channel,
        ResultFile: _file,
        NodeFile: _node_file,
        ChannelShares: _shares,
    }
    return methods[type(fetch)](connection, fetch)


_POSTED: Mapping[type, routes.Route] = {
    Maximise: routes.MAXIMISE,
    Attribute: routes.ATTRIBUTE,
    Score: routes.SCORE,
    Excite: routes.EXCITE,
}


def grant(connection: Connection, wish: Wish) -> WishTaken:
    """Send a wish; return the job it became."""
    if isinstance(wish, PutInput):
        return WishTaken(wish, _put_input(connection, wish))
    method, path, body = _asked(wish)
    reply = connection.exchange(
        method,
        path,
        body=None if body is None else body.model_dump_json().encode(),
        headers=None if body is None else _JSON,
        is_repeatable=False,
    )
    return WishTaken(wish, _parse(reply, Job, "a job"))


def _asked(
    wish: CancelJob | Maximise | Attribute | EditWeights | ResetWeights | Survey,
) -> tuple[str, str, BaseModel | None]:
    """Return method, path and body of a wish."""
    if isinstance(wish, CancelJob):
        return "DELETE", routes.JOB.url(job=wish.job), None
    if isinstance(wish, Maximise | Attribute | Score | Excite):
        return "POST", _POSTED[type(wish)].url(network=wish.network), wish.request
    if isinstance(wish, EditWeights):
        path = routes.NODE_WEIGHTS.url(network=wish.network, node=wish.node)
        return "PUT", path, WeightEdits(edits=wish.edits)
    if wish.node is None:
        return "DELETE", routes.EDITED_WEIGHTS.url(network=wish.network), None
    return "DELETE", routes.NODE_WEIGHTS.url(network=wish.network, node=wish.node), None


def _put_input(connection: Connection, wish: PutInput) -> Job:
    path = routes.INPUT.url(network=wish.network)
    query = {} if wish.argument is None else {"argument": wish.argument}
    if isinstance(wish.image, bytes):
        body, headers = wish.image, {"Content-Type": media_type_of(wish.image)}
        if wish.title:
            query["title"] = wish.title[:MAX_TITLE]
    else:
        body, headers = wish.image.model_dump_json().encode(), _JSON
    if query:
        path += "?" + urlencode(query)
    if wish.is_second:
        headers = {**headers, CLIENT_HEADER: connection.client + SECOND}
    reply = connection.exchange("POST", path, body=body, headers=headers, is_repeatable=False)
    return _parse(reply, Job, "a job")


def media_type_of(image: bytes) -> str:
    """Return the media type that the first bytes of an image, array or sound file announce."""
    signatures = {
        b"\x89PNG": "image/png",
        b"\xff\xd8\xff": "image/jpeg",
        b"\x93NUMPY": "application/x-npy",
    }
    for signature, media_type in signatures.items():
        if image.startswith(signature):
            return media_type
    if image[:4] == b"RIFF" and image[8:12] == b"WEBP":
        return "image/webp"
    if image[:4] == b"RIFF" and image[8:12] == b"WAVE":
        return "audio/wav"
    return "application/octet-stream"


def _tiles(
    connection: Connection, fetch: Overview | Tiles, dtype: TileDType | None
) -> TilesArrived:
    path = routes.TILES.url(snapshot=fetch.snapshot)
    body = None
    if isinstance(fetch, Overview):
        query = {"overview": str(OVERVIEW_SIDE), **({"dtype": dtype} if dtype else {})}
        path += "?" + urlencode(query)
    else:
        places = tuple((key.node, key.block, key.level) for key in fetch.keys)
        body = TileRequest(tiles=places, dtype=dtype).model_dump_json().encode()
    reply = connection.exchange(
        "POST", path, body=body, headers=_JSON if body is not None else None
    )
    if reply.media_type != MEDIA_TYPE:
        raise ProtocolError(f"tiles came as {reply.media_type!r}, expected {MEDIA_TYPE!r}")
    return TilesArrived(fetch.snapshot, tuple(decode(reply.body)), isinstance(fetch, Overview))


def _values(connection: Connection, fetch: Values) -> ValuesArrived:
    path = routes.VALUES.url(snapshot=fetch.snapshot, node=fetch.node)
    if fetch.row is not None:
        path += f"?channels={fetch.row}"
    return ValuesArrived(
        fetch, _array(connection.exchange("GET", path), f"values of {fetch.node!r}")
    )


def _weights(connection: Connection, fetch: Weights) -> WeightsArrived:
    path = routes.WEIGHTS.url(network=fetch.network, node=fetch.node)
    reply = connection.exchange("GET", f"{path}?channels={fetch.first}:{fetch.end}")
    return WeightsArrived(fetch, _array(reply, f"weights of {fetch.node!r}"))


def _array(reply: Reply, what: str) -> NDArray[np.float32]:
    try:
        values = np.load(io.BytesIO(reply.body), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ProtocolError(f"{what} are no NPY array: {error}") from error
    return np.asarray(values, np.float32)


def _statistics(connection: Connection, fetch: Statistics) -> StatisticsArrived:
    reply = connection.exchange("GET", routes.STATS.url(snapshot=fetch.snapshot, node=fetch.node))
    return StatisticsArrived(fetch, _parse(reply, ValueStatistics, f"{fetch.node!r}"))


def _weight_statistics(connection: Connection, fetch: WeightStatistics) -> StatisticsArrived:
    path = routes.WEIGHT_STATS.url(network=fetch.network, node=fetch.node)
    found = _parse(connection.exchange("GET", path), ValueStatistics, f"weights of {fetch.node!r}")
    return StatisticsArrived(fetch, found)


def _page(connection: Connection, fetch: ItemPage) -> PageArrived:
    listing = fetch.listing
    wishes = {
        "label": listing.label,
        "text": listing.text or None,
        "order": None if listing.order == "index" else listing.order,
        "network": listing.network,
        "offset": fetch.offset,
        "limit": fetch.limit,
    }
    query = urlencode({key: value for key, value in wishes.items() if value is not None})
    reply = connection.exchange("GET", f"{routes.ITEMS.url(dataset=listing.dataset)}?{query}")
    return PageArrived(fetch, _parse(reply, DatasetPage, f"items of {listing.dataset!r}"))


def _told(
    connection: Connection, fetch: Told
) -> ScoreSummary | ChannelExcitations | ChannelWeights:
    if isinstance(fetch, Scores):
        path = f"{routes.SCORE.url(network=fetch.network)}?{urlencode({'dataset': fetch.dataset})}"
        return _parse(connection.exchange("GET", path), ScoreSummary, "scores")
    place = {"network": fetch.network, "node": fetch.node}
    if isinstance(fetch, Exciting):
        query = {"dataset": fetch.dataset, "channel": fetch.channel, "most": fetch.most}
        path = f"{routes.EXCITING.url(**place)}?{urlencode(query)}"
        return _parse(connection.exchange("GET", path), ChannelExcitations, "exciting items")
    path = f"{routes.CHANNEL_WEIGHTS.url(**place, channel=fetch.channel)}?most={fetch.most}"
    return _parse(connection.exchange("GET", path), ChannelWeights, "weights")


def _sheet(connection: Connection, fetch: Sheet) -> PictureArrived:
    query = urlencode({"items": ",".join(map(str, fetch.items)), "side": fetch.side})
    reply = connection.exchange("GET", f"{routes.SHEET.url(dataset=fetch.dataset)}?{query}")
    return PictureArrived(fetch, _pixels(reply))


def _item(connection: Connection, fetch: ItemPicture) -> PictureArrived:
    path = routes.ITEM.url(dataset=fetch.dataset, item=fetch.item)
    return PictureArrived(fetch, _pixels(connection.exchange("GET", path)))


def _channel(connection: Connection, fetch: ChannelPicture) -> PictureArrived:
    path = routes.CHANNEL.url(snapshot=fetch.snapshot, node=fetch.node, channel=fetch.channel)
    if fetch.size is not None:
        path += f"?size={fetch.size}"
    return PictureArrived(fetch, _pixels(connection.exchange("GET", path)))


def _file(connection: Connection, fetch: ResultFile) -> FileArrived:
    route = routes.PICTURES_SHEET if fetch.form == "png" else routes.PICTURES_NPZ
    reply = connection.exchange("GET", route.url(snapshot=fetch.snapshot), timeout_s=FILE_S)
    return FileArrived(fetch, bytes(reply.body))


def _shares(connection: Connection, fetch: ChannelShares) -> SharesArrived:
    reply = connection.exchange("GET", routes.CONTRIBUTIONS.url(snapshot=fetch.snapshot))
    return SharesArrived(fetch, contributions.decode(bytes(reply.body)))


def _node_file(connection: Connection, fetch: NodeFile) -> FileArrived:
    return FileArrived(fetch, node_file(connection, fetch))


def node_file(connection: Connection, fetch: NodeFile) -> bytes:
    """Return a node's values as a file.

    Raises:
        LayerwalkError: there is no such node or channel, or the snapshot is gone.
    """
    route = {"png": routes.NODE_SHEET, "npy": routes.VALUES, "npz": routes.VALUES_NPZ}[fetch.form]
    query: dict[str, str] = {}
    if fetch.channels:
        query["channels"] = ",".join(f"{first}:{behind}" for first, behind in fetch.channels)
    if fetch.form == "png":
        query |= {"colormap": fetch.table, "range": fetch.mode}
        query |= {"manual": repr(fetch.manual), "percentile": repr(fetch.percentile)}
    path = route.url(snapshot=fetch.snapshot, node=fetch.node)
    if query:
        path += "?" + urlencode(query)
    return bytes(connection.exchange("GET", path, timeout_s=FILE_S).body)


def _pixels(reply: Reply) -> NDArray[np.uint8]:
    try:
        with Image.open(io.BytesIO(reply.body)) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ProtocolError(f"a picture cannot be read: {error}") from error


def _parse(reply: Reply, model: type[_Model], what: str) -> _Model:
    try:
        return model.model_validate_json(bytes(reply.body))
    except ValidationError as error:
        first = str(error).partition("\n")[0]
        raise ProtocolError(f"{what}: the answer is not as agreed ({first})") from error

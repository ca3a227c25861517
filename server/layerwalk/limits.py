"""How much of anything one server takes, as data: each limit has a default and a clear 4xx."""

from __future__ import annotations

from dataclasses import dataclass, fields

from layerwalk_shared.errors import InvalidRequestError

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """The settings that bound a session and its server.

    Attributes:
        body_bytes: of one request.
        image_side: pixels of one side of an image, checked before it is decoded.
        queued_jobs: urgent jobs that wait for the model thread, and as many long ones; one more is
            refused as busy.
        kept_jobs: finished jobs that can still be asked for.
        kept_events: events that a client may be behind before it has to load anew.
        event_wait_s: longest wait of one request for events, seconds.
        event_waiters: requests that wait for events at once; more are answered early, so that
            the threads of the server are there for everything else.
        snapshot_bytes: values of all snapshots; the oldest that are not pinned go first.
        tile_bytes: tiles that are kept ready.
        picture_side: pixels of one side of a PNG that the server draws.
        sheet_items: thumbnails in one sheet.
        thumbnail_bytes: thumbnails of data sets that are kept.
        page_items: items of a data set in one page.
        metric_points: points of a training's curves; more are thinned evenly.
        maximised_channels: images of one maximisation.
        comparisons: of two snapshots each, held at once; the oldest go.
        training_steps: steps of a training whose records are kept; more are thinned evenly.
    """

    body_bytes: int = 32 * MIB
    image_side: int = 8192
    queued_jobs: int = 32
    kept_jobs: int = 256
    kept_events: int = 1024
    event_wait_s: float = 30.0
    event_waiters: int = 8
    snapshot_bytes: int = 2048 * MIB
    tile_bytes: int = 256 * MIB
    picture_side: int = 4096
    sheet_items: int = 256
    thumbnail_bytes: int = 64 * MIB
    page_items: int = 1000
    metric_points: int = 4096
    maximised_channels: int = 4096
    training_steps: int = 256
    comparisons: int = 16

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not value > 0:
                raise InvalidRequestError(f"limit {item.name} is {value}, expected more than 0")

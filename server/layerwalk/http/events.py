"""Events: what has changed since a number, as one answer that may wait, or as a stream."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Annotated

from flask import Response, request
from pydantic import Field

from layerwalk.http.answers import message
from layerwalk.http.context import Context
from layerwalk.http.operations import Answer, Operation, Query, json_answer
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.messages import EventBatch
from layerwalk_shared.routes import EVENTS

STREAM_TYPE = "text/event-stream"
LOOK_S = 1.0
"""How often someone who waits looks whether the client is still there."""
HEARTBEAT_S = 10.0
"""Longest silence of a stream."""
CROWDED_AGAIN_S = 1
"""Where all places to wait are taken: when to come again."""


class EventsQuery(Query):
    """Query of events."""

    after: Annotated[int, Field(ge=0, description="Number of the last event that is known.")] = 0
    wait: Annotated[
        float, Field(ge=0, le=3600, description="Longest wait for an event, seconds; see limits.")
    ] = 0.0


def show_events(context: Context, query: EventsQuery) -> Response:
    wait_s = min(query.wait, context.limits.event_wait_s)
    is_there = client_watch()
    best = request.accept_mimetypes.best_match(["application/json", STREAM_TYPE])
    if best == STREAM_TYPE:
        return _stream(
            context, query, wait_s=wait_s or context.limits.event_wait_s, is_there=is_there
        )
    log = context.session.events
    batch = log.after(query.after)
    if batch.events or batch.reset or wait_s == 0:
        return message(batch)
    with context.waiting() as has_place:
        if not has_place:
            return crowded(message(batch))
        deadline = time.monotonic() + wait_s
        while not (batch.events or batch.reset or log.is_closed) and is_there():
            left = deadline - time.monotonic()
            if left <= 0:
                break
            batch = log.after(query.after, wait_s=min(left, LOOK_S))
    return message(batch)


def _stream(
    context: Context, query: EventsQuery, *, wait_s: float, is_there: Callable[[], bool]
) -> Response:
    after = query.after
    resumed = request.headers.get("Last-Event-ID")
    if resumed is not None:
        if not (resumed.isascii() and resumed.isdigit() and len(resumed) < 19):
            raise InvalidRequestError(f"header Last-Event-ID {resumed!r}, expected a number")
        after = int(resumed)
    response = Response(_batches(context, after, wait_s, is_there), mimetype=STREAM_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response


def _batches(
    context: Context, after: int, wait_s: float, is_there: Callable[[], bool]
) -> Iterator[str]:
    """Yield events as they come, a comment where nothing does, and end after `wait_s`."""
    log = context.session.events
    deadline = time.monotonic() + wait_s
    silent_since = time.monotonic()
    yield f"retry: {CROWDED_AGAIN_S * 1000}\n\n"
    with context.waiting() as has_place:
        while is_there():
            left = deadline - time.monotonic()
            batch = log.after(after, wait_s=max(0.0, min(left, LOOK_S)) if has_place else 0.0)
            if batch.reset:
                yield f"event: reset\ndata: {batch.model_dump_json()}\n\n"
                return
            for event in batch.events:
                yield f"id: {event.number}\nevent: {event.kind}\ndata: {event.model_dump_json()}\n\n"
            after = batch.last
            now = time.monotonic()
            if batch.events:
                silent_since = now
            elif now - silent_since >= HEARTBEAT_S:
                silent_since = now
                yield ": still here\n\n"
            if left <= 0 or not has_place or log.is_closed:
                return


def crowded(response: Response) -> Response:
    """Return an answer that came at once because too many wait: it says when to ask again."""
    response.headers["Retry-After"] = str(CROWDED_AGAIN_S)
    return response


def client_watch() -> Callable[[], bool]:
    """Return a function that tells whether who asked is still connected."""
    is_gone = request.environ.get("waitress.client_disconnected")
    return (lambda: not is_gone()) if is_gone is not None else (lambda: True)


OPERATIONS = (
    Operation(
        "GET",
        EVENTS,
        show_events,
        tag="events",
        summary="What has changed after an event",
        text=(
            "With `wait`, the answer waits for the first event. With `Accept: text/event-stream` "
            "events come as they happen, each with its number as id, for `wait` seconds (the "
            "limit without); a browser's EventSource goes on from there by itself. Where too many "
            "wait already, the answer comes at once, with `Retry-After`."
        ),
        query=EventsQuery,
        answers={
            200: (
                *json_answer(EventBatch, "Events in order; `reset`: load the session anew."),
                Answer(STREAM_TYPE, "The same as a stream; event `reset` ends it."),
            )
        },
        errors=(),
    ),
)

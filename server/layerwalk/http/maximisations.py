"""Maximisations: asking for one, the recipes, what came of it as a sheet and as arrays."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from flask import Response
from pydantic import Field

from layerwalk.http.answers import immutable, message, picture, unchanged
from layerwalk.http.context import Context
from layerwalk.http.networks import client_name
from layerwalk.http.operations import Answer, Operation, Query, json_answer, json_wish
from layerwalk.sheets import MOST_PICTURES, Entry, Legend, draw_sheet, images_npz
from layerwalk.snapshots import Snapshot
from layerwalk_shared.colours import DEFAULT_TABLE
from layerwalk_shared.errors import InvalidRequestError, NotFoundError
from layerwalk_shared.messages import CLIENT_HEADER, Climb, Job, MaximiseRequest, RecipeList
from layerwalk_shared.recipes import RECIPES as TABLE
from layerwalk_shared.routes import JOB, MAXIMISE, PICTURES_NPZ, PICTURES_SHEET, RECIPES


def maximise(context: Context, query: Query, *, network: str) -> Response:
    wish = json_wish(MaximiseRequest)
    job = context.session.studio.submit(network, wish, client=client_name())
    response = message(job, 202)
    response.headers["Location"] = JOB.url(job=job.id)
    return response


class ClimbQuery(Query):
    """Query of a climb."""

    node: Annotated[str, Field(description="Id of the node.")]
    slope: Annotated[float, Field(ge=0, le=1, description="Of ProxyGrad, as in recipes.")] = 0.0


def prepare(context: Context, query: ClimbQuery, *, network: str) -> Response:
    recipe = TABLE["plain"].model_copy(update={"slope": query.slope})
    wish = MaximiseRequest(node=query.node, channels=(0,), recipe=recipe)
    return message(context.session.studio.prepare(network, wish))


def list_recipes(context: Context, query: Query) -> Response:
    return message(RecipeList(recipes=tuple(TABLE.values())))


class SheetQuery(Query):
    """Query of a sheet."""

    page: Annotated[
        int, Field(ge=0, description=f"Which {MOST_PICTURES} of the images; the first: 0.")
    ] = 0
    colormap: Annotated[str, Field(description="Colour table of inputs that are no pictures.")] = (
        DEFAULT_TABLE
    )


def draw_pictures(context: Context, query: SheetQuery, *, snapshot: str) -> Response:
    found = context.session.snapshot(snapshot)
    entries, legend = _contents(context, found)
    pages = math.ceil(len(entries) / MOST_PICTURES)
    if query.page >= pages:
        raise NotFoundError(f"page {query.page} of the sheet: there are {pages}, the first is 0")
    if known := unchanged(found.id):
        return known
    shown = entries[query.page * MOST_PICTURES : (query.page + 1) * MOST_PICTURES]
    part = f"{query.page + 1} of {pages}" if pages > 1 else ""
    sheet = draw_sheet(shown, legend, colormap=query.colormap, part=part)
    return immutable(picture(sheet), found.id)


def pack_images(context: Context, query: Query, *, snapshot: str) -> Response:
    found = context.session.snapshot(snapshot)
    entries, legend = _contents(context, found)
    if known := unchanged(found.id):
        return known
    packed = Response(images_npz(entries, legend), mimetype="application/x-npz")
    return immutable(packed, found.id)


def _contents(context: Context, snapshot: Snapshot) -> tuple[list[Entry], Legend]:
    """Return what a sheet of a maximisation shows and tells.

    Raises:
        InvalidRequestError: the snapshot is of none.
        NotFoundError: the network is gone.
    """
    made = snapshot.manifest.maximised
    if made is None:
        raise InvalidRequestError(f"snapshot {snapshot.id!r} is no maximisation")
    network = context.session.network(snapshot.manifest.network)
    values = snapshot.node_values(snapshot.graph.index[made.node])
    spec = snapshot.input
    if spec.kind != "image":  # laid out as pictures are; the cells behind the last value are empty
        values = values.reshape(len(values), -1)[:, : math.prod(spec.shape)]
        values = values.reshape(len(values), *spec.shape)
    shape = snapshot.graph.node(made.node).shape
    names = network.classes if shape == (len(network.classes),) else ()
    entries = [
        Entry(
            told,
            np.asarray(image, np.float32),
            names[told.channel] if names and told.channel is not None else None,
        )
        for told, image in zip(made.images, values, strict=True)
    ]
    units = tuple(told.channel for told in made.images if told.channel is not None)
    legend = Legend(
        network=network.name,
        node=made.node,
        channels=units if made.objective.has_units else None,
        recipe=made.recipe,
        objective=made.objective,
        start=made.start,
        seed=made.seed,
        precision=context.session.studio.precision,
        input=spec,
    )
    return entries, legend


OPERATIONS = (
    Operation(
        "POST",
        MAXIMISE,
        maximise,
        tag="maximisation",
        summary="Make images that excite units of a node",
        text=(
            "What can be wrong is said at once: a node that passes no gradient back to the input, a "
            "channel that there is not. The job then shows previews as snapshots (`partial`, and an "
            "event for each) and ends with one that holds the finished images, value by value. "
            "Forward passes are let in between two of its steps. Finished channels are kept in the "
            f"server's cache, also where the job is cancelled. `{CLIENT_HEADER}` as for inputs."
        ),
        bodies={"application/json": MaximiseRequest},
        answers={202: json_answer(Job, "The job; `Location` names it.")},
        errors=(404, 410, 413, 415, 503),
    ),
    Operation(
        "GET",
        MAXIMISE,
        prepare,
        tag="maximisation",
        summary="Whether a node can be maximised, and how many images at once",
        text=(
            "Refused with the reason where it cannot: nothing passes a gradient back to the input, "
            "for example. The network is made ready for it, so that a maximisation that is asked "
            "for next shows its first images sooner."
        ),
        query=ClimbQuery,
        answers={200: json_answer(Climb, "What it would be like.")},
        errors=(400, 404, 503),
    ),
    Operation(
        "GET",
        RECIPES,
        list_recipes,
        tag="maximisation",
        summary="The recipes that come with it, the default first",
        answers={200: json_answer(RecipeList, "Every number of each.")},
        errors=(),
    ),
    Operation(
        "GET",
        PICTURES_SHEET,
        draw_pictures,
        tag="maximisation",
        summary="The images of a maximisation as a sheet, with all that they were made by",
        text=(
            "Under each image: its channel, what it reached, the next-highest unit and the ratio. "
            "The PNG file holds the parameters as JSON, too: `layerwalk maximise --again FILE`."
        ),
        query=SheetQuery,
        answers={200: (Answer("image/png", "The sheet."),)},
        errors=(404, 410),
    ),
    Operation(
        "GET",
        PICTURES_NPZ,
        pack_images,
        tag="maximisation",
        summary="The exact images of a maximisation, value by value, as an NPZ file",
        text="Arrays: images, channels, activations, rivals, rival_activations, parameters (JSON).",
        answers={200: (Answer("application/x-npz", "The arrays."),)},
        errors=(404, 410),
    ),
)

"""The weights behind a node: values, statistics, a sheet of kernels, and changes of the twin's."""

from __future__ import annotations

from typing import Annotated

from flask import Response, request
from pydantic import Field

from layerwalk.channelweights import channel_weights
from layerwalk.drawing import kernel_sheet, png
from layerwalk.http.answers import array, message, picture
from layerwalk.http.context import Context
from layerwalk.http.networks import client_name
from layerwalk.http.operations import Answer, Operation, Query, json_answer, json_wish
from layerwalk.http.slices import PATTERN, sliced
from layerwalk.http.snapshots import StatsQuery
from layerwalk.inputs.arrays import read_npy
from layerwalk.statistics import as_rows, describe_values
from layerwalk_shared.colours import DEFAULT_TABLE
from layerwalk_shared.messages import ChannelWeights, Job, ValueStatistics, WeightEdits
from layerwalk_shared.routes import (
    CHANNEL_WEIGHTS,
    EDITED_WEIGHTS,
    JOB,
    KERNELS,
    NODE_WEIGHTS,
    WEIGHT_STATS,
    WEIGHTS,
)

NPY = "application/x-npy"


class WeightsQuery(Query):
    """Query of weights."""

    channels: Annotated[
        str | None,
        Field(
            description="Slice of the first axis, the filters: `3`, `3:7` (3 to 6), `3:`.",
            pattern=PATTERN,
        ),
    ] = None


class KernelsQuery(Query):
    """Query of a sheet of kernels."""

    colormap: Annotated[str, Field(description="Colour table.")] = DEFAULT_TABLE
    offset: Annotated[int, Field(ge=0, description="First filter.")] = 0
    limit: Annotated[int, Field(ge=1, le=1024, description="Filters at most.")] = 64
    size: Annotated[int, Field(ge=1, le=512, description="Pixels of a kernel, at least.")] = 24


class ChannelWeightsQuery(Query):
    """Query of the weights of a channel."""

    most: Annotated[int, Field(ge=1, le=512, description="Links of each kind at most.")] = 24


def show_weights(context: Context, query: WeightsQuery, *, network: str, node: str) -> Response:
    weights = context.session.network(network).node_weights(node)
    return array(sliced(weights, query.channels, node=node))


def show_weight_stats(context: Context, query: StatsQuery, *, network: str, node: str) -> Response:
    weights = context.session.network(network).node_weights(node)
    return message(describe_values(node, weights.shape, as_rows(weights), bins=query.bins))


def show_kernels(context: Context, query: KernelsQuery, *, network: str, node: str) -> Response:
    weights = context.session.network(network).node_weights(node)
    sheet = kernel_sheet(
        weights,
        colormap=query.colormap,
        offset=query.offset,
        limit=query.limit,
        size=query.size,
        largest=context.limits.picture_side,
    )
    return picture(png(sheet))


def show_channel_weights(
    context: Context, query: ChannelWeightsQuery, *, network: str, node: str, channel: int
) -> Response:
    found = context.session.network(network)
    return message(channel_weights(found, node, channel, most=query.most))


def edit_weights(context: Context, query: Query, *, network: str, node: str) -> Response:
    session = context.session
    session.network(network).module_of(node)
    if request.mimetype == NPY:
        values = read_npy(request.get_data())
        return _queued(session.editing.replace(network, node, values, client=client_name()))
    wish = json_wish(WeightEdits, others=NPY)
    return _queued(session.editing.edit(network, node, wish.edits, client=client_name()))


def restore_weights(context: Context, query: Query, *, network: str, node: str) -> Response:
    return _queued(context.session.editing.restore(network, node, client=client_name()))


def restore_all_weights(context: Context, query: Query, *, network: str) -> Response:
    return _queued(context.session.editing.restore(network, None, client=client_name()))


def _queued(job: Job) -> Response:
    response = message(job, 202)
    response.headers["Location"] = JOB.url(job=job.id)
    return response


OPERATIONS = (
    Operation(
        "GET",
        WEIGHTS,
        show_weights,
        tag="weights",
        summary="The weights of the module that a node is the output of, as an NPY file",
        query=WeightsQuery,
        answers={200: (Answer("application/x-npy", "The tensor."),)},
    ),
    Operation(
        "GET",
        WEIGHT_STATS,
        show_weight_stats,
        tag="weights",
        summary="Statistics of weights: whole, histogram, per filter",
        query=StatsQuery,
        answers={200: json_answer(ValueStatistics, "The statistics; channels are filters.")},
    ),
    Operation(
        "GET",
        KERNELS,
        show_kernels,
        tag="weights",
        summary="Kernels side by side, as a PNG picture",
        text=(
            "A filter over three inputs is one RGB picture; else a filter is a row with a kernel "
            "for each input. Each filter is scaled by its own largest weight."
        ),
        query=KernelsQuery,
        answers={200: (Answer("image/png", "The sheet."),)},
        errors=(404, 413),
    ),
    Operation(
        "GET",
        CHANNEL_WEIGHTS,
        show_channel_weights,
        tag="weights",
        summary="The weights of one channel: from the channels it reads, to those that read it",
        text=(
            "The strongest links first. A channel is followed through operations that keep it "
            "(normalisation, activation, pooling, sums, concatenation, flattening) to the next "
            "layers with weights."
        ),
        query=ChannelWeightsQuery,
        answers={200: json_answer(ChannelWeights, "The links.")},
    ),
    Operation(
        "PUT",
        NODE_WEIGHTS,
        edit_weights,
        tag="weights",
        summary="Change the weights behind a node, in the twin alone",
        text=(
            "The user's model stays what it is. An NPY file is the whole tensor; JSON scales "
            "channels (by 0: silences them, bias included) or what is read of an input channel, or "
            "sets a kernel; its edits replace those of the node before. They lie on top of every "
            "new publish of a training until they are restored. What lies on the inputs, of every "
            "client, is run again: an event `weights-changed`, then new snapshots."
        ),
        bodies={"application/json": WeightEdits, NPY: {"type": "string", "format": "binary"}},
        answers={202: json_answer(Job, "The job; its snapshot is of what the client had shown.")},
        errors=(404, 413, 415, 503),
    ),
    Operation(
        "DELETE",
        NODE_WEIGHTS,
        restore_weights,
        tag="weights",
        summary="Put the weights behind a node back",
        answers={202: json_answer(Job, "The job.")},
        errors=(404, 503),
    ),
    Operation(
        "DELETE",
        EDITED_WEIGHTS,
        restore_all_weights,
        tag="weights",
        summary="Put all weights of a network back",
        answers={202: json_answer(Job, "The job.")},
        errors=(404, 503),
    ),
)

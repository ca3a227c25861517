"""The training of a network: its curves, the steps served, the gradients at each."""

from __future__ import annotations

from flask import Response

from layerwalk.http.answers import message
from layerwalk.http.context import Context
from layerwalk.http.operations import Operation, Query, json_answer
from layerwalk_shared.routes import GRADIENTS, TRAINING
from layerwalk_shared.training import GradientHistograms, TrainingHistory


def show_training(context: Context, query: Query, *, network: str) -> Response:
    context.session.network(network)
    return message(context.session.gallery.training(network))


def show_gradients(context: Context, query: Query, *, network: str, step: int) -> Response:
    context.session.network(network)
    return message(context.session.gallery.gradients(network, step))


OPERATIONS = (
    Operation(
        "GET",
        TRAINING,
        show_training,
        tag="training",
        summary="A training so far: curves of metrics, and the steps that were served",
        text=(
            "It holds everything that was told of in events up to the moment it is asked for; "
            "events that come after may repeat some of it. Empty where the network does not train. "
            "Very long trainings are thinned evenly; first and last stay."
        ),
        answers={200: json_answer(TrainingHistory, "The history.")},
    ),
    Operation(
        "GET",
        GRADIENTS,
        show_gradients,
        tag="training",
        summary="Histograms of the gradients of every node at a step that was served",
        answers={200: json_answer(GradientHistograms, "Histograms; empty without gradients.")},
        errors=(404, 410),
    ),
)

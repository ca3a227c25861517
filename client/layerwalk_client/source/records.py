"""Requests that one JSON document answers: manifests, networks, trainings, recipes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError

from layerwalk_client.source.arrivals import (
    Arrival,
    ClimbArrived,
    ComparisonArrived,
    GradientsArrived,
    JobsArrived,
    ManifestArrived,
    NetworkArrived,
    RecipesArrived,
    SnapshotsArrived,
    TrainingArrived,
)
from layerwalk_client.source.asking import (
    Climb,
    Compare,
    EndComparison,
    Gradients,
    Jobs,
    Manifest,
    Network,
    Recipes,
    Record,
    Snapshots,
    Training,
)
from layerwalk_client.source.connection import Connection, Reply
from layerwalk_shared import routes
from layerwalk_shared.errors import ProtocolError
from layerwalk_shared.messages import Climb as ClimbMessage
from layerwalk_shared.messages import (
    ComparisonDescription,
    ComparisonRequest,
    JobList,
    NetworkDescription,
    RecipeList,
    SnapshotList,
    SnapshotManifest,
)
from layerwalk_shared.training import GradientHistograms, TrainingHistory

_Model = TypeVar("_Model", bound=BaseModel)


def perform(connection: Connection, fetch: Record) -> Arrival:
    """Make the request of a fetch; return its arrival.

    Raises:
        LayerwalkError: the server's error, or none that was understood.
    """
    methods: dict[type, Callable[[Connection, Any], Arrival]] = {
        Manifest: _manifest,
        Network: _network,
        Training: _training,
        Gradients: _gradients,
        Climb: _climb,
        Recipes: _recipes,
        Jobs: _jobs,
        Snapshots: _snapshots,
        Compare: _compare,
        EndComparison: _end_comparison,
    }
    return methods[type(fetch)](connection, fetch)


def _manifest(connection: Connection, fetch: Manifest) -> ManifestArrived:
    path = routes.SNAPSHOT.url(snapshot=fetch.snapshot)
    return ManifestArrived(fetch, _read(connection, path, SnapshotManifest))


def _network(connection: Connection, fetch: Network) -> NetworkArrived:
    path = routes.NETWORK.url(network=fetch.network)
    return NetworkArrived(fetch, _read(connection, path, NetworkDescription))


def _training(connection: Connection, fetch: Training) -> TrainingArrived:
    path = routes.TRAINING.url(network=fetch.network)
    return TrainingArrived(fetch, _read(connection, path, TrainingHistory))


def _gradients(connection: Connection, fetch: Gradients) -> GradientsArrived:
    path = routes.GRADIENTS.url(network=fetch.network, step=fetch.step)
    return GradientsArrived(fetch, _read(connection, path, GradientHistograms))


def _climb(connection: Connection, fetch: Climb) -> ClimbArrived:
    path = routes.MAXIMISE.url(network=fetch.network)
    query = urlencode({"node": fetch.node, "slope": fetch.slope})
    return ClimbArrived(fetch, _read(connection, f"{path}?{query}", ClimbMessage))


def _recipes(connection: Connection, fetch: Recipes) -> RecipesArrived:
    found = _read(connection, routes.RECIPES.url(), RecipeList)
    return RecipesArrived(fetch, found.recipes)


def _snapshots(connection: Connection, fetch: Snapshots) -> SnapshotsArrived:
    path = routes.SNAPSHOTS.url(network=fetch.network)
    return SnapshotsArrived(fetch, _read(connection, path, SnapshotList).snapshots)


def _compare(connection: Connection, fetch: Compare) -> ComparisonArrived:
    wish = ComparisonRequest(first=fetch.first, second=fetch.second)
    path = routes.COMPARISONS.url()
    reply = connection.exchange(
        "POST",
        path,
        body=wish.model_dump_json().encode(),
        headers={"Content-Type": "application/json"},
    )
    return ComparisonArrived(fetch, _parsed(reply, path, ComparisonDescription))


def _end_comparison(connection: Connection, fetch: EndComparison) -> ComparisonArrived:
    path = routes.COMPARISON.url(comparison=fetch.comparison)
    reply = connection.exchange("DELETE", path, is_repeatable=False)
    return ComparisonArrived(fetch, _parsed(reply, path, ComparisonDescription))


def _jobs(connection: Connection, fetch: Jobs) -> JobsArrived:
    return JobsArrived(fetch, _read(connection, routes.JOBS.url(), JobList).jobs)


def _read(connection: Connection, path: str, model: type[_Model]) -> _Model:
    return _parsed(connection.exchange("GET", path), path, model)


def _parsed(reply: Reply, path: str, model: type[_Model]) -> _Model:
    try:
        return model.model_validate_json(bytes(reply.body))
    except ValidationError as error:
        first = str(error).partition("\n")[0]
        raise ProtocolError(f"{path}: the answer is not as agreed ({first})") from error

"""A comparison holds two snapshots; its difference is exact at every level, and symmetric."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO

import numpy as np
import pytest
import torch
from flask.testing import FlaskClient
from torch import Tensor, nn

from layerwalk.http.app import make_app
from layerwalk.limits import Limits
from layerwalk.session import Session
from layerwalk_shared import routes
from layerwalk_shared.messages import (
    CLIENT_HEADER,
    ComparisonDescription,
    ComparisonList,
    Job,
    SnapshotManifest,
)
from layerwalk_shared.tiles import TileType, decode, level_count, level_shape
from server.small import CLASSES, SPEC, Pictures, Small, make_small

Values = dict[str, np.ndarray]


class Renamed(nn.Module):
    """As Small, but its convolutions are called otherwise, and its head has more outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 300, 3, padding=1)
        self.second = nn.Conv2d(300, 300, 1, groups=300)
        self.relu = nn.ReLU()
        self.flat = nn.Flatten()
        self.head = nn.Linear(300 * 70, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.flat(self.relu(self.second(self.first(x)))))


@pytest.fixture(scope="module")
def served() -> Iterator[Session]:
    """n1 and n2 differ in their weights alone, n3 in names too."""
    other = make_small()
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(1.5)
    with Session() as made:
        made.add_dataset(Pictures())
        for model, name in ((make_small(), "before"), (other, "after")):
            made.add_network(model, name=name, classes=CLASSES, input_spec=SPEC)
        made.add_network(Renamed(), name="renamed", input_spec=SPEC)
        yield made


@pytest.fixture
def web(served: Session) -> FlaskClient:
    return make_app(served).test_client()


@pytest.fixture
def put(served: Session, web: FlaskClient) -> Callable[..., str]:
    """Put something on a network's input; return its snapshot."""

    def act(wish: dict[str, object], network: str = "n1", client: str = "") -> str:
        headers = {CLIENT_HEADER: client} if client else {}
        answer = web.post(routes.INPUT.url(network=network), json=wish, headers=headers)
        job = Job.model_validate_json(answer.data)
        after = 0
        while served.jobs.job(job.id).state in ("queued", "running"):
            after = served.events.after(after, wait_s=10).last
        found = served.jobs.job(job.id).snapshot
        assert found is not None
        return found

    return act


@pytest.fixture
def pair(put: Callable[..., str]) -> tuple[str, str]:
    return put({"kind": "noise", "seed": 1}), put({"kind": "dataset", "dataset": "d1", "item": 0})


def compare(web: FlaskClient, first: str, second: str, client: str = "") -> ComparisonDescription:
    headers = {CLIENT_HEADER: client} if client else {}
    answer = web.post(
        routes.COMPARISONS.url(), json={"first": first, "second": second}, headers=headers
    )
    assert answer.status_code == 201, answer.text
    found = ComparisonDescription.model_validate_json(answer.data)
    assert answer.headers["Location"] == routes.COMPARISON.url(comparison=found.id)
    return found


def npy(web: FlaskClient, snapshot: str, node: str) -> np.ndarray:
    answer = web.get(routes.VALUES.url(snapshot=snapshot, node=node))
    assert answer.status_code == 200, answer.text
    return np.load(BytesIO(answer.data), allow_pickle=False)


def every_value(served: Session, web: FlaskClient, snapshot: str) -> Values:
    found = served.snapshot(snapshot)
    return {
        node.id: npy(web, snapshot, node.id)
        for node, told in zip(found.graph.nodes, found.manifest.nodes, strict=True)
        if told.has_values
    }


def reduced(picture: np.ndarray, shape_hw: tuple[int, int]) -> np.ndarray:
    """Return the means over equal areas: every value repeated so often that cells are whole."""
    height, width = shape_hw
    fine = picture.astype(np.float64).repeat(height, axis=-2).repeat(width, axis=-1)
    rows, columns = fine.shape[-2] // height, fine.shape[-1] // width
    return fine.reshape(*picture.shape[:-2], height, rows, width, columns).mean(axis=(-3, -1))


def test_the_difference_is_second_minus_first_to_the_bit(
    served: Session, web: FlaskClient, pair: tuple[str, str]
) -> None:
    made = compare(web, *pair)
    first, second = (every_value(served, web, one) for one in pair)
    found = every_value(served, web, made.difference.id)
    assert found.keys() == first.keys()
    assert made.matched == len(first)
    assert any(np.any(values) for values in found.values())
    for node, values in found.items():
        assert values.dtype == np.float32
        np.testing.assert_array_equal(values, second[node] - first[node], strict=True)


def test_every_level_of_its_tiles_is_the_mean_of_the_exact_difference(
    served: Session, web: FlaskClient, pair: tuple[str, str]
) -> None:
    made = compare(web, *pair)
    nodes = served.network("n1").graph.nodes
    for index, told in enumerate(made.difference.nodes):
        if told.same_as is not None or nodes[index].view == "vector":
            continue
        values = npy(web, pair[1], nodes[index].id) - npy(web, pair[0], nodes[index].id)
        channels, height, width = told.pictures
        assert channels == len(values)  # an image's difference is a map for each colour
        for level in range(level_count((height, width))):
            body = {"tiles": [[index, 0, level]], "dtype": "float16"}
            answer = web.post(routes.TILES.url(snapshot=made.difference.id), json=body)
            (tile,) = decode(answer.data)
            assert tile.dtype is TileType.FLOAT16
            expected = reduced(values[: tile.count], level_shape((height, width), level))
            scale = np.abs(values).max()
            np.testing.assert_allclose(tile.floats(), expected, rtol=1e-3, atol=1e-3 * scale)


def test_statistics_are_those_of_the_exact_difference(
    web: FlaskClient, pair: tuple[str, str]
) -> None:
    made = compare(web, *pair)
    values = npy(web, pair[1], "conv").astype(np.float64) - npy(web, pair[0], "conv")
    found = web.get(routes.STATS.url(snapshot=made.difference.id, node="conv")).json
    for name, expected in (("minimum", values.min()), ("maximum", values.max())):
        assert found[name] == pytest.approx(expected, rel=1e-5)
    assert found["mean"] == pytest.approx(values.mean(), abs=1e-6)
    assert sum(found["histogram"]["counts"]) == values.size


def test_a_snapshot_differs_from_itself_nowhere(
    served: Session, web: FlaskClient, pair: tuple[str, str]
) -> None:
    made = compare(web, pair[0], pair[0])
    for values in every_value(served, web, made.difference.id).values():
        assert not values.any()
    assert all(change.first == change.second for change in compared(made).changes)


def test_changed_sides_change_every_sign(
    served: Session, web: FlaskClient, pair: tuple[str, str]
) -> None:
    forth = every_value(served, web, compare(web, *pair).difference.id)
    back = every_value(served, web, compare(web, *reversed(pair)).difference.id)
    for node, values in forth.items():
        np.testing.assert_array_equal(values, -back[node])


def compared(made: ComparisonDescription):  # type: ignore[no-untyped-def]
    assert made.difference.compared is not None
    return made.difference.compared


def test_both_answers_are_told_of_every_class_they_name(
    served: Session, web: FlaskClient, pair: tuple[str, str]
) -> None:
    made = compare(web, *pair)
    sure = []
    for one in pair:
        outputs = npy(web, one, "head").astype(np.float64)
        shares = np.exp(outputs - outputs.max())
        sure.append(shares / shares.sum())
    changes = compared(made).changes
    assert {change.name for change in changes} == set(CLASSES)
    for change in changes:
        assert change.first == pytest.approx(sure[0][change.index], abs=1e-9)
        assert change.second == pytest.approx(sure[1][change.index], abs=1e-9)
    sizes = [abs((change.second or 0) - (change.first or 0)) for change in changes]
    assert sizes == sorted(sizes, reverse=True)
    assert compared(made).first_title == "gaussian noise, seed 1"
    assert compared(made).second_title == "picture 0"


def test_two_weights_of_one_architecture_are_matched_node_by_node(
    served: Session, web: FlaskClient, put: Callable[..., str]
) -> None:
    before = put({"kind": "dataset", "dataset": "d1", "item": 1})
    after = put({"kind": "snapshot", "snapshot": before}, "n2")
    np.testing.assert_array_equal(npy(web, before, "input"), npy(web, after, "input"))
    made = compare(web, before, after)
    assert made.second.id == after
    assert made.matched == len(made.difference.nodes)
    assert compared(made).first_title == "before, picture 1"
    assert not npy(web, made.difference.id, "input").any()
    np.testing.assert_array_equal(
        npy(web, made.difference.id, "head"), npy(web, after, "head") - npy(web, before, "head")
    )


def test_nodes_of_another_graph_are_matched_by_place_and_kind_or_say_why_not(
    served: Session, web: FlaskClient, put: Callable[..., str]
) -> None:
    before = put({"kind": "noise", "seed": 4})
    other = put({"kind": "snapshot", "snapshot": before}, "n3")
    made = compare(web, before, other)
    np.testing.assert_array_equal(
        npy(web, made.difference.id, "conv"), npy(web, other, "first") - npy(web, before, "conv")
    )
    # What is compared with stands in the places of the first one's graph.
    np.testing.assert_array_equal(npy(web, made.second.id, "conv"), npy(web, other, "first"))
    nodes = served.network("n1").graph.nodes
    told = {change.name: change for change in compared(made).changes}
    assert told["cup"].second is None  # a class of one network alone
    assert told["class 5"].first is None
    why = {nodes[one.node].id: one.reason for one in compared(made).unmatched}
    assert why["head"] == "4 here, 6 there"
    assert any("no 'add" in reason for reason in why.values())
    gone = web.get(routes.VALUES.url(snapshot=made.difference.id, node="head"))
    assert gone.status_code == 404


def test_a_comparison_is_told_of_to_nobody_else(
    served: Session, web: FlaskClient, pair: tuple[str, str]
) -> None:
    newest = served.describe_network("n1").snapshot
    listed = {one.id for one in served.snapshots("n1")}
    last = served.events.last
    made = compare(web, *pair)
    assert served.events.last == last
    assert {one.id for one in served.snapshots("n1")} == listed
    assert served.describe_network("n1").snapshot == newest
    manifest = web.get(routes.SNAPSHOT.url(snapshot=made.difference.id)).data
    assert SnapshotManifest.model_validate_json(manifest) == made.difference


def test_it_ends_once_and_its_difference_with_it(web: FlaskClient, pair: tuple[str, str]) -> None:
    made = compare(web, *pair)
    where = routes.COMPARISON.url(comparison=made.id)
    assert ComparisonDescription.model_validate_json(web.get(where).data) == made
    listed = ComparisonList.model_validate_json(web.get(routes.COMPARISONS.url()).data)
    assert made in listed.comparisons
    assert web.delete(where).status_code == 200
    for answer in (
        web.get(where), web.delete(where),
        web.get(routes.SNAPSHOT.url(snapshot=made.difference.id)),
    ):  # fmt: skip
        assert answer.status_code in (404, 410), answer.text
    assert web.get(routes.SNAPSHOT.url(snapshot=pair[0])).status_code == 200


def test_the_next_comparison_of_a_client_takes_the_place_of_its_last(
    web: FlaskClient, pair: tuple[str, str]
) -> None:
    first = compare(web, *pair, client="ada")
    other = compare(web, *pair, client="bob")
    compare(web, *reversed(pair), client="ada")
    assert web.get(routes.COMPARISON.url(comparison=first.id)).status_code == 404
    assert web.get(routes.COMPARISON.url(comparison=other.id)).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"first": "s1", "second": "s2"}, 404, "does not exist"),
        ({"first": "s1"}, 422, "second"),
        ({"first": "difference", "second": "shown"}, 422, "is a difference"),
    ],
)
def test_what_cannot_be_compared_is_said(
    web: FlaskClient, pair: tuple[str, str], body: dict[str, str], status: int, words: str
) -> None:
    names = {"difference": compare(web, *pair).difference.id, "shown": pair[0]}
    body = {key: names.get(value, value) for key, value in body.items()}
    answer = web.post(routes.COMPARISONS.url(), json=body)
    assert answer.status_code == status
    assert words in answer.json["detail"]


def test_what_is_compared_stays_within_any_budget_until_the_end(no_thread_left: None) -> None:
    model = make_small()
    with Session() as probe:
        probe.add_network(model, input_spec=SPEC)
        one_bytes = probe.gallery.of("n1")[0].nbytes
    limits = Limits(snapshot_bytes=3 * one_bytes)
    with Session(limits=limits) as session:
        session.add_network(Small(), input_spec=SPEC)
        web = make_app(session).test_client()

        def put(seed: int) -> str:
            wish = {"kind": "noise", "seed": seed}
            job = Job.model_validate_json(web.post(routes.INPUT.url(network="n1"), json=wish).data)
            while session.jobs.job(job.id).state in ("queued", "running"):
                session.events.after(session.events.last, wait_s=0.2)
            return str(session.jobs.job(job.id).snapshot)

        pair = put(1), put(2)
        made = compare(web, *pair)
        for seed in range(3, 9):
            put(seed)
        for one in (*pair, made.difference.id):
            assert web.get(routes.SNAPSHOT.url(snapshot=one)).status_code == 200
        web.delete(routes.COMPARISON.url(comparison=made.id))
        for seed in range(9, 13):
            put(seed)
        gone = web.post(routes.COMPARISONS.url(), json={"first": pair[0], "second": pair[1]})
        assert gone.status_code == 410
        assert "was dropped" in gone.json["detail"]

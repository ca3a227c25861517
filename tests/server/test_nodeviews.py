"""A node is shown as a person says: at once, for everyone, and as guessed again afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from flask.testing import FlaskClient
from torch import Tensor, nn

from layerwalk.http.app import make_app
from layerwalk.nodeviews import chosen_views
from layerwalk.session import Session
from layerwalk_shared.errors import InvalidRequestError, NotFoundError
from layerwalk_shared.graph import Node
from layerwalk_shared.messages import NetworkChanged, NoiseInput, SnapshotTaken
from layerwalk_shared.routes import VIEW
from layerwalk_shared.tiles import TileKey, decode


class Patches(nn.Module):
    """17 tokens of 5 numbers, the same again, and a volume."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.again = nn.Linear(6, 5), nn.Identity()
        self.blocks = nn.ModuleList(nn.Linear(5, 5) for _ in range(2))
        self.fold = nn.Unflatten(1, (17, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.again(self.embed(x))
        for block in self.blocks:
            x = block(x)
        return self.fold(x)


EXAMPLE = torch.randn(1, 17, 6, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def session(no_thread_left: None) -> Iterator[Session]:
    with Session() as made:
        made.add_network(Patches(), EXAMPLE, views={"blocks.*": "grid", "blocks.1": "vector"})
        yield made


def view_of(session: Session, node: str) -> str:
    return session.network("n1").graph.node(node).view


def test_views_are_given_by_id_or_pattern_and_the_later_wins(session: Session) -> None:
    assert view_of(session, "blocks.0") == "grid"
    assert view_of(session, "blocks.1") == "vector"
    assert view_of(session, "embed") == "tokens"
    shown = session.network("n1").graph.node("blocks.0")
    assert (shown.channels, shown.height, shown.width) == (5, 4, 4)
    manifest = session.snapshots("n1")[0]
    assert manifest.nodes[session.network("n1").graph.index["blocks.0"]].pictures == (5, 4, 4)


def test_a_pattern_means_those_that_can_be_shown_so(session: Session) -> None:
    graph = session.network("n1").graph
    assert set(chosen_views(graph, {"*": "volume"})) == {"fold"}
    assert set(chosen_views(graph, {"[e]mbed": "grid"})) == {"embed"}
    with pytest.raises(NotFoundError, match=r"no node is called 'embe' .*nearest: 'embed'"):
        chosen_views(graph, {"embe": "grid"})
    with pytest.raises(InvalidRequestError, match=r"2 nodes match 'blocks\.\*'; .*grid.* can"):
        chosen_views(graph, {"blocks.*": "volume"})
    with pytest.raises(InvalidRequestError, match=r"view 'grids' is none: .*nearest: 'grid'"):
        chosen_views(graph, {"embed": "grids"})  # type: ignore[dict-item]


def test_a_view_is_put_told_of_shown_and_restored(session: Session) -> None:
    web = make_app(session).test_client()
    url = VIEW.url(network="n1", node="embed")
    before = session.describe()
    first = session.snapshots("n1")[0]
    answer = web.put(url, json={"view": "grid"})
    assert answer.status_code == 200
    node = Node.model_validate_json(answer.data)
    assert (node.view, node.channels, node.height, node.width) == ("grid", 5, 4, 4)
    changed, taken = session.events.after(before.last_event).events
    assert isinstance(changed, NetworkChanged)
    assert changed.reason == "embed is shown as grid"
    assert isinstance(taken, SnapshotTaken)
    described = session.describe_network("n1")
    assert described.graph.node("embed") == node
    assert described.snapshot == taken.manifest
    assert taken.manifest.id != first.id
    assert taken.manifest.generation > first.generation

    index = described.graph.index["embed"]
    values = session.snapshot(first.id).node_values(index)
    again = session.snapshot(taken.manifest.id)
    assert again.node_values(index).ctypes.data == values.ctypes.data
    body = session.tiles.body(again, [TileKey(index, 0, 0)], dtype="float16")
    expected = values[1:].T.reshape(5, 4, 4).astype(np.float16)
    assert (decode(body)[0].values == expected).all()
    old = session.tiles.body(session.snapshot(first.id), [TileKey(index, 0, 0)], dtype="float16")
    assert (decode(old)[0].values == values.astype(np.float16)).all()

    restored = web.delete(url)
    assert Node.model_validate_json(restored.data).view == "tokens"
    assert view_of(session, "embed") == "tokens"
    assert view_of(session, "blocks.0") == "grid"
    assert web.delete(VIEW.url(network="n1", node="blocks.0")).status_code == 200
    assert view_of(session, "blocks.0") == "tokens"


def test_nodes_with_the_same_values_are_the_same_only_where_they_look_alike(
    session: Session,
) -> None:
    graph = session.network("n1").graph
    embed, again = graph.index["embed"], graph.index["again"]
    assert session.snapshots("n1")[-1].nodes[again].same_as == embed
    session.show_as("n1", "embed", "grid")
    assert session.snapshots("n1")[-1].nodes[again].same_as is None
    session.show_as("n1", "again", "grid")
    newest = session.snapshots("n1")[-1]
    assert newest.nodes[again].same_as == embed
    taken = session.put("n1", NoiseInput(seed=3))
    session.jobs.call(lambda: None)
    assert session.jobs.job(taken.id).state == "done"
    assert session.snapshots("n1")[-1].nodes[again].same_as == embed


def test_each_client_sees_its_own_snapshot_the_new_way(session: Session) -> None:
    for client in ("a", "b", "a"):
        session.put("n1", NoiseInput(), client=client)
    session.jobs.call(lambda: None)
    before = session.describe().last_event
    session.show_as("n1", "embed", "vector")
    told = session.events.after(before).events
    clients = [event.manifest.client for event in told if isinstance(event, SnapshotTaken)]
    assert clients == [None, "b", "a"]


def test_a_view_that_is_there_already_changes_nothing(session: Session) -> None:
    before = session.describe().last_event
    session.show_as("n1", "embed", "tokens")
    session.show_as("n1", "embed", None)
    assert session.describe().last_event == before


def test_a_snapshot_on_its_way_while_the_view_changes_is_shown_the_new_way(
    session: Session,
) -> None:
    twin = session.network("n1").twin
    with twin.register_forward_hook(lambda *_: session.show_as("n1", "embed", "grid") and None):
        job = session.put("n1", NoiseInput())
        session.jobs.call(lambda: None)
    taken = session.snapshot(str(session.jobs.job(job.id).snapshot))
    assert taken.views[taken.graph.index["embed"]] == "grid"
    assert taken.pictures(taken.graph.index["embed"]) == (5, 4, 4)


Ask = Callable[[FlaskClient], object]


@pytest.mark.parametrize(
    ("node", "options", "status", "sentence"),
    [
        ("embed", {"json": {"view": "volume"}}, 422,
         "view 'volume' cannot show a tensor of shape [17, 5]; "
         "vector, tokens, grid, sequence can"),
        ("embd", {"json": {"view": "grid"}}, 404, "nearest: 'embed'"),
        ("*", {"json": {"view": "grid"}}, 404, "node '*' is not in the graph"),
        ("embed", {"json": {"view": "film"}}, 422, "view"),
        ("embed", {"json": {}}, 422, "view"),
        ("embed", {"data": b"{", "content_type": "application/json"}, 400, "not JSON"),
        ("embed", {"data": b"grid", "content_type": "text/plain"}, 415, "application/json"),
        ("embed", {}, 415, "no content type"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_so_is_refused_and_the_next_wish_works(
    session: Session, *, node: str, options: dict[str, object], status: int, sentence: str
) -> None:
    web = make_app(session).test_client()
    answer = web.put(VIEW.url(network="n1", node=node), **options)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert sentence in answer.json["detail"]
    good = web.put(VIEW.url(network="n1", node="embed"), json={"view": "grid"})
    assert good.status_code == 200


def test_a_view_of_a_network_that_is_not_there_is_refused(session: Session) -> None:
    web = make_app(session).test_client()
    for answer in (
        web.put(VIEW.url(network="n7", node="embed"), json={"view": "grid"}),
        web.delete(VIEW.url(network="n7", node="embed")),
        web.delete(VIEW.url(network="n1", node="nothing")),
    ):
        assert answer.status_code == 404

"""Several inputs: any of them is put on, the others stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import torch
from flask.testing import FlaskClient
from torch import Tensor, nn

from layerwalk.http.app import make_app
from layerwalk.inputs.placed import MOST_CLIENTS, Placed
from layerwalk.inputs.prepared import Argument, prepared
from layerwalk.session import Session
from layerwalk.snapshots import Snapshot
from layerwalk_shared.errors import InputError, NotFoundError
from layerwalk_shared.messages import (
    CLIENT_HEADER,
    ExampleInput,
    InputReference,
    InputSpec,
    NoiseInput,
)
from layerwalk_shared.routes import INPUT


class Reads(nn.Module):
    """A picture, words, a dict with a series in it, a flag."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.embed = nn.Conv2d(3, 2, 1), nn.Embedding(20, 2)

    def forward(
        self, image: Tensor, words: Tensor, more: dict[str, Tensor], *, scale: Tensor
    ) -> Tensor:
        seen = self.conv(image).mean((2, 3)) + self.embed(words).mean(1)
        return seen * scale + more["series"].sum((1, 2))


EXAMPLE = {
    "image": torch.full((1, 3, 4, 4), 0.5),
    "words": torch.tensor([[1, 2, 3]]),
    "more": {"series": torch.ones(1, 6, 2), "unused": "text"},
    "scale": torch.tensor([[1.0, 2.0]]),
}


@pytest.fixture
def session(no_thread_left: None) -> Iterator[Session]:
    with Session() as made:
        made.add_network(Reads(), EXAMPLE)
        yield made


@pytest.fixture
def web(session: Session) -> FlaskClient:
    return make_app(session).test_client()


def newest(session: Session) -> Snapshot:
    session.jobs.call(lambda: None)
    return session.snapshot(session.snapshots("n1")[-1].id)


def npy(*values: object) -> bytes:
    stream = BytesIO()
    np.save(stream, np.array(values))
    return stream.getvalue()


def value(snapshot: Snapshot, node: str) -> np.ndarray:
    return snapshot.node_values(snapshot.graph.index[node])


INPUTS = {"image", "words", "more.series", "scale"}


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_what_is_put_on_one_leaves_the_others_as_in_the_example(
    session: Session, name: str
) -> None:
    before = newest(session)
    nodes = [node.id for node in before.graph.nodes if node.kind == "input"]
    assert len(nodes) == 4
    session.put("n1", NoiseInput(seed=4), argument=name)
    after = newest(session)
    changed = {node for node in nodes if (value(before, node) != value(after, node)).any()}
    assert changed == {name}
    assert after.manifest.input.kind == "noise"
    assert after.manifest.error is None


def test_each_is_taken_as_what_it_is(session: Session) -> None:
    network = session.network("n1")
    kinds = {name: network.argument(name).spec.kind for name in INPUTS}
    assert kinds == {"image": "image", "words": "text", "more.series": "series", "scale": "vector"}
    assert network.argument(None) is network.argument("image")
    assert network.argument("words").spec.vocabulary == 20
    with pytest.raises(NotFoundError, match=r"argument 'word' .*nearest: 'words'"):
        network.argument("word")


def test_a_file_goes_on_the_argument_that_the_query_names(
    session: Session, web: FlaskClient
) -> None:
    url = INPUT.url(network="n1")
    answer = web.post(url + "?argument=words", data=npy(7, 8, 9), content_type="application/x-npy")
    assert answer.status_code == 202
    assert value(newest(session), "words").tolist() == [7, 8, 9]
    answer = web.post(url + "?argument=more.series", data=b"1,2\n" * 6, content_type="text/csv")
    assert answer.status_code == 202
    assert value(newest(session), "more.series").tolist() == [[1, 2]] * 6
    refused = web.post(
        url + "?argument=words", data=npy(7, 8, 20), content_type="application/x-npy"
    )
    assert refused.status_code == 422
    assert "token 20 at place 2: the network knows 0 to 19" in refused.json["detail"]
    refused = web.post(url + "?argument=sound", json={"kind": "noise"})
    assert refused.status_code == 404
    assert "image, words, more.series, scale" in refused.json["detail"]
    assert web.post(url, json={"kind": "noise"}).status_code == 202


@pytest.mark.parametrize("argument", ["words", "scale"])
def test_which_one_is_shown_can_be_said(no_thread_left: None, argument: str) -> None:
    with Session() as session:
        session.add_network(Reads(), EXAMPLE, argument=argument)
        described = session.describe_network("n1")
        assert described.input.shape == tuple(EXAMPLE[argument].shape[1:])
        session.put("n1", NoiseInput(seed=4))
        first = session.snapshot(session.snapshots("n1")[0].id)
        assert (value(first, argument) != value(newest(session), argument)).any()
        assert (value(first, "image") == value(newest(session), "image")).all()


def test_positional_arguments_have_the_names_of_forward_and_of_their_nodes(
    no_thread_left: None,
) -> None:
    class Adds(nn.Module):
        def forward(self, left: Tensor, right: Tensor) -> Tensor:
            return left + right

    example = (torch.zeros(1, 5), torch.ones(1, 5))
    with Session() as session:
        session.add_network(Adds(), example, argument="right")
        network = session.network("n1")
        for name in ("right", "1", "input:2"):
            assert network.argument(name) is network.argument(None)
        for name in ("left", "0", "input"):
            assert network.argument(name).slot == (0,)
        session.put("n1", NoiseInput(noise="constant", amplitude=3), argument="left")
        assert value(newest(session), "add").tolist() == [4] * 5
        session.add_network(Adds(), example, argument=1)
        assert session.network("n2").argument(None).slot == (1,)


def test_an_argument_that_is_not_there_is_refused(no_thread_left: None) -> None:
    with Session() as session:
        with pytest.raises(InputError, match=r"'imag' .*: image, words, more\.series, scale"):
            session.add_network(Reads(), EXAMPLE, argument="imag")
        session.add_network(Reads(), EXAMPLE)


def test_the_users_example_is_not_written_to(session: Session) -> None:
    session.put("n1", NoiseInput(seed=4), argument="more.series")
    newest(session)
    assert (EXAMPLE["more"]["series"] == 1).all()  # type: ignore[index]
    assert set(EXAMPLE["more"]) == {"series", "unused"}


def test_a_sound_with_channels_has_its_time_last(no_thread_left: None) -> None:
    with Session() as session:
        session.add_network(
            nn.Conv1d(1, 2, 9),
            input_spec=InputSpec(kind="sound", shape=(1, 800), sample_rate=8000),
        )
        assert session.describe_network("n1").input.time_axis == 1


def test_what_a_client_put_on_one_stays_while_it_changes_another(session: Session) -> None:
    def put(name: str, amplitude: float, client: str | None) -> Snapshot:
        noise = NoiseInput(noise="constant", amplitude=amplitude)
        session.put("n1", noise, argument=name, client=client)
        return newest(session)

    put("more.series", 3, "ada")
    put("words", 7, "bob")
    seen = put("scale", 5, "ada")
    assert value(seen, "more.series").tolist() == [[3, 3]] * 6
    assert value(seen, "words").tolist() == [1, 2, 3]  # the other client's words are its own
    seen = put("more.series", 4, "ada")
    assert value(seen, "more.series").tolist() == [[4, 4]] * 6
    assert value(seen, "scale").tolist() == [5, 5]
    seen = put("image", 0.5, None)  # who gives no name has nothing that stays
    assert value(seen, "scale").tolist() == [1, 2]
    session.put("n1", ExampleInput(), argument="scale", client="ada")
    seen = newest(session)
    assert value(seen, "scale").tolist() == [1, 2]
    assert value(seen, "more.series").tolist() == [[4, 4]] * 6


def test_a_manifest_tells_what_lies_on_each(session: Session, web: FlaskClient) -> None:
    described = session.describe_network("n1")
    assert [one.name for one in described.inputs] == ["image", "words", "more.series", "scale"]
    assert [one.node for one in described.inputs] == ["image", "words", "more.series", "scale"]
    assert described.inputs[0].spec == described.input
    assert [one.spec.kind for one in described.inputs] == ["image", "text", "series", "vector"]
    session.put_file("n1", npy(7, 8, 9), media_type="application/x-npy", title="three.npy",
                     client="ada", argument="words")  # fmt: skip
    answer = web.post(
        INPUT.url(network="n1") + "?argument=scale",
        json={"kind": "noise", "seed": 2},
        headers={CLIENT_HEADER: "ada"},
    )
    assert answer.status_code == 202
    manifest = newest(session).manifest
    assert [one.title for one in manifest.inputs] == [
        "example", "three.npy", "example", "gaussian noise, seed 2",
    ]  # fmt: skip
    assert manifest.input == manifest.inputs[3]


def test_a_network_of_one_input_tells_of_one(no_thread_left: None) -> None:
    with Session() as session:
        session.add_network(nn.Linear(4, 2), torch.zeros(1, 4))
        (only,) = session.describe_network("n1").inputs
        assert (only.name, only.node, only.spec.kind) == ("input", "input", "vector")
        job = session.put("n1", ExampleInput(), client="ada")
        assert job.kind == "forward"
        assert newest(session).manifest.inputs[0].title == "example"


def test_only_so_many_clients_are_remembered() -> None:
    placed = Placed()
    argument = Argument(InputSpec(kind="vector", shape=(2,)), slot=("a",))
    made = prepared(np.zeros(2), argument, InputReference(kind="noise", title="noise"))
    other = replace(made, slot=("b",))
    assert placed.put("n1", "first", made, shown=("a",)) == (made,)
    assert placed.put("n1", "first", other, shown=("a",)) == (made, other)
    for number in range(MOST_CLIENTS):
        placed.put("n1", str(number), made, shown=("a",))
    assert placed.put("n1", "first", other, shown=("a",)) == (other,)
    assert placed.put("n2", "0", other, shown=("a",)) == (other,)
    unnamed = replace(made, slot=None)
    assert placed.put("n1", "63", unnamed, shown=("a",)) == (unnamed,)

"""Arrangements survive being written and read; what is no arrangement is told."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import builds, dictionaries, floats, frozensets, integers, text, tuples

from client.world.networks import described, resnet, vgg
from layerwalk_client.app.handling.arrangements import (
    Arrangements,
    as_json,
    from_json,
    graph_hash,
    read_arrangement,
)
from layerwalk_client.settings import arrangements_folder, settings_path
from layerwalk_client.world.arranged import Arranged, Placed
from layerwalk_shared.errors import InvalidRequestError

NETWORK = described(resnet())
OTHER = described(vgg())
PLACES = builds(
    Placed,
    tuples(floats(-1e4, 1e4), floats(-1e4, 1e4), floats(-1e4, 1e4)),
    floats(-3.14, 3.14),
    floats(0.1, 10),
)
NAMES = text(max_size=12)
SOME = Arranged({("conv1", 0): Placed((1, 0, 2), math.radians(30), 1.5)}, frozenset({"gone"}))


@given(
    arranged=builds(
        Arranged,
        dictionaries(tuples(NAMES, integers(0, 9)), PLACES, max_size=5),
        frozensets(NAMES, max_size=5),
    )
)
def test_what_is_written_is_read_back(arranged: Arranged) -> None:
    found = from_json(as_json(arranged, NETWORK))
    assert found.hidden == arranged.hidden
    assert set(found.placed) == set(arranged.placed)
    for stand, place in arranged.placed.items():
        assert found.placed[stand].move == place.move
        assert found.placed[stand].scale == place.scale
        assert found.placed[stand].turn == pytest.approx(place.turn, abs=1e-12)


def test_each_network_has_a_file_of_its_own(tmp_path: Path) -> None:
    kept = Arrangements(tmp_path / "deep" / "folder")
    assert kept.load(NETWORK) == Arranged()
    path = kept.save(NETWORK, SOME)
    assert path is not None
    assert json.loads(path.read_text())["layerwalk_arrangement"] == 1
    assert from_json(path.read_text()).hidden == SOME.hidden
    renamed = NETWORK.model_copy(update={"name": f"{NETWORK.name}-2"})
    assert kept.load(renamed) == Arranged()
    assert kept.load(NETWORK).hidden == SOME.hidden
    assert [one.name for one in path.parent.iterdir()] == [path.name]  # no draft is left


def test_a_graph_that_has_changed_takes_the_newest_of_its_name(tmp_path: Path) -> None:
    kept = Arrangements(tmp_path)
    grown = NETWORK.model_copy(update={"graph": OTHER.graph})
    assert graph_hash(grown.graph) != graph_hash(NETWORK.graph)
    older = kept.save(NETWORK, Arranged(hidden=frozenset({"old"})))
    assert older is not None
    os.utime(older, (1, 1))
    assert kept.load(grown).hidden == {"old"}
    kept.save(grown, SOME)
    assert kept.load(grown).hidden == SOME.hidden  # ids that are not there are kept
    assert kept.load(NETWORK).hidden == {"old"}


def test_names_that_no_file_system_likes_make_files(tmp_path: Path) -> None:
    kept = Arrangements(tmp_path)
    names = ("../../up", "a/b", "a:b", "", "\N{GREEK SMALL LETTER ALPHA}" * 300)
    for name in names:
        network = NETWORK.model_copy(update={"name": name})
        path = kept.save(network, SOME)
        assert path is not None
        assert path.parent == tmp_path
        assert kept.load(network).hidden == SOME.hidden
    assert len(list(tmp_path.iterdir())) == len(names)


def test_without_a_folder_nothing_is_kept() -> None:
    kept = Arrangements(None)
    assert kept.save(NETWORK, SOME) is None
    assert kept.load(NETWORK) == Arranged()


def test_they_lie_beside_the_settings() -> None:
    assert arrangements_folder().parent == settings_path().parent


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "no arrangement"),
        ("[]", "no arrangement"),
        ("{}", "layerwalk_arrangement: Field required"),
        ('{"layerwalk_arrangement": 2}', "layerwalk_arrangement"),
        ('{"layerwalk_arrangement": 1, "wals": []}', "wals"),
        ('{"layerwalk_arrangement": 1, "walls": [{"node": "a", "move": [0, 0]}]}', r"walls\.0\.move"),
        ('{"layerwalk_arrangement": 1, "walls": [{"node": "a", "scale": 0}]}', "a: a wall's scale 0"),
        ('{"layerwalk_arrangement": 1, "walls": [{"node": "a", "scale": NaN}]}', "no arrangement"),
        ('{"layerwalk_arrangement": 1, "walls": [{"node": "a"}, {"node": "a"}]}', "a stands there twice"),
        ('{"layerwalk_arrangement": 1, "walls": [{"node": "a", "copy": -1}]}', r"walls\.0\.copy"),
    ],
)  # fmt: skip
def test_what_is_no_arrangement_is_told(content: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "it.json"
    path.write_text(content)
    with pytest.raises(InvalidRequestError, match=told):
        read_arrangement(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="cannot be read: No such file"):
        read_arrangement(tmp_path / "gone.json")

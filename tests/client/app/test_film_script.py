"""A film's script: read, written, and refused with a sentence that names the place."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerwalk_client.app.output.film import frame_count
from layerwalk_client.app.output.film_script import (
    Happening,
    Script,
    Waypoint,
    as_toml,
    parse_script,
    read_script,
)
from layerwalk_client.app.travel.places import OVERVIEW
from layerwalk_client.world.view import Camera
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.messages import NoiseInput, TextInput

seconds = st.floats(0, 3600)
words = st.text(max_size=12)
waypoints = st.one_of(
    st.builds(Waypoint, time=seconds, stay=seconds, node=words),
    st.builds(Waypoint, time=seconds, place=st.sampled_from(["overview", "home"])),
    st.builds(
        Waypoint,
        time=seconds,
        near=st.floats(0.05, 10),
        camera=st.tuples(*[st.floats(-1e6, 1e6)] * 4, st.floats(-89, 89)),
    ),
)
puts = st.one_of(
    st.builds("{}:{}".format, words.filter(lambda word: word and "\n" not in word), st.integers(0)),
    st.builds(NoiseInput, seed=st.integers(0, 2**62), amplitude=st.floats(0, 10)),
    st.builds(TextInput, text=words),
)
happenings = st.builds(
    Happening,
    time=seconds,
    put=st.none() | puts,
    step=st.none() | st.integers(0, 10**9) | st.just("newest"),
    table=st.none() | words,
    select=st.none() | words,
)
scripts = st.builds(
    Script,
    keyframes=st.lists(waypoints, min_size=1, max_size=4).map(tuple),
    actions=st.lists(happenings, max_size=4).map(tuple),
)


@settings(max_examples=40, deadline=None)
@given(scripts)
def test_what_is_written_is_read_back(script):
    assert parse_script(as_toml(script).encode(), is_json=False) == script
    assert parse_script(script.model_dump_json(exclude_none=True).encode(), is_json=True) == script


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.booleans())
def test_anything_else_is_one_sentence(content, is_json):
    try:
        parse_script(content, is_json=is_json)
    except InvalidRequestError as error:
        assert "\n" not in str(error).strip() or not is_json


WRONG = {
    '{"keyframes": []}': "keyframes: .*at least 1 item",
    "{}": "keyframes: Field required",
    '{"keyframes": [{"time": 0}]}': "keyframes.0: expected one of camera, node and place",
    '{"keyframes": [{"time": 0, "node": "a", "place": "home"}]}': "expected one of",
    '{"keyframes": [{"time": -1, "node": "a"}]}': "keyframes.0.time: .*greater.*got -1",
    '{"keyframes": [{"time": 0, "camera": [0, 0, 0, 0, 90]}]}': "a pitch of 90 degrees",
    '{"keyframes": [{"time": 0, "camera": [0, 0]}]}': "keyframes.0.camera",
    '{"keyframes": [{"time": 0, "node": "a", "hold": 3}]}': "keyframes.0.hold: Extra",
    '{"keyframes": [{"time": NaN, "node": "a"}]}': "keyframes.0.time",
    '{"keyframes": [{"time": 0, "node": "a"}], "actions": [{"time": 1, "put": "x"}]}': "actions.0.put",
    "[" * 3000: "it is no JSON",
    '{"keyframes"': "it is no JSON",
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.items())
def test_a_wrong_script_is_told_of_by_place(text, sentence):
    with pytest.raises(InvalidRequestError, match=sentence):
        parse_script(text.encode(), is_json=True)


def test_the_file_is_named(tmp_path):
    path = tmp_path / "a.toml"
    with pytest.raises(InvalidRequestError, match=r"a\.toml cannot be read"):
        read_script(path)
    path.write_text("keyframes = 3")
    with pytest.raises(InvalidRequestError, match=r"a\.toml: keyframes: .*got 3"):
        read_script(path)
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"keyframes": [{"time": 0, "place": "overview"}]}))
    assert read_script(path).keyframes[0].where() == OVERVIEW


def test_places_become_cameras_in_metres_and_radians():
    found = Waypoint(time=0, camera=(1, 2, 3, 90, -45), near=2.0).where()
    assert found == Camera((1, 2, 3), math.pi / 2, -math.pi / 4, near=2.0)
    assert Waypoint(time=0, place="home").where() is None
    assert Waypoint(time=0, node="conv1").where() == "conv1"


def test_a_film_lasts_until_the_last_thing_has_happened():
    one = Waypoint(time=1, place="home", stay=0.5)
    assert frame_count(Script(keyframes=(one,)), 10) == 16
    late = Happening(time=2.0, table="magma")
    assert frame_count(Script(keyframes=(one,), actions=(late,)), 10) == 21

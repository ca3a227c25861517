"""A link comes back as what it was made from; anything else is one sentence."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from layerwalk_shared.colours import TABLES
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.links import RANGE_MODES, Link, is_link, parse_link
from layerwalk_shared.messages import ExampleInput, NoiseInput, TextInput

numbers = st.floats(-1e9, 1e9)
words = st.text(max_size=30)
inputs = st.one_of(
    st.builds("{}:{}".format, st.text(min_size=1, max_size=20), st.integers(0, 10**17)),
    st.builds(
        NoiseInput,
        noise=st.sampled_from(["gaussian", "uniform", "constant"]),
        seed=st.integers(0, 10**17),
        amplitude=st.floats(0, 10),
    ),
    st.builds(TextInput, text=words),
    st.just(ExampleInput()),
)
places = st.tuples(numbers, numbers, numbers, numbers, st.floats(-89, 89))
cameras = places | st.tuples(places, st.floats(0.001, 1000)).map(lambda both: (*both[0], both[1]))


@st.composite
def links(draw):
    node = draw(st.none() | words)
    return Link(
        draw(st.sampled_from(["127.0.0.1", "localhost", "gpu-7.lab.example", "::1", "fe80::2"])),
        draw(st.integers(1, 65535)),
        draw(st.booleans()),
        network=draw(words),
        camera=draw(st.none() | cameras),
        node=node,
        channel=None if node is None else draw(st.none() | st.integers(0, 10**6)),
        input=draw(st.none() | inputs),
        step=draw(st.none() | st.integers(0, 10**9)),
        table=draw(st.none() | st.sampled_from(sorted(TABLES))),
        range=draw(st.none() | st.sampled_from(RANGE_MODES)),
        limit=draw(st.none() | st.floats(1e-9, 1e9)),
        layout=draw(st.none() | words),
        theme=draw(st.none() | st.sampled_from(["dark", "paper"])),
    )


@settings(deadline=None)
@given(links())
def test_a_link_comes_back_as_it_was(link):
    text = str(link)
    assert text.isascii()
    assert not set(text) & set(" \n\"'<>`")
    assert is_link(text)
    assert parse_link(text) == link
    assert str(parse_link(text)) == text


@settings(deadline=None)
@given(
    st.text(max_size=60)
    | st.text(max_size=60).map("layerwalk://h:1/n?{}".format)
    | st.text(max_size=30).map("layerwalk://{}".format)
    | st.lists(
        st.tuples(st.sampled_from(["camera", "noise", "input", "limit", "step", "x"]), words)
    ).map(lambda pairs: "layerwalk://h/?" + "&".join(f"{key}={value}" for key, value in pairs))
)
@example("layerwalk://[::1")
@example("layerwalk://h:99999/")
@example("layerwalk://h/?camera=" + "1," * 4000)
@example("layerwalk://h/?node=%ff")
@example("layerwalk://h/?step=" + "9" * 5000)
@example("layerwalk://" + "a" * 20_000)
@example("layerwalk://h/?text=\ud800")
def test_anything_else_is_one_sentence(text):
    try:
        assert isinstance(parse_link(text), Link)
    except InvalidRequestError as error:
        assert 0 < len(str(error)) < 400


WRONG = {
    "http://h:1/n": "expected layerwalk://HOST:PORT",
    "layerwalk:///n": "expected layerwalk://HOST:PORT",
    "layerwalk://me@h/n": "a network and a query alone",
    "layerwalk://h/a/b": "a network and a query alone",
    "layerwalk://h/n?nodee=a": "no 'nodee' in a link; nearest: 'node'",
    "layerwalk://h/n?node=a&node=b": "node is told twice",
    "layerwalk://h/n?input=d:1&text=x": "text is told twice",
    "layerwalk://h/n?channel=3": "channel 3 of no node",
    "layerwalk://h/n?camera=1,2": "a camera of 2 numbers",
    "layerwalk://h/n?camera=nan,0,0,0,0": "all of them finite",
    "layerwalk://h/n?camera=0,0,0,0,90": "a pitch of 90 degrees",
    "layerwalk://h/n?step=-1": "step '-1', expected a whole number",
    "layerwalk://h/n?range=all": "range 'all', expected one of channel",
    "layerwalk://h/n?table=magmaa": "magma",
    "layerwalk://h/n?noise=pink,1,2": "expected KIND,SEED,AMPLITUDE",
    "layerwalk://h/n?limit=0": "limit 0.0, expected a number above 0",
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.items())
def test_what_is_wrong_is_told(text, sentence):
    with pytest.raises(InvalidRequestError, match=sentence):
        parse_link(text)


def test_a_link_reads_like_one():
    link = Link("127.0.0.1", 5570, network="resnet18", camera=(0, 1.6, 4, -90, 0.5),
                node="layer1.0.conv1", channel=3, input="digits:12")  # fmt: skip
    assert str(link) == (
        "layerwalk://127.0.0.1:5570/resnet18?camera=0,1.6,4,-90,0.5&input=digits:12"
        "&node=layer1.0.conv1&channel=3"
    )
    assert link.url == "http://127.0.0.1:5570"
    assert parse_link("layerwalks://[::1]/").url == "https://[::1]:5570"

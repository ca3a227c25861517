"""Directions and terms are read as they are written, and what cannot be read is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.formulas import read_direction, read_terms, write_direction, write_terms
from layerwalk_shared.recipes import Term

WEIGHTS = st.floats(-1e6, 1e6, allow_nan=False)
NODES = st.lists(
    st.sampled_from(("layer1", "0", "conv_1", "relu:2", "a-b")), min_size=1, max_size=3
).map(".".join)


@st.composite
def terms(draw):
    kind = draw(st.sampled_from(("channel", "neuron", "percentile", "layer")))
    fields = {"node": draw(NODES), "kind": kind, "weight": draw(WEIGHTS)}
    if kind != "layer" and draw(st.booleans()):
        fields["channel"] = draw(st.integers(0, 4096))
    if kind == "neuron" and draw(st.booleans()):
        fields["position"] = tuple(draw(st.lists(st.integers(0, 99), min_size=1, max_size=3)))
    if kind == "percentile":
        fields["share"] = draw(st.floats(0.001, 1))
    return Term(**fields)


def test_a_direction_is_units_and_weights():
    assert read_direction("3, 1*-0.5", 5) == (0.0, -0.5, 0.0, 1.0, 0.0)
    assert write_direction((0.0, -0.5, 0.0, 1.0, 0.0)) == "1*-0.5, 3"


def test_terms_are_nodes_with_what_is_not_as_usual():
    found = read_terms("fc#3*-1; relu:2 layer *0.1; conv2#5 neuron@3,4; conv2 percentile@0.05")
    assert found == (
        Term(node="fc", channel=3, weight=-1),
        Term(node="relu:2", kind="layer", weight=0.1),
        Term(node="conv2", channel=5, kind="neuron", position=(3, 4)),
        Term(node="conv2", kind="percentile", share=0.05),
    )
    assert read_terms(" ; ") == ()


@given(st.lists(WEIGHTS, min_size=1, max_size=40).filter(any))
def test_a_direction_comes_back_from_its_text(direction):
    assert read_direction(write_direction(direction), len(direction)) == tuple(direction)


@given(st.lists(terms(), max_size=4))
def test_terms_come_back_from_their_text(written):
    assert read_terms(write_terms(written)) == tuple(written)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names units and weights"),
        ("3*0", "names units and weights"),
        ("x", "'x', expected UNIT or UNIT"),
        ("5", "unit 5 does not exist: there are 0 to 4"),
        ("1, 1", "unit 1 stands there twice"),
        ("1*y", "'y' is no weight"),
        ("1*nan", "expected a finite number"),
    ],
)
def test_a_direction_that_cannot_be_read_is_told(text, said):
    with pytest.raises(InvalidRequestError, match=said.replace("*", r"\*")):
        read_direction(text, 5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fc #3", "expected NODE#UNIT"),
        ("fc#x", "expected NODE#UNIT"),
        ("fc channel@3", "has no place or share"),
        ("fc percentile@2", "share: Input should be less than or equal to 1"),
        ("fc neuron@3,x", "expected NODE#UNIT"),
        ("fc*heavy", "'heavy' is no weight"),
    ],
)
def test_a_term_that_cannot_be_read_is_told(text, said):
    with pytest.raises(InvalidRequestError) as caught:
        read_terms(text)
    assert said in str(caught.value)

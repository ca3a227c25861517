"""The panel of inputs: an editor for each argument; what lies where is told by argument and node."""

import numpy as np
import pytest

from layerwalk_client.app.desks.input_pictures import (
    BOARD_PX,
    WAVE,
    picture_of,
    picture_of_slices,
    picture_of_wave,
)
from layerwalk_client.app.handling.hand import argument_of
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.ui.input import InputPanel
from layerwalk_client.ui.input_views import OnInput
from layerwalk_client.ui.intents import ClosePanel, PutOn
from layerwalk_client.world.inputs import arguments, fitting_text, lying, spec_at, texts_at, titles
from layerwalk_shared.messages import InputReference, InputSpec, NamedInput, TextInput

WORDS = InputSpec(kind="text", shape=(3,), vocabulary=9, has_tokenizer=True)
FACTS = InputSpec(kind="vector", shape=(4,))


@pytest.fixture(scope="module")
def plain():
    source = MemorySource()
    source.open()
    return source.arrivals()[0].network


@pytest.fixture(scope="module")
def several(plain):
    """Take the second node for one more input."""
    more = (
        NamedInput(name="picture", node="input", spec=plain.input),
        NamedInput(name="words", node=plain.graph.nodes[1].id, spec=WORDS),
        NamedInput(name="facts", spec=FACTS),
    )
    return plain.model_copy(update={"inputs": more})


def reference(title, *tokens):
    return InputReference(kind="example", title=title, tokens=tokens)


def test_a_network_that_names_none_has_the_one_that_is_shown(plain):
    (only,) = arguments(plain)
    assert (only.node, only.spec) == ("input", plain.input)
    assert lying(plain, plain.snapshot) == ((only, plain.snapshot.input),)
    assert argument_of(plain, "input") is None


def test_titles_specs_and_texts_are_those_of_the_node(several):
    words = several.graph.nodes[1].id
    lay = (reference("cat"), reference("a b c", "a", "b", "c"), reference("four"))
    manifest = several.snapshot.model_copy(update={"inputs": lay, "input": lay[2]})
    assert titles(several, manifest) == {"input": "cat", words: "a b c"}
    assert spec_at(several, words) == WORDS
    assert spec_at(several, several.graph.nodes[2].id) == several.input
    assert texts_at(several, manifest, "input") == [()]
    assert texts_at(several, manifest, words) == [("a", "b", "c")]
    assert texts_at(several, manifest, several.graph.nodes[3].id) == [("a", "b", "c")]
    assert [argument_of(several, node) for node in ("input", words, None)] == [
        "picture", "words", None,
    ]  # fmt: skip


def test_of_two_texts_that_fit_none_is_taken():
    one, two, long = ("a", "b"), ("c", "d"), ("e", "f", "g")
    assert fitting_text([one, long], 2) == one
    assert fitting_text([one, one], 2) == one
    assert fitting_text([one, two], 2) == ()
    assert fitting_text([one, long], 4) == ()
    assert fitting_text([()], 0) == ()


def test_each_argument_keeps_what_was_written_for_it(several):
    panel = InputPanel(several.inputs)
    assert (panel.argument, panel.takes_text) == ("picture", False)
    panel.step(1)
    panel.type_text("walk")
    panel.type_text(" on")
    assert panel.takes_text
    assert panel.enter() == [PutOn(TextInput(text="walk on"), "walk on", "words")]
    panel.step(1)
    panel.step(1)
    assert (panel.argument, panel.text) == ("facts", "")
    panel.step(-1)
    assert panel.text == "walk on"


def test_a_single_argument_goes_without_a_name_and_the_panel_closes_with_it(several):
    panel = InputPanel(several.inputs[1:2])
    assert panel.enter() == []
    panel.editor.shown = OnInput("example", tokens=("some", " words"))
    panel.complete()
    assert panel.enter() == [PutOn(TextInput(text="some words"), "some words"), ClosePanel()]


def test_pictures_show_what_was_normalised_as_it_was():
    spec = InputSpec(kind="image", shape=(3, 4, 5), mean=(0.5,) * 3, std=(0.25,) * 3)
    unit = np.random.default_rng(1).random((3, 4, 5), np.float32)
    made = picture_of((unit - 0.5) / 0.25, spec)
    np.testing.assert_allclose(made.pixels, 255 * unit.transpose(1, 2, 0), atol=0.51)
    assert not made.is_smooth
    assert picture_of(unit, FACTS) is None


def test_slices_lie_in_order_in_a_grid():
    spec = InputSpec(kind="volume", shape=(1, 5, 30, 20))
    values = np.zeros(spec.shape, np.float32) + np.arange(5)[None, :, None, None] / 4
    sheet = picture_of_slices(values, spec)
    assert sheet.shape == (2 * 31 - 1, 3 * 21 - 1, 3)
    found = [sheet[row * 31 + 15, column * 21 + 10, 0] for row in (0, 1) for column in (0, 1, 2)]
    assert found[:5] == [0, 64, 128, 191, 255]
    assert tuple(sheet[50, 55]) == (7, 10, 16)


def test_a_wave_is_as_high_as_the_sound_is_loud_there():
    spec = InputSpec(kind="sound", shape=(1, 8000), sample_rate=8000, time_axis=1)
    loudness = np.repeat([0.0, 0.5, 1.0, 0.25], 2000)
    samples = loudness * np.sin(np.arange(8000))
    wave = picture_of_wave(samples[None].astype(np.float32), spec)[: BOARD_PX[1]]
    heights = (wave == WAVE).all(axis=2).sum(axis=0) / BOARD_PX[1]
    quarter = BOARD_PX[0] // 4
    found = [
        heights[place * quarter + 10 : (place + 1) * quarter - 10].mean() for place in range(4)
    ]
    np.testing.assert_allclose(found, [0.01, 0.46, 0.91, 0.23], atol=0.03)
    assert picture_of_wave(np.zeros((1, 100), np.float32), spec).shape == (432, 1024, 3)

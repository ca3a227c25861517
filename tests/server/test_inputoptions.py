"""Options say what goes in: kinds, tokenizers, examples, views; contradictions are one sentence."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

import pytest
import torch

from layerwalk.cli import _fill, _offer, _serve_parser, wished_networks
from layerwalk.session import Session
from layerwalk_shared.command import main
from layerwalk_shared.messages import NetworkDescription, TextInput

FILE = """
import torch
from torch import nn

class Reader(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Embedding(256, 8), nn.Linear(8, 256))

class Listener(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv1d(1, 4, 9, 4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 198, 3))

class Forecast(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(2, 4, batch_first=True)

    def forward(self, x):
        return self.rnn(x)[0]

class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(4, 2), nn.Linear(3, 2)

    def forward(self, left, *, right):
        return self.left(left) + self.right(right)

def example():
    return {"left": torch.zeros(1, 4), "right": torch.ones(1, 3)}

pair = {"left": torch.zeros(1, 4), "right": torch.ones(1, 3)}

def encode(text):
    return [ord(one) % 7 for one in text]

def breaks():
    raise KeyError("nothing there")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mine.py").write_text(FILE)
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "a.txt").write_text("abc")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def filled(*arguments: str) -> tuple[NetworkDescription, Session]:
    options: argparse.Namespace = _serve_parser().parse_args(arguments)
    session = Session()
    try:
        datasets = _offer(session, options)
        for wish in wished_networks(options):
            _fill(session, options, wish, datasets)
    except BaseException:
        session.close()
        raise
    return session.describe_network("n1"), session


def described(*arguments: str) -> NetworkDescription:
    found, session = filled(*arguments)
    session.close()
    assert found.error is None
    return found


def test_a_text_is_guessed_from_its_embedding_and_read_by_bytes(
    folder: Path, no_thread_left: None
) -> None:
    found, session = filled("mine.py:Reader", "--input", "12", "--tokenizer", "bytes")
    with session:
        assert (found.input.kind, found.input.shape) == ("text", (12,))
        assert (found.input.vocabulary, found.input.has_tokenizer) == (256, True)
        session.put("n1", TextInput(text="walk"))
        session.jobs.call(lambda: None)
        assert session.snapshots("n1")[-1].input.tokens[:4] == ("w", "a", "l", "k")


def test_a_tokenizer_may_be_a_name_in_the_file_or_characters_of_a_vocabulary(
    folder: Path, no_thread_left: None
) -> None:
    found, session = filled(
        "mine.py:Reader", "--input", "3", "--tokenizer", "encode", "--data", "words"
    )
    with session:
        assert found.snapshot is not None
        assert found.snapshot.input.title == "a.txt"
        assert session.snapshot(found.snapshot.id).node_values(0).tolist() == [6, 0, 1]
    (folder / "letters.json").write_text(json.dumps(["c", "b", "a"]))
    arguments = ("--tokenizer", "characters", "--vocabulary", "letters.json", "--data", "words")
    found = described("mine.py:Reader", "--input", "3", *arguments)
    assert found.snapshot is not None
    assert found.snapshot.input.tokens == ("a", "b", "c")
    assert found.input.vocabulary == 3


def test_a_sound_has_a_rate_and_its_time_last(folder: Path, no_thread_left: None) -> None:
    found = described("mine.py:Listener", "--input", "1x800", "--sample-rate", "8000")
    assert found.input.kind == "sound"
    assert (found.input.sample_rate, found.input.time_axis) == (8000, 1)


def test_a_series_is_guessed_and_told_more_of(folder: Path, no_thread_left: None) -> None:
    found = described(
        "mine.py:Forecast", "--input", "30x2", "--names", "load, wind", "--mean", "1,2",
        "--std", "3,4",
    )  # fmt: skip
    assert found.input.kind == "series"
    assert (found.input.names, found.input.mean) == (("load", "wind"), (1, 2))
    turned = described("mine.py:Listener", "--input", "1x800", "--time-axis", "1")
    assert (turned.input.kind, turned.input.time_axis) == ("series", 1)


@pytest.mark.parametrize("name", ["example", "pair"])
def test_an_example_of_several_arguments_and_which_is_shown(
    folder: Path, no_thread_left: None, name: str
) -> None:
    found, session = filled("mine.py:Two", "--example", name, "--argument", "right")
    with session:
        assert found.input.shape == (3,)
        assert found.error is None
        assert session.network("n1").argument("left").spec.shape == (4,)


def test_views_are_said_by_id_or_pattern(folder: Path, no_thread_left: None) -> None:
    found = described(
        "mine.py:Forecast", "--input", "16x2", "--view", "*=vector", "--view", "input=grid"
    )
    views = {node.id: node.view for node in found.graph.nodes}
    assert views.pop("input") == "grid"
    assert set(views.values()) == {"vector"}


def test_a_card_that_tells_its_input_is_believed(folder: Path, no_thread_left: None) -> None:
    (folder / "carded.py").write_text(
        FILE
        + """
from types import SimpleNamespace
from layerwalk_shared.messages import InputSpec

def make():
    model = Reader()
    model.layerwalk_card = SimpleNamespace(
        input=InputSpec(kind="text", shape=(5,), vocabulary=9), input_shape=(5,)
    )
    return model
"""
    )
    assert described("carded.py:make").input.vocabulary == 9
    assert described("carded.py:make", "--vocabulary", "11").input.vocabulary == 11
    assert described("carded.py:make", "--input", "6").input.vocabulary == 9


def test_a_card_may_bring_an_example_and_letters(folder: Path, no_thread_left: None) -> None:
    (folder / "letters.py").write_text(
        FILE
        + """
from types import SimpleNamespace

def make():
    model = Reader()
    model.layerwalk_card = SimpleNamespace(
        classes=[chr(65 + at) for at in range(26)], input_shape=(3,), example={"input": ids}
    )
    return model

ids = torch.tensor([[2, 0, 25]])
"""
    )
    arguments = ("letters.py:make", "--vocabulary", "26")
    found = described(*arguments)
    assert found.snapshot is not None
    assert found.snapshot.input.title == "example"
    assert found.snapshot.input.tokens == ("C", "A", "Z")
    assert found.input.has_tokenizer
    other = described(*arguments, "--input", "5")
    assert other.input.shape == (5,)
    assert not described("letters.py:make", "--vocabulary", "27").input.has_tokenizer


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("mine.py:Reader", "--input", "4", "--tokenizer", "none.json"), 1, "no file 'none.json'"),
        (("mine.py:Reader", "--input", "4", "--vocabulary", "no.txt"), 1, "vocabulary file"),
        (("mine.py:Two", "--input", "4", "--tokenizer", "bytes", "--kind", "vector"), 1,
         "--tokenizer is for texts; the input is vector [4]"),
        (("mine.py:Two", "--input", "4x4", "--tokenizer", "bytes"), 1,
         "an input of kind text has 1 axes beside the batch's: [4, 4] has 2"),
        (("mine.py:Two", "--input", "4", "--mean", "1", "--std", "1"), 1,
         "--mean and --std are for pictures"),
        (("mine.py:Forecast", "--input", "4x2", "--mean", "1", "--std", "1"), 1,
         "mean has 1 numbers, the input 2 columns"),
        (("mine.py:Two", "--example", "exampel"), 1, "nearest: 'example'"),
        (("mine.py:Two", "--example", "breaks"), 1, "calling it raised KeyError"),
        (("mine.py:Two", "--example", "pair", "--argument", "lef"), 1, "'lef' .*: left, right"),
        (("mine.py:Two", "--argument", "left"), 1, "--example, which is missing"),
        (("mine.py:Two", "--example", "pair", "--input", "9"), 1, "the example has .4."),
        (("resnet18", "--example", "pair"), 1, "looked for in the file of TARGET"),
        (("mine.py:Reader", "--input", "4", "--view", "0=volume"), 1,
         "view 'volume' cannot show a tensor of shape .4, 8."),
        (("mine.py:Reader", "--input", "4", "--view", "nine=tokens"), 1, "no node is called 'nine'"),
        (("mine.py:Reader", "--view", "0"), 2, "expected NODE=VIEW"),
        (("mine.py:Reader", "--view", "0=film"), 2, "expected NODE=VIEW"),
        (("mine.py:Reader", "--sample-rate", "0"), 2, "more than 0"),
        (("mine.py:Reader", "--kind", "film"), 2, "--kind"),
    ],
)  # fmt: skip
def test_contradictions_are_one_sentence(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    no_thread_left: None,
    *,
    arguments: tuple[str, ...],
    code: int,
    sentence: str,
) -> None:
    try:
        found = main(("graph", *arguments))
    except SystemExit as ended:
        found = ended.code  # type: ignore[assignment]
    told = capsys.readouterr().err
    assert found == code, told
    assert re.search(sentence.replace("[", ".").replace("]", "."), told), told
    if code == 1:
        assert told.count("\n") == 1


def test_what_the_example_is_made_of_is_put_on(folder: Path, no_thread_left: None) -> None:
    found, session = filled("mine.py:Two", "--example", "example")
    with session:
        assert found.snapshot is not None
        values = session.snapshot(found.snapshot.id).node_values(0)
        assert torch.equal(torch.from_numpy(values.copy()), torch.zeros(4))

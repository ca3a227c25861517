"""Texts: every kind of tokenizer gives ids of the right length, and names for what stands there."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from layerwalk.inputs.texts import as_tokenizer, check_ids, open_tokenizer, text_input, token_names
from layerwalk.session import Session
from layerwalk_shared.errors import InputError, InvalidRequestError
from layerwalk_shared.messages import InputSpec, NoiseInput, TextInput

SPEC = InputSpec(kind="text", shape=(6,), vocabulary=300)
WORDS = ("<pad>", "a", "live", "network", "walk")


def by_words(text: str) -> list[int]:
    return [WORDS.index(word) for word in text.split()]


@given(st.text("aé€😀 \n", min_size=1, max_size=30))
def test_bytes_are_utf8_cut_or_padded(text: str) -> None:
    found = text_input(text, SPEC, open_tokenizer("bytes"))
    assert bytes(found.tolist()) == (text.encode() + bytes(6))[:6]


def test_half_a_character_is_refused() -> None:
    with pytest.raises(InputError, match=r"cannot read this text: .*surrogates"):
        text_input("\ud800", SPEC, open_tokenizer("bytes"))


def test_characters_are_code_points_or_places_in_a_vocabulary() -> None:
    assert text_input("aé", SPEC, open_tokenizer("characters")).tolist() == [97, 233, 0, 0, 0, 0]
    tokenizer = open_tokenizer("characters", ("b", "a", "<pad>"))
    ids = text_input("ab", SPEC, tokenizer)
    assert ids.tolist() == [1, 0, 2, 2, 2, 2]
    assert token_names(ids, tokenizer)[:3] == ("a", "b", "<pad>")
    with pytest.raises(InputError, match="character 'x' is not among its 3 tokens"):
        text_input("ax", SPEC, tokenizer)


def test_what_cannot_be_printed_has_a_name_that_can() -> None:
    assert token_names(np.array([10, 65, 200]), open_tokenizer("bytes")) == ("\\x0a", "A", "\\xc8")
    characters = open_tokenizer("characters")
    assert token_names(np.array([10, 233, 10**7]), characters) == ("\\u000a", "é", "?")


@pytest.mark.parametrize(
    "given_as",
    [
        by_words,
        lambda text: np.array(by_words(text)),
        lambda text: torch.tensor(by_words(text)),
        lambda text: torch.tensor([by_words(text)]),
        lambda text: {"input_ids": by_words(text), "attention_mask": []},
        lambda text: {"input_ids": torch.tensor([by_words(text)])},
    ],
)
def test_a_callable_may_give_its_ids_in_many_ways(given_as) -> None:  # type: ignore[no-untyped-def]
    tokenizer = as_tokenizer(given_as, WORDS)
    found = text_input("walk a live network", SPEC, tokenizer)
    assert found.tolist() == [4, 1, 2, 3, 0, 0]
    assert token_names(found, tokenizer) == ("walk", "a", "live", "network", "<pad>", "<pad>")
    assert tokenizer.count == 5


def test_a_callable_without_a_vocabulary_has_no_names() -> None:
    assert token_names(np.array([1]), as_tokenizer(by_words)) == ()
    assert token_names(np.array([1, 9]), as_tokenizer(by_words, WORDS)) == ("a", "#9")


def library(tmp_path: Path) -> Path:
    import tokenizers
    from tokenizers import models, pre_tokenizers

    made = tokenizers.Tokenizer(
        models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="a")
    )
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def test_a_file_and_a_folder_of_the_tokenizers_library_are_read(tmp_path: Path) -> None:
    folder = library(tmp_path)
    for spec in (str(folder), str(folder / "tokenizer.json")):
        tokenizer = open_tokenizer(spec)
        ids = text_input("a network", SPEC, tokenizer)
        assert ids.tolist() == [1, 3, 0, 0, 0, 0]
        assert token_names(ids, tokenizer)[:2] == ("a", "network")
        assert tokenizer.count == 5


def test_a_tokenizer_of_hugging_face_works_as_it_is(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    folder = library(tmp_path)
    theirs = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"), pad_token="<pad>"
    )
    tokenizer = as_tokenizer(theirs)
    ids = text_input("walk network", SPEC, tokenizer)
    assert ids.tolist() == [4, 3, 0, 0, 0, 0]
    assert token_names(ids, tokenizer)[:3] == ("walk", "network", "<pad>")
    assert tokenizer.count == 5


def test_what_is_no_tokenizer_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidRequestError, match="tokenizer of type int"):
        as_tokenizer(5)
    with pytest.raises(InvalidRequestError, match="neither characters nor bytes"):
        open_tokenizer("byte")
    with pytest.raises(InvalidRequestError, match=r"no file .*tokenizer\.json"):
        open_tokenizer(str(tmp_path))
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(InvalidRequestError, match=r"tokenizer\.json"):
        open_tokenizer(str(tmp_path))
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(InvalidRequestError, match="pip install tokenizers"):
        open_tokenizer(str(tmp_path))


@pytest.mark.parametrize(
    ("encode", "sentence"),
    [
        (lambda text: [], "finds no token in 'walk'"),
        (lambda text: [7, 300], "token 300 at place 1: the network knows 0 to 299"),
        (lambda text: [-1], "token -1 at place 0"),
        (lambda text: [0.5], "cannot read this text: it gave float64"),
        (lambda text: "walk", "cannot read this text"),
        (lambda text: [[1], [2]], r"of shape \[2, 1\], ids \[T\] are expected"),
        (lambda text: WORDS.index("fly"), "cannot read this text"),
    ],
)
def test_what_a_tokenizer_may_not_give_is_told(encode, sentence: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=sentence):
        text_input("walk", SPEC, as_tokenizer(encode))


def test_a_network_without_a_tokenizer_or_without_words_says_so() -> None:
    with pytest.raises(InputError, match="6 token ids and was given no tokenizer"):
        text_input("walk", SPEC, None)
    with pytest.raises(InputError, match=r"takes vector inputs of shape \[6\], no text"):
        text_input("walk", InputSpec(kind="vector", shape=(6,)), None)


def test_ids_are_checked_as_far_as_is_known() -> None:
    check_ids(np.array([0, 299]), SPEC)
    check_ids(np.array([-1]), InputSpec(kind="vector", shape=(1,)))
    unknown = InputSpec(kind="text", shape=(6,))
    check_ids(np.array([10**6]), unknown)
    with pytest.raises(InputError, match="token -3 at place 1: the network knows ids from 0 on"):
        check_ids(np.array([0, -3]), unknown)


class Reader(nn.Module):
    """Embeds words and gives them back."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(len(WORDS), 4)
        self.head = nn.Linear(4, len(WORDS))

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.embed(ids))


def test_a_session_keeps_the_tokenizer_and_its_manifests_tell_the_tokens(
    no_thread_left: None,
) -> None:
    with Session() as session:
        session.add_network(
            Reader(), torch.tensor([[4, 1, 2]]), tokenizer=by_words, vocabulary=WORDS
        )
        spec = session.describe_network("n1").input
        assert (spec.kind, spec.vocabulary, spec.has_tokenizer) == ("text", 5, True)
        first = session.snapshots("n1")[0]
        assert first.input.tokens == ("walk", "a", "live")
        session.put("n1", TextInput(text="live  network\n"))
        session.put("n1", NoiseInput(seed=8))
        session.put("n1", NoiseInput(seed=8, noise="constant", amplitude=9))
        session.jobs.call(lambda: None)
        _, words, noise, constant = session.snapshots("n1")
        assert words.input.title == "live network"
        assert words.input.tokens == ("live", "network", "<pad>")
        assert session.snapshot(words.id).node_values(0).tolist() == [2, 3, 0]
        ids = np.random.Generator(np.random.PCG64(8)).integers(0, 5, 3)
        assert session.snapshot(noise.id).node_values(0).tolist() == ids.tolist()
        assert noise.input.tokens == tuple(WORDS[at] for at in ids)
        assert noise.input.title == "random tokens, seed 8"
        assert set(constant.input.tokens) == {"walk"}


def test_a_network_of_texts_begins_with_random_tokens_of_its_vocabulary(
    no_thread_left: None,
) -> None:
    with Session() as session:
        session.add_network(Reader(), input_spec=InputSpec(kind="text", shape=(9,)))
        described = session.describe_network("n1")
        assert described.input.vocabulary == 5
        assert not described.input.has_tokenizer
        assert described.error is None
        assert described.snapshot is not None
        assert described.snapshot.error is None
        assert described.snapshot.input.tokens == ()

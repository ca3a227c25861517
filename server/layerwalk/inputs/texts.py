"""Texts: words to token ids with the user's tokenizer, ids to what is read at each position."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layerwalk_shared.errors import InputError, InvalidRequestError
from layerwalk_shared.messages import InputSpec

PADS = ("<pad>", "[PAD]", "<|pad|>", "<|endoftext|>", "</s>")
"""Names of a padding token, the likeliest first; where there is none, id 0 pads."""
BYTES = 256
CODE_POINTS = 0x110000


@dataclass(frozen=True, slots=True, eq=False)
class Tokenizer:
    """Words to ids and back.

    Attributes:
        encode: text -> ids.
        name: id -> what a person reads there; None where nobody knows.
        pad: id that fills up a text that is too short.
        count: how many ids there are; None where nobody knows.
    """

    encode: Callable[[str], Sequence[int]]
    name: Callable[[int], str] | None = None
    pad: int = 0
    count: int | None = None


def as_tokenizer(tokenizer: Any, vocabulary: Sequence[str] | None = None) -> Tokenizer:
    """Return whatever a person calls a tokenizer as ours.

    Args:
        tokenizer: a callable str -> ids (a sequence, an array, a tensor, or a mapping with
            `input_ids`, as Hugging Face's are); or an object with `encode`, which gives ids or
            something with `ids` (the tokenizers library).
        vocabulary: id -> string; asked of the tokenizer where it is not given.

    Raises:
        InvalidRequestError: it is none of these.
    """
    if isinstance(tokenizer, Tokenizer):
        return tokenizer
    call = tokenizer if callable(tokenizer) else getattr(tokenizer, "encode", None)
    if call is None:
        raise InvalidRequestError(
            f"tokenizer of type {type(tokenizer).__name__}: a callable str -> ids is expected, or "
            "an object with encode"
        )
    names = None if vocabulary is None else tuple(vocabulary)
    name = _names_of(tokenizer) if names is None else lambda at: names[at]
    count = _count_of(tokenizer) if names is None else len(names)
    pad = _pad_of(tokenizer, names)
    return Tokenizer(lambda text: _ids(call(text)), name, pad, count)


def _ids(encoded: Any) -> Sequence[int]:
    if isinstance(encoded, Mapping) and "input_ids" in encoded:
        encoded = encoded["input_ids"]
    encoded = getattr(encoded, "ids", encoded)
    ids = np.asarray(encoded)
    if ids.ndim == 2 and len(ids) == 1:
        ids = ids[0]
    if ids.ndim != 1 or (ids.size and ids.dtype.kind not in "iu"):
        raise InputError(f"it gave {ids.dtype} of shape {list(ids.shape)}, ids [T] are expected")
    return [int(one) for one in ids]


def _names_of(tokenizer: Any) -> Callable[[int], str] | None:
    for attribute in ("convert_ids_to_tokens", "id_to_token"):
        found = getattr(tokenizer, attribute, None)
        if callable(found):
            return lambda at: str(found(at))
    return None


def _count_of(tokenizer: Any) -> int | None:
    size = getattr(tokenizer, "get_vocab_size", None)
    if callable(size):
        return int(size())
    return len(tokenizer) if hasattr(tokenizer, "__len__") else None


def _pad_of(tokenizer: Any, names: tuple[str, ...] | None) -> int:
    for attribute in ("pad_token_id", "eos_token_id"):
        found = getattr(tokenizer, attribute, None)
        if isinstance(found, int):
            return found
    known = getattr(tokenizer, "token_to_id", None)
    for pad in PADS:
        if names is not None and pad in names:
            return names.index(pad)
        if names is None and callable(known) and known(pad) is not None:
            return int(known(pad))
    return 0


def open_tokenizer(spec: str, vocabulary: Sequence[str] | None = None) -> Tokenizer:
    """Return the tokenizer that a word of the command line names.

    Args:
        spec: `characters` (ids are places in `vocabulary`, code points without one), `bytes`
            (UTF-8), or a `tokenizer.json` of the tokenizers library, or a folder with one.
        vocabulary: id -> string.

    Raises:
        InvalidRequestError: there is no such file, it cannot be read, or the library is missing.
    """
    if spec == "bytes":
        return Tokenizer(lambda text: list(text.encode()), _byte_name, count=BYTES)
    if spec == "characters":
        return _characters(vocabulary)
    path = Path(spec).expanduser()
    if path.is_dir():
        path = path / "tokenizer.json"
    if not path.is_file():
        raise InvalidRequestError(
            f"tokenizer {spec!r}: neither characters nor bytes, and there is no file {str(path)!r}"
        )
    try:
        import tokenizers
    except ModuleNotFoundError as error:
        raise InvalidRequestError(
            f"tokenizer {spec!r}: to read it, its library is needed (pip install tokenizers)"
        ) from error
    try:
        opened = tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain Exception
        raise InvalidRequestError(f"tokenizer {str(path)!r}: {error}") from error
    return as_tokenizer(opened, vocabulary)


def _characters(vocabulary: Sequence[str] | None) -> Tokenizer:
    if vocabulary is None:
        return Tokenizer(lambda text: [ord(one) for one in text], _character_name)
    names = tuple(vocabulary)
    places = {name: at for at, name in enumerate(names)}

    def encode(text: str) -> list[int]:
        unknown = next((one for one in text if one not in places), None)
        if unknown is not None:
            raise InputError(f"character {unknown!r} is not among its {len(names)} tokens")
        return [places[one] for one in text]

    return Tokenizer(encode, lambda at: names[at], _pad_of(None, names), len(names))


def _byte_name(at: int) -> str:
    return chr(at) if 32 <= at < 127 else f"\\x{at:02x}"


def _character_name(at: int) -> str:
    name = chr(at) if 0 <= at < CODE_POINTS else "?"
    return name if name.isprintable() else f"\\u{at:04x}"


def text_input(text: str, spec: InputSpec, tokenizer: Tokenizer | None) -> NDArray[np.int64]:
    """Return the ids `[T]` of a text, cut or padded at its end.

    Raises:
        InputError: the network takes no text or has no tokenizer; the tokenizer raises, gives no
            token, or one that the network does not know.
    """
    if spec.kind != "text" or len(spec.shape) != 1:
        raise InputError(
            f"this network takes {spec.kind} inputs of shape {list(spec.shape)}, no text"
        )
    if tokenizer is None:
        raise InputError(
            f"this network takes {spec.shape[0]} token ids and was given no tokenizer: send the ids "
            "as an NPY array, or serve it with a tokenizer"
        )
    try:
        ids = list(tokenizer.encode(text))
    except Exception as error:  # it is the user's code, which may raise anything
        raise InputError(f"the tokenizer cannot read this text: {error}") from error
    if not ids:
        raise InputError(f"the tokenizer finds no token in {text[:40]!r}")
    length = spec.shape[0]
    made = np.full(length, tokenizer.pad, np.int64)
    kept = ids[:length]
    made[: len(kept)] = kept
    check_ids(made, spec)
    return made


def check_ids(ids: NDArray[np.generic], spec: InputSpec) -> None:
    """Raise `InputError` where an id is none of the network's tokens, as far as they are known."""
    if spec.kind != "text" or ids.size == 0:
        return
    values = ids.reshape(-1).astype(np.int64)
    most = np.inf if spec.vocabulary is None else spec.vocabulary
    wrong = np.flatnonzero((values < 0) | (values >= most))
    if len(wrong):
        known = "ids from 0 on" if spec.vocabulary is None else f"0 to {spec.vocabulary - 1}"
        raise InputError(
            f"token {int(values[wrong[0]])} at place {int(wrong[0])}: the network knows {known}"
        )


def token_names(ids: NDArray[np.generic], tokenizer: Tokenizer | None) -> tuple[str, ...]:
    """Return what each position of ids `[T]` reads; () where nobody knows."""
    if tokenizer is None or tokenizer.name is None:
        return ()
    found = []
    for at in ids.reshape(-1).tolist():
        try:
            found.append(str(tokenizer.name(int(at))))
        except (LookupError, ValueError, TypeError, OverflowError):  # an id it has no name for
            found.append(f"#{at}")
    return tuple(found)

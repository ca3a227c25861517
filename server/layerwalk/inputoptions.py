"""Options of the command line that say what a network takes, and how its nodes are shown."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from torch import nn

from layerwalk.inputkinds import guess_spec, spec_of
from layerwalk.inputs.datasets import Dataset
from layerwalk.inputs.texts import Tokenizer, as_tokenizer, open_tokenizer
from layerwalk.targets import ModelCard, guess_shape
from layerwalk.twin import make_example, parameter_names
from layerwalk_shared.errors import InputError, InvalidRequestError, TargetError, nearest_hint
from layerwalk_shared.graph import View
from layerwalk_shared.messages import InputKind, InputSpec
from layerwalk_shared.views import VIEWS

_ITEMS = {
    None: ("image",), "text/plain": ("text",), "audio/wav": ("sound",),
    "text/csv": ("series", "vector"),
}  # fmt: skip
"""What the items of a data set are -> the kinds of input that they can be put on."""


def add_input_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what goes in and how it is shown."""
    add = parser.add_argument
    add("--input", type=_shape, metavar="SHAPE", help="shape of the input, such as 3x224x224")
    add("--kind", choices=get_args(InputKind), help="what the input is; guessed where not said")
    add("--mean", type=_numbers, metavar="R,G,B", help="subtracted from a picture in 0..1")
    add("--std", type=_numbers, metavar="R,G,B", help="by which it is divided then")
    add("--tokenizer", metavar="WHAT", help="reads words: characters, bytes, a tokenizer.json or "
        "its folder, or a name in the file of TARGET")  # fmt: skip
    add("--vocabulary", metavar="N|FILE", help="how many tokens, or their strings: a JSON list, or "
        "one a line")  # fmt: skip
    add("--sample-rate", type=_positive, metavar="HZ", help="of a sound")
    add("--time-axis", type=int, choices=(0, 1), help="of a series: 0 for TxD, 1 for DxT")
    add("--names", type=_names, metavar="A,B,C", help="columns of a series or parts of a vector")
    add("--example", metavar="NAME", help="arguments of one forward pass: a name in the file of "
        "TARGET, or a function there that gives them")  # fmt: skip
    add("--argument", metavar="NAME", help="which argument of the example is the input shown")
    add("--view", action="append", default=[], type=_view, metavar="NODE=VIEW",
        help=f"how nodes are shown ({', '.join(VIEWS)}); NODE may be a pattern such as "
        "'blocks.*.attn'; may be repeated")  # fmt: skip


def open_example(model: nn.Module, card: ModelCard, options: argparse.Namespace) -> Any:
    """Return the arguments that `--example` names, else those of the card, or None.

    Where the card's is a single tensor, `--input` goes before it.

    Raises:
        TargetError: TARGET's file has no such name, or calling it raised.
    """
    if options.example is None:
        own = getattr(getattr(model, "layerwalk_card", None), "example", None)
        known = dict(card.example or own or {})
        return None if options.input is not None and len(known) == 1 else known or None
    found = _named(options.target, options.example)
    if not callable(found):
        return found
    try:
        return found()
    except Exception as error:  # it is the user's code, which may raise anything
        raise TargetError(
            f"example {options.example!r}: calling it raised {type(error).__name__}: {error}"
        ) from error


def open_words(
    options: argparse.Namespace, spec: InputSpec, classes: Sequence[str] = ()
) -> Tokenizer | None:
    """Return the tokenizer that `--tokenizer` names, or None.

    Classes that are as many as the tokens are their strings, where `--vocabulary` names no others;
    a network whose tokens are single characters then needs no `--tokenizer`.

    Raises:
        InvalidRequestError: it cannot be read.
        InputError: the network takes no text.
    """
    _, strings = _vocabulary(options.vocabulary)
    if strings is None and spec.kind == "text" and len(classes) == spec.vocabulary:
        strings = tuple(classes)
    if options.tokenizer is None:
        is_by_letter = strings is not None and all(len(one) == 1 for one in strings)
        return open_tokenizer("characters", strings) if is_by_letter else None
    if spec.kind != "text":
        raise InputError(f"--tokenizer is for texts; the input is {spec.kind} {list(spec.shape)}")
    name = options.tokenizer
    module = _module_of(options.target)
    if name not in ("characters", "bytes") and hasattr(module, name):
        return as_tokenizer(getattr(module, name), strings)
    return open_tokenizer(name, strings)


def read_input(
    model: nn.Module, card: ModelCard, options: argparse.Namespace, *, example: Any = None
) -> InputSpec:
    """Return what a network takes: as the options say, else its card, example, shape and layers.

    Raises:
        InputError: options that contradict each other or the shape.
    """
    base = _base(model, card, options, example)
    count, strings = _vocabulary(options.vocabulary)
    said = {
        "kind": options.kind or _implied(options),
        "vocabulary": count or (len(strings) if strings else None),
        "sample_rate": options.sample_rate,
        "time_axis": options.time_axis,
        "names": options.names,
    }
    changes = {key: value for key, value in said.items() if value is not None}
    mean = options.mean if options.mean is not None else base.mean or card.mean
    std = options.std if options.std is not None else base.std or card.std
    made = InputSpec(**{**base.model_dump(), "mean": (), "std": (), **changes})
    if made.kind not in ("image", "volume", "series"):
        if options.mean or options.std:
            raise InputError(
                f"--mean and --std are for pictures, volumes and series; the input is {made.kind} "
                f"{list(made.shape)}"
            )
        return made
    is_series = made.kind == "series"
    columns = made.shape[1 - made.time_axis] if is_series and len(made.shape) == 2 else 1
    channels = columns if is_series else made.shape[0]
    if is_series and options.mean is None and options.std is None:
        return made
    for what, values in (("mean", mean), ("std", std)):
        if values and len(values) != channels:
            parts = "columns" if is_series else "colours"
            raise InputError(
                f"{what} has {len(values)} numbers, the input {channels} {parts}: "
                f"{list(made.shape)}"
            )
    if bool(mean) is not bool(std) or 0 in std:
        raise InputError(f"mean {list(mean)} and std {list(std)}: both or none, std not zero")
    return made.model_copy(update={"mean": tuple(mean), "std": tuple(std)})


def takes_items(spec: InputSpec, dataset: Dataset) -> bool:
    """Return whether the items of a data set can be put on an input."""
    return spec.kind in _ITEMS.get(getattr(dataset, "media_type", None), ())


def _base(
    model: nn.Module, card: ModelCard, options: argparse.Namespace, example: Any
) -> InputSpec:
    said = getattr(getattr(model, "layerwalk_card", None), "input", None)
    if example is None and options.argument is not None:
        raise InputError("--argument chooses among the arguments of --example, which is missing")
    if example is not None:
        names = parameter_names(model)
        made = make_example(example, argument=options.argument, parameters=names)
        found = spec_of(made, model=model)
        if options.input not in (None, found.shape):
            raise InputError(
                f"--input is {list(options.input)}, the example has {list(found.shape)}"
            )
        if options.example is not None or options.argument is not None:
            return found
        if not isinstance(said, InputSpec) or said.shape != found.shape:
            is_text = found.kind == "text" and card.vocabulary is not None
            return found.model_copy(update={"vocabulary": card.vocabulary} if is_text else {})
    if isinstance(said, InputSpec) and options.input in (None, said.shape):
        return said
    shape = options.input or card.input_shape or guess_shape(model)
    if card.vocabulary is not None:
        return InputSpec(kind="text", shape=shape, vocabulary=card.vocabulary)
    return guess_spec(shape, model)


def _implied(options: argparse.Namespace) -> InputKind | None:
    if options.tokenizer is not None or options.vocabulary is not None:
        return "text"
    return "sound" if options.sample_rate is not None and options.time_axis is None else None


def _module_of(target: str) -> ModuleType | None:
    left, colon, _ = target.partition(":")
    is_file = left.endswith(".py") or "/" in left
    name = f"layerwalk_target_{Path(left).stem}" if is_file else left
    return sys.modules.get(name) if colon else None


def _named(target: str, name: str) -> Any:
    module = _module_of(target)
    if module is None:
        raise TargetError(f"{name!r} is looked for in the file of TARGET; {target!r} is none")
    if not hasattr(module, name):
        raise TargetError(f"{target!r} has no {name!r} beside it{nearest_hint(name, vars(module))}")
    return getattr(module, name)


def _vocabulary(text: str | None) -> tuple[int | None, tuple[str, ...] | None]:
    """Return (count, None) or (None, strings) for `--vocabulary`."""
    if text is None:
        return None, None
    if text.isdecimal() and int(text) > 0:
        return int(text), None
    strings = read_lines(Path(text), what="vocabulary")
    return None, strings


def read_lines(path: Path, *, what: str) -> tuple[str, ...]:
    """Return the strings in a file: a JSON list of them, or one on each line.

    Raises:
        InvalidRequestError: it cannot be read, or holds something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if text.lstrip().startswith("["):
            names = json.loads(text)
            if not all(isinstance(name, str) for name in names):
                raise ValueError("the list holds more than strings")
            return tuple(names)
        return tuple(line.strip() for line in text.splitlines() if line.strip())
    except (OSError, ValueError) as error:
        raise InvalidRequestError(f"{what} file {str(path)!r}: {error}") from error


def _shape(text: str) -> tuple[int, ...]:
    parts = text.replace(",", "x").split("x")
    if not 1 <= len(parts) <= 6 or not all(
        part.isdecimal() and part[0] != "0" and len(part) <= 7 for part in parts
    ):
        raise argparse.ArgumentTypeError(f"{text!r}, expected sizes such as 3x224x224")
    return tuple(int(part) for part in parts)


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r}, expected numbers such as 0.5,0.5,0.5"
        ) from None


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r}, expected a number more than 0")
    return value


def _view(text: str) -> tuple[str, View]:
    node, equals, name = text.rpartition("=")
    view = next((one for one in VIEWS if one == name), None)
    if not equals or not node or view is None:
        raise argparse.ArgumentTypeError(
            f"{text!r}, expected NODE=VIEW, VIEW one of {', '.join(VIEWS)}"
        )
    return node, view

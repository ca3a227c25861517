"""The verbs `serve` and `graph` of the command line."""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import secrets
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from torch import nn

from layerwalk.graphtext import graph_text
from layerwalk.http.security import is_loopback
from layerwalk.http.serving import bind
from layerwalk.inputs.datasets import open_dataset
from layerwalk.inputs.prepared import PreparedInput
from layerwalk.limits import Limits
from layerwalk.session import Session
from layerwalk.targets import ModelCard, guess_shape, open_target
from layerwalk.training.beside import BesideTraining
from layerwalk.training.checkpoints import Follower
from layerwalk.weights import load_weights
from layerwalk_shared.errors import DatasetError, InputError, InvalidRequestError
from layerwalk_shared.messages import DatasetInput, InputSpec
from layerwalk_shared.routes import DEFAULT_PORT

_SIZES = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_TARGET_HELP = (
    "module:callable, path.py:callable, a name of the zoo, torchvision:NAME[:pretrained], "
    "timm:NAME[:pretrained] or transformers:NAME[:tiny]"
)


def serve(argv: Sequence[str]) -> int:
    """Serve a model until a signal ends it; return the exit code.

    The first line on standard output is `layerwalk: serving NAME on URL`, flushed; where a token
    was made, the second is `layerwalk: token TOKEN`.
    """
    options = _serve_parser().parse_args(argv)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # requests that wait are no news
    limits = Limits(snapshot_bytes=options.snapshot_memory)
    must_make = options.token is None and not is_loopback(options.host)
    token = secrets.token_urlsafe(24) if must_make else options.token
    with Session(limits=limits, device=options.device) as session:
        server = bind(
            session, host=options.host, port=options.port, token=token, origins=options.origin
        )
        try:
            name = _fill(session, options)
            server.start()
            with _ended_by_signals() as ended, _following(session, options):
                print(f"layerwalk: serving {name} on {server.url}", flush=True)
                if must_make:
                    print(f"layerwalk: token {token}", flush=True)
                stopped = session.networks()[0].trace.error
                if stopped:
                    print(f"layerwalk: forward stopped: {stopped}", file=sys.stderr, flush=True)
                if options.until_stdin_closes:
                    _end_with_stdin(ended)
                ended.wait()
        finally:
            server.close()
    return 0


def _end_with_stdin(ended: threading.Event) -> None:
    """Set `ended` when standard input is at its end, from a thread that waits for that."""

    def read() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        ended.set()

    threading.Thread(target=read, name="layerwalk-stdin", daemon=True).start()


def graph(argv: Sequence[str]) -> int:
    """Print the traced graph of a model as text or JSON; return the exit code."""
    parser = argparse.ArgumentParser("layerwalk graph", description="The traced graph as text.")
    _add_model_options(parser)
    parser.add_argument("--json", action="store_true", help="the Graph message as JSON")
    options = parser.parse_args(argv)
    with Session(device=options.device) as session:
        _fill(session, options)
        network = session.describe_network(session.networks()[0].id)
    text = network.graph.model_dump_json(indent=1) if options.json else graph_text(network)
    try:
        print(text, flush=True)
    except BrokenPipeError:  # whoever reads has seen enough; Python would complain again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _serve_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("layerwalk serve", description="Serve a PyTorch model.")
    _add_model_options(parser)
    add = parser.add_argument
    add("--data", action="append", default=[], metavar="SPEC", help="pictures to pick inputs from: "
        "a folder, an IDX file, digits, dashes or samples; may be repeated")  # fmt: skip
    add("--follow", type=Path, metavar="FOLDER", help="show every checkpoint that a training writes "
        "there, .safetensors, .pt, .pth or .ckpt, as a step")  # fmt: skip
    add("--keep", type=Path, metavar="FOLDER", help="with --follow: keep what was shown of all "
        "steps there")  # fmt: skip
    add("--host", default="127.0.0.1", help="address to bind; beyond this machine needs a token")
    add("--port", type=int, default=DEFAULT_PORT, help="0 = any that is free (%(default)s)")
    add(
        "--token",
        type=_token,
        default=os.environ.get("LAYERWALK_TOKEN") or None,
        help="Bearer token that every request needs; made where needed (or LAYERWALK_TOKEN)",
    )
    add("--origin", action="append", default=[], metavar="URL", help="web origin that may read "
        "answers; may be repeated")  # fmt: skip
    add("--until-stdin-closes", action="store_true", help="end when standard input is closed: for "
        "a program that starts a server as its child and may be killed")  # fmt: skip
    add("--snapshot-memory", type=_size, default=Limits().snapshot_bytes, metavar="SIZE",
        help="memory of all snapshots, such as 512M or 2G (2G)")  # fmt: skip
    return parser


def _add_model_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("target", metavar="TARGET", help=_TARGET_HELP)
    add("--weights", type=Path, metavar="FILE", help="safetensors, or a state_dict of torch.save")
    add("--device", default="cpu", help="cpu or cuda (%(default)s)")
    add("--input", type=_shape, metavar="SHAPE", help="shape of the input, such as 3x224x224")
    add("--classes", type=Path, metavar="FILE", help="names of the outputs: lines, or a JSON list")
    add("--mean", type=_numbers, metavar="R,G,B", help="subtracted from a picture in 0..1")
    add("--std", type=_numbers, metavar="R,G,B", help="by which it is divided then")
    add("--detail", choices=("trackers", "modules", "operations"), help="which nodes are shown")
    add("--name", help="what to call the network")


def _fill(session: Session, options: argparse.Namespace) -> str:
    """Put what the options name into a session; return the network's name."""
    model, card = open_target(options.target)
    if options.weights is not None:
        load_weights(model, options.weights)
    name: str = options.name or card.name
    classes = card.classes if options.classes is None else read_classes(options.classes)
    datasets = [session.add_dataset(open_dataset(spec)) for spec in getattr(options, "data", [])]
    spec = _input_spec(model, card, options)
    is_picture = spec.kind == "image"
    has_items = datasets and session.datasets()[0].count > 0
    first = DatasetInput(dataset=datasets[0], item=0) if is_picture and has_items else None

    care = None if getattr(options, "follow", None) is None else BesideTraining()

    def add(first: DatasetInput | None) -> None:
        session.add_network(
            model,
            (card.example or None) if spec.shape == card.input_shape else None,
            name=name,
            classes=classes,
            input_spec=spec,
            detail=options.detail,
            first=first,
            care=care,
        )

    try:
        add(first)
    except DatasetError as error:
        print(f"layerwalk: {error}; beginning with noise", file=sys.stderr, flush=True)
        add(None)
    return name


@contextmanager
def _following(session: Session, options: argparse.Namespace) -> Iterator[None]:
    """Show the checkpoints of the folder that the options name, if they name one."""
    if options.follow is None:
        yield
        return
    if options.keep is not None:
        session.gallery.keep_on_disk(options.keep)
    network = session.networks()[0]
    first = session.gallery.shared(network.id)
    assert first is not None
    values = first.node_values(0)
    assert isinstance(network.care, BesideTraining)
    follower = Follower(
        session,
        network.id,
        care=network.care,
        folder=options.follow,
        shown=PreparedInput(values, first.manifest.input),
        say=lambda text: print(f"layerwalk: {text}", file=sys.stderr, flush=True),
    ).start()
    try:
        yield
    finally:
        follower.close()


def _input_spec(model: nn.Module, card: ModelCard, options: argparse.Namespace) -> InputSpec:
    shape = options.input or card.input_shape or guess_shape(model)
    mean = options.mean if options.mean is not None else card.mean
    std = options.std if options.std is not None else card.std
    kind = card.kind if shape == card.input_shape else None
    if kind not in (None, "image") or len(shape) != 3 or shape[0] not in (1, 3):
        if options.mean or options.std:
            raise InputError(f"--mean and --std are for pictures; the input is {list(shape)}")
        if kind is not None:
            return InputSpec(
                kind=kind,
                shape=shape,
                mean=card.mean,
                std=card.std,
                vocabulary=card.vocabulary,
                time_axis=card.time_axis,
            )
        return InputSpec(kind="vector" if len(shape) == 1 else "tensor", shape=shape)
    for what, values in (("mean", mean), ("std", std)):
        if values and len(values) != shape[0]:
            raise InputError(
                f"{what} has {len(values)} numbers, the input {shape[0]} colours: {list(shape)}"
            )
    if bool(mean) is not bool(std) or 0 in std:
        raise InputError(f"mean {list(mean)} and std {list(std)}: both or none, std not zero")
    return InputSpec(kind="image", shape=shape, mean=mean, std=std)


def read_classes(path: Path) -> tuple[str, ...]:
    """Return the names in a file: a JSON list of strings, or one name on each line.

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
        raise InvalidRequestError(f"classes file {str(path)!r}: {error}") from error


@contextmanager
def _ended_by_signals() -> Iterator[threading.Event]:
    """Yield an event that SIGINT and SIGTERM set; the handlers from before come back."""
    ended = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: ended.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _shape(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[1-9]\d{0,6}([x,][1-9]\d{0,6}){0,5}", text):
        raise argparse.ArgumentTypeError(f"{text!r}, expected sizes such as 3x224x224")
    return tuple(int(part) for part in re.split("[x,]", text))


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r}, expected numbers such as 0.5,0.5,0.5"
        ) from None


def _size(text: str) -> int:
    match = re.fullmatch(r"(\d+)\s*([KMGT]?)(i?B)?", text.strip(), re.IGNORECASE)
    if match is None or int(match[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r}, expected a size such as 512M or 2G")
    return int(match[1]) * _SIZES[match[2].upper()]


def _token(text: str) -> str:
    if len(text) < 8 or not text.isascii() or any(mark.isspace() for mark in text):
        raise argparse.ArgumentTypeError("expected at least 8 ASCII characters without spaces")
    return text

"""The verbs `serve` and `graph` of the command line."""

from __future__ import annotations

import argparse
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

from layerwalk.graphtext import graph_text
from layerwalk.http.security import is_loopback
from layerwalk.http.serving import bind
from layerwalk.inputoptions import (
    add_input_options,
    open_example,
    open_words,
    read_input,
    read_lines,
    takes_items,
)
from layerwalk.inputs.datasets import open_dataset
from layerwalk.limits import Limits
from layerwalk.results import ResultCache
from layerwalk.session import Session
from layerwalk.targets import open_target
from layerwalk.training.care import TrainingCare
from layerwalk.training.checkpoints import Follower
from layerwalk.weights import load_weights
from layerwalk_shared.errors import DatasetError, InputError, StorageError
from layerwalk_shared.messages import DatasetInput
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
    with (
        _opened_cache(options.cache) as cache,
        Session(limits=limits, device=options.device, cache=cache) as session,
    ):
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


@contextmanager
def _opened_cache(folder: str | None) -> Iterator[ResultCache | None]:
    """Open the cache that is named; the user's own one is done without where it cannot be had.

    Raises:
        StorageError: the folder that is named cannot be used.
    """
    if folder == "none":
        yield None
        return
    try:
        cache = ResultCache(None if folder is None else Path(folder))
    except StorageError as error:
        if folder is not None:
            raise
        print(f"layerwalk: maximisations are not kept: {error}", file=sys.stderr, flush=True)
        yield None
        return
    with cache:
        yield cache


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
    add_model_options(parser)
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
    add_model_options(parser)
    add = parser.add_argument
    add("--data", action="append", default=[], metavar="SPEC", help="what to pick inputs from: a "
        "folder of pictures, texts (.txt), sounds (.wav) or tables (.csv), an IDX file, digits, "
        "dashes or samples; may be repeated")  # fmt: skip
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
    add("--cache", metavar="FOLDER", help="where finished maximisations are kept; none = nowhere "
        "(the user's folder for caches)")  # fmt: skip
    add("--snapshot-memory", type=_size, default=Limits().snapshot_bytes, metavar="SIZE",
        help="memory of all snapshots, such as 512M or 2G (2G)")  # fmt: skip
    return parser


def add_model_options(parser: argparse.ArgumentParser, *, is_target_needed: bool = True) -> None:
    """Add the options that name a model and say what it takes."""
    add = parser.add_argument
    if is_target_needed:
        add("target", metavar="TARGET", help=_TARGET_HELP)
    else:
        add("target", nargs="?", metavar="TARGET", help=_TARGET_HELP)
    add("--weights", type=Path, metavar="FILE", help="safetensors, or a state_dict of torch.save")
    add("--device", default="cpu", help="cpu or cuda (%(default)s)")
    add("--classes", type=Path, metavar="FILE", help="names of the outputs: lines, or a JSON list")
    add("--detail", choices=("trackers", "modules", "operations"), help="which nodes are shown")
    add("--name", help="what to call the network")
    add_input_options(parser)


def _fill(session: Session, options: argparse.Namespace) -> str:
    """Put what the options name into a session; return the network's name."""
    model, card = open_target(options.target)
    if options.weights is not None:
        load_weights(model, options.weights)
    name: str = options.name or card.name
    classes = card.classes if options.classes is None else read_classes(options.classes)
    datasets = [open_dataset(spec) for spec in getattr(options, "data", [])]
    ids = [session.add_dataset(dataset) for dataset in datasets]
    example = open_example(card, options)
    spec = read_input(model, card, options, example=example)
    able = (at for at, one in enumerate(datasets) if len(one) and takes_items(spec, one))
    place = next(able, None)
    first = None if place is None else DatasetInput(dataset=ids[place], item=0)
    tokenizer = open_words(options, spec, classes)

    care = None if getattr(options, "follow", None) is None else TrainingCare(is_alone=True)

    def add(first: DatasetInput | None) -> None:
        session.add_network(
            model,
            example,
            name=name,
            classes=classes,
            input_spec=spec,
            detail=options.detail,
            views=dict(options.view),
            argument=options.argument,
            tokenizer=tokenizer,
            first=first,
            care=care,
        )

    try:
        add(first)
    except (DatasetError, InputError) as error:
        if first is None:
            raise
        start = "noise" if example is None else "the example"
        print(f"layerwalk: {error}; beginning with {start}", file=sys.stderr, flush=True)
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
    assert isinstance(network.care, TrainingCare)
    follower = Follower(
        session,
        network.id,
        care=network.care,
        folder=options.follow,
        say=lambda text: print(f"layerwalk: {text}", file=sys.stderr, flush=True),
    ).start()
    try:
        yield
    finally:
        follower.close()


def read_classes(path: Path) -> tuple[str, ...]:
    """Return the names in a file: a JSON list of strings, or one name on each line.

    Raises:
        InvalidRequestError: it cannot be read, or holds something else.
    """
    return read_lines(path, what="classes")


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


def _size(text: str) -> int:
    match = re.fullmatch(r"(\d+)\s*([KMGT]?)(i?B)?", text.strip(), re.IGNORECASE)
    if match is None or int(match[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r}, expected a size such as 512M or 2G")
    return int(match[1]) * _SIZES[match[2].upper()]


def _token(text: str) -> str:
    if len(text) < 8 or not text.isascii() or any(mark.isspace() for mark in text):
        raise argparse.ArgumentTypeError("expected at least 8 ASCII characters without spaces")
    return text

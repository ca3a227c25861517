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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
from layerwalk.inputs.datasets import Dataset, open_dataset
from layerwalk.limits import Limits
from layerwalk.results import ResultCache
from layerwalk.session import Session
from layerwalk.targets import open_target
from layerwalk.training.care import TrainingCare
from layerwalk.training.checkpoints import Follower
from layerwalk.weights import load_weights
from layerwalk_shared.errors import DatasetError, InputError, InvalidRequestError, StorageError
from layerwalk_shared.messages import DatasetInput
from layerwalk_shared.routes import DEFAULT_PORT

_SIZES = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_TARGET_HELP = (
    "module:callable, path.py:callable, a name of the zoo, torchvision:NAME[:pretrained], "
    "timm:NAME[:pretrained] or transformers:NAME[:tiny]"
)


def serve(argv: Sequence[str]) -> int:
    """Serve one model or several until a signal ends it; return the exit code.

    The first line on standard output is `layerwalk: serving NAMES on URL`, flushed; where a token
    was made, the second is `layerwalk: token TOKEN`.
    """
    parser = _serve_parser()
    options = parser.parse_args(argv)
    try:
        wishes = wished_networks(options)
    except InvalidRequestError as error:
        parser.error(str(error))
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
            datasets = _offer(session, options)
            for wish in wishes:
                _fill(session, options, wish, datasets)
            server.start()
            names = ", ".join(network.name for network in session.networks())
            with _ended_by_signals() as ended, _following(session, options):
                print(f"layerwalk: serving {names} on {server.url}", flush=True)
                if must_make:
                    print(f"layerwalk: token {token}", flush=True)
                for network in session.networks():
                    if network.trace.error:
                        told = f"layerwalk: forward stopped: {network.trace.error}"
                        print(told, file=sys.stderr, flush=True)
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
        _fill(session, options, NetworkWish(options.target, options.weights, options.name), {})
        network = session.describe_network(session.networks()[0].id)
    text = network.graph.model_dump_json(indent=1) if options.json else graph_text(network)
    try:
        print(text, flush=True)
    except BrokenPipeError:  # whoever reads has seen enough; Python would complain again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _serve_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("layerwalk serve", description="Serve PyTorch models.")
    add_model_options(parser, are_many=True)
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


def add_model_options(
    parser: argparse.ArgumentParser, *, is_target_needed: bool = True, are_many: bool = False
) -> None:
    """Add the options that name a model and say what it takes.

    Args:
        parser: to add to.
        is_target_needed: a model must be named.
        are_many: more than one may be, each with weights of its own.
    """
    add = parser.add_argument
    if are_many:
        add("target", metavar="TARGET", nargs="+", help=f"{_TARGET_HELP}; several are served side "
            "by side, to compare")  # fmt: skip
    elif is_target_needed:
        add("target", metavar="TARGET", help=_TARGET_HELP)
    else:
        add("target", nargs="?", metavar="TARGET", help=_TARGET_HELP)
    weights = "safetensors, or a state_dict of torch.save"
    if are_many:
        add("--weights", type=Path, metavar="FILE", action="append", default=[], help=f"{weights}; "
            "once for each TARGET, or several times for one, to compare them")  # fmt: skip
    else:
        add("--weights", type=Path, metavar="FILE", help=weights)
    add("--device", default="cpu", help="cpu or cuda (%(default)s)")
    add("--classes", type=Path, metavar="FILE", help="names of the outputs: lines, or a JSON list")
    add("--detail", choices=("trackers", "modules", "operations"), help="which nodes are shown")
    add("--name", help="what to call the network")
    add_input_options(parser)


@dataclass(frozen=True, slots=True)
class NetworkWish:
    """One network to serve: what, with which weights, and what to call it (None: as it is called;
    `tag` is added to tell it from the others)."""

    target: str
    weights: Path | None = None
    name: str | None = None
    tag: str = ""


def wished_networks(options: argparse.Namespace) -> tuple[NetworkWish, ...]:
    """Return the networks that the options of `serve` name.

    Raises:
        InvalidRequestError: the weights are neither one for each target nor all for one; one name
            for several networks; or checkpoints are followed by several.
    """
    targets: list[str] = options.target
    weights: list[Path] = options.weights
    if len(targets) == 1 and len(weights) > 1:
        found = [
            NetworkWish(targets[0], one, tag=tag)
            for one, tag in zip(weights, tags(weights), strict=True)
        ]
    elif len(weights) in (0, len(targets)):
        every: list[Path | None] = [*weights] or [None] * len(targets)
        found = [NetworkWish(*one, options.name) for one in zip(targets, every, strict=True)]
    else:
        raise InvalidRequestError(
            f"{len(targets)} targets and {len(weights)} --weights: expected one for each, or none"
        )
    if len(found) > 1 and options.name is not None:
        raise InvalidRequestError(f"--name {options.name!r} for {len(found)} networks")
    if len(found) > 1 and options.follow is not None:
        raise InvalidRequestError(f"--follow shows one network, {len(found)} are named")
    return tuple(found)


def tags(files: Sequence[Path]) -> list[str]:
    """Return what tells files apart: their stems, with as many folders before as are needed."""
    parts = [(*file.parts[:-1], file.stem) for file in files]
    for count in range(1, max(map(len, parts)) + 1):
        found = ["/".join(one[-count:]) for one in parts]
        if len(set(found)) == len(found):
            return found
    return [str(file) for file in files]


def _offer(session: Session, options: argparse.Namespace) -> dict[str, Dataset]:
    """Offer the data sets that the options name; return them by their ids."""
    datasets = [open_dataset(spec) for spec in options.data]
    return {session.add_dataset(dataset): dataset for dataset in datasets}


def _fill(
    session: Session,
    options: argparse.Namespace,
    wish: NetworkWish,
    datasets: Mapping[str, Dataset],
) -> None:
    """Put a network into a session, with what the options say of all.

    Args:
        session: to put it into.
        options: of the command line.
        wish: which network.
        datasets: that are offered, by their ids.
    """
    options = argparse.Namespace(**{**vars(options), "target": wish.target})  # of this one alone
    model, card = open_target(wish.target)
    if wish.weights is not None:
        load_weights(model, wish.weights)
    name = " ".join(filter(None, (wish.name or card.name, wish.tag)))
    classes = card.classes if options.classes is None else read_classes(options.classes)
    example = open_example(card, options)
    spec = read_input(model, card, options, example=example)
    able = (key for key, one in datasets.items() if len(one) and takes_items(spec, one))
    key = next(able, None)
    first = None if key is None else DatasetInput(dataset=key, item=0)
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

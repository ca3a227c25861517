"""The verb `maximise` of the command line."""

from __future__ import annotations

import argparse
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from layerwalk.candidate import make_candidate
from layerwalk.cli import add_model_options, read_classes
from layerwalk.commands.production import Made, Production, nodes_to_climb
from layerwalk.commands.progress import ProgressLine
from layerwalk.commands.recipes import (
    add_recipe_options,
    read_objective,
    read_recipe,
    read_start,
)
from layerwalk.inputoptions import open_example, open_words, read_input
from layerwalk.inputs.datasets import open_dataset
from layerwalk.magnitudes import magnitudes_of
from layerwalk.maximisation.beginning import Scale
from layerwalk.maximisation.cluster import RayExecutor
from layerwalk.maximisation.executors import Executor, LocalExecutor
from layerwalk.maximisation.keeping import fingerprint
from layerwalk.maximisation.plan import Plan
from layerwalk.maximisation.truncated import place_of, precision_for
from layerwalk.network import Network, make_network
from layerwalk.results import ResultCache
from layerwalk.sheets import Legend, read_legend
from layerwalk.targets import open_target
from layerwalk.twin import check_device
from layerwalk.weights import load_weights
from layerwalk_shared.errors import (
    InvalidRequestError,
    LayerwalkError,
    NotFoundError,
    StorageError,
)

MOST_FAILURES = 8
"""Nodes in a row whose forward raises before a run over all nodes is given up."""
STOPPED = 130
"""Exit code after an interrupt, as shells have it."""
_NOT_KEPT = {"-o": 1, "--output": 1, "--again": 1, "--all-nodes": 0}
"""Options that do not say how images are made -> how many words follow."""


class Stop:
    """Whether somebody has asked to stop. Mutable; set by signals."""

    def __init__(self) -> None:
        self.is_asked = False

    def is_wanted(self) -> bool:
        """Return whether the work is still wanted."""
        return not self.is_asked


def maximise(argv: Sequence[str]) -> int:
    """Make images that excite units of a model, and write them; return the exit code."""
    parser = _parser()
    options = parser.parse_intermixed_args(list(argv))
    words, before = list(argv), None
    if options.again is not None:
        before = _sheet(options.again)
        words = [*before.arguments, *_how(argv)]
        options = parser.parse_intermixed_args([*words, "--output", str(options.output)])
    if options.target is None or (options.node is None) is not options.all_nodes:
        parser.error("TARGET and NODE are needed, or TARGET and --all-nodes, or --again FILE")
    try:
        keeps = before is not None and not any(one.startswith("--recipe") for one in _how(argv))
        recipe = read_recipe(options, before.recipe if before is not None and keeps else None)
        channels = _channels(options.channels)
    except (InvalidRequestError, NotFoundError) as error:
        parser.error(str(error))
    progress = ProgressLine(sys.stderr)
    network = _network(options)
    plan = _plan(network, options)
    try:
        is_mixed = options.objective == "direction"
        if is_mixed and options.all_nodes:
            raise InvalidRequestError("a direction is of one node: name it, instead of --all-nodes")
        count = place_of(plan.graph, plan.traced, options.node).units if is_mixed else 0
        objective = read_objective(options, count)
    except InvalidRequestError as error:
        parser.error(str(error))
    plan = replace(plan, recipe=recipe, objective=objective)
    if recipe.image == "phase":
        plan = replace(plan, begins=replace(plan.begins, spectrum=_spectrum(network, options.data)))
    precision = precision_for(plan.example.shown.device, plan.precision)
    own = fingerprint(plan.model, network.trace.graph, network.input, precision)
    if before is not None and before.fingerprint not in ("", own):
        progress.say("layerwalk: weights or precision are others than those of the sheet")
    with ExitStack() as held:
        cache = None
        if options.cache != "none":
            cache = held.enter_context(ResultCache(options.cache and Path(options.cache)))
        executor = _executor(options)
        held.callback(executor.close)
        stop = held.enter_context(_stopped_by_signals())
        production = Production(
            network,
            plan,
            fingerprint=own,
            executor=executor,
            cache=cache,
            output=options.output,
            arguments=lambda node: (*_how(words), *([node] if options.all_nodes else [])),
            progress=progress,
            is_wanted=stop.is_wanted,
            has_images=options.images,
            most=options.most,
        )
        if options.all_nodes:
            return _make_all(production, nodes_to_climb(network), options, progress, stop)
        made = production.make(options.node, channels)
        return _told(made, options, progress)


def _make_all(
    production: Production,
    nodes: Sequence[str],
    options: argparse.Namespace,
    progress: ProgressLine,
    stop: Stop,
) -> int:
    """Make the images of all nodes; one that cannot be climbed is told and left out."""
    failures = skipped = 0
    for node in nodes:
        if stop.is_asked:
            progress.say(f"layerwalk: stopped before {node!r}; the same command goes on there")
            return STOPPED
        try:
            made = production.make(node, None)
        except StorageError:
            raise
        except LayerwalkError as error:
            progress.say(f"layerwalk: {node!r} is left out: {error}")
            skipped += 1
            failures = 0 if isinstance(error, InvalidRequestError) else failures + 1
            if failures >= MOST_FAILURES:
                raise LayerwalkError(
                    f"given up: {failures} nodes in a row failed, at last {node!r}: {error}"
                ) from error
            continue
        failures = 0
        code = _told(made, options, progress)
        if code:
            return code
    print(f"{len(nodes) - skipped} of {len(nodes)} nodes are in {options.output}", flush=True)
    if skipped == len(nodes):
        raise LayerwalkError("no node could be climbed")
    return 0


def _told(made: Made, options: argparse.Namespace, progress: ProgressLine) -> int:
    """Say what became of a node; return the exit code."""
    if made.done < made.count:
        way = "begins them again" if options.cache == "none" else "goes on there"
        progress.say(
            f"layerwalk: stopped: {made.done} of {made.count} images of {made.node!r} are written; "
            f"the same command {way}"
        )
        return STOPPED
    images = "1 image" if made.count == 1 else f"{made.count} images"
    said = ", there already" if made.was_there else ""
    if made.cached:
        said = f", {made.cached} from the cache"
    progress.clear()
    print(f"{made.node}: {images}{said}", flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "layerwalk maximise",
        description="Images that excite units of a model, as sheets and exact arrays.",
    )
    add_model_options(parser, is_target_needed=False)
    add = parser.add_argument
    add("node", nargs="?", metavar="NODE", help="whose units; `layerwalk graph` tells all")
    add("channels", nargs="?", default="all", metavar="CHANNELS", help="such as 0-15,40 (all)")
    add("-o", "--output", type=Path, required=True, metavar="DIR", help="a folder for each node "
        "is made there")  # fmt: skip
    add("--all-nodes", action="store_true", help="one node after the other; what DIR or the cache "
        "has is not made again")  # fmt: skip
    add("--again", type=Path, metavar="FILE", help="a sheet or its parameters.json: make it again, "
        "with what else is said here")  # fmt: skip
    add("--images", action="store_true", help="a PNG file for every image, too")
    add_recipe_options(parser)
    add("--data", metavar="SPEC", help="pictures whose magnitudes the recipe maco takes: a folder, "
        "an IDX file, digits, dashes or samples")  # fmt: skip
    add("--precision", choices=("auto", "float32", "bfloat16"), default="auto")
    add("--batch", type=_positive, metavar="N", help="images at once; as memory allows")
    add(
        "--most", type=_positive, default=4096, metavar="N", help="channels of a node (%(default)s)"
    )
    add("--cache", metavar="FOLDER", help="of finished images; none: no cache")
    add("--executor", type=_where, default="local", metavar="WHERE", help="local, ray (a cluster "
        "on this machine), ray:auto or ray:HOST:PORT (local)")  # fmt: skip
    add("--workers", type=_positive, metavar="N", help="processes of ray; as many as cores")
    return parser


def _network(options: argparse.Namespace) -> Network:
    """Return the network that the options name, traced."""
    check_device(options.device)
    model, card = open_target(options.target)
    if options.weights is not None:
        load_weights(model, options.weights)
    classes = card.classes if options.classes is None else read_classes(options.classes)
    example = open_example(card, options)
    spec = read_input(model, card, options, example=example)
    candidate = make_candidate(
        model,
        example,
        device=options.device,
        name=options.name or card.name,
        classes=classes,
        input_spec=spec,
        detail=options.detail,
        views=dict(options.view),
        argument=options.argument,
        tokenizer=open_words(options, spec, classes),
        vocabulary=None,
        first=None,
        care=None,
    )
    return make_network(candidate, candidate.name)


def _plan(network: Network, options: argparse.Namespace) -> Plan:
    spec = network.input
    return Plan(
        network.twin,
        network.example,
        network.trace,
        network.graph,
        options.node or "",
        read_recipe(options),
        begins=read_start(options.start, network.argument(None)),
        scale=Scale(spec.mean, spec.std, is_picture=spec.kind == "image"),
        seed=options.seed,
        precision=options.precision,
        batch=options.batch,
    )


def _spectrum(network: Network, data: str | None) -> NDArray[np.float32] | None:
    if data is None or network.input.kind != "image":
        return None
    return magnitudes_of([open_dataset(data)], network.input.shape)


def _executor(options: argparse.Namespace) -> Executor:
    if options.executor == "local":
        return LocalExecutor()
    _, _, address = options.executor.partition(":")
    return RayExecutor(address or None, workers=options.workers)


def _sheet(path: Path) -> Legend:
    """Return what a sheet or its JSON says.

    Raises:
        InvalidRequestError: it is none, or was not made by this command.
    """
    try:
        found = read_legend(path.read_bytes())
    except OSError as error:
        raise InvalidRequestError(f"--again {path}: {error.strerror or error}") from error
    except InvalidRequestError as error:
        raise InvalidRequestError(f"--again {path}: {error}") from error
    if not found.arguments:
        raise InvalidRequestError(
            f"--again {path}: it does not say where its network {found.network!r} comes from; name "
            "TARGET and NODE, and give its recipe as a file"
        )
    return found


def _how(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a command line that say how images are made, not where they go."""
    kept: list[str] = []
    passing = 0
    for word in words:
        if passing:
            passing -= 1
            continue
        name, equals, _ = word.partition("=")
        if name in _NOT_KEPT:
            passing = 0 if equals else _NOT_KEPT[name]
        elif not (word.startswith("-o") and len(word) > 2):
            kept.append(word)
    return tuple(kept)


@contextmanager
def _stopped_by_signals() -> Iterator[Stop]:
    """Yield what the first SIGINT or SIGTERM sets; a second one ends the program at once."""
    stop = Stop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}

    def ask(number: int, _: object) -> None:
        stop.is_asked = True
        signal.signal(number, before[signal.Signals(number)])

    for number in numbers:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _channels(text: str) -> tuple[int, ...] | None:
    """Return the channels of `0-15,40`; None for `all`.

    Raises:
        InvalidRequestError: it is no list of them.
    """
    if text == "all":
        return None
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,7})(?:-(\d{1,7}))?", part.strip())
        first, last = (0, -1) if match is None else (int(match[1]), int(match[2] or match[1]))
        if first > last:
            raise InvalidRequestError(f"channels {text!r}, expected all, or such as 0-15,40")
        found += range(first, last + 1)
    return tuple(found)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number more than 0")
    return int(text)


def _where(text: str) -> str:
    name, _, address = text.partition(":")
    if name not in ("local", "ray") or (name == "local" and address):
        raise argparse.ArgumentTypeError(
            f"{text!r}, expected local, ray, ray:auto or ray:HOST:PORT"
        )
    return text

"""What watching a network costs: `python -m benchmarks.tracing [MODULE:CALLABLE] [--size N]`.

Trace and recorded forward against the plain forward, freezing against one copy of the values into
fresh memory. One thread. Memory is kept for use again, as in the server. `--families` traces one
network of each of many families instead, as they come, the best of several turns for each;
`--small` networks whose forward pass takes little. Both count the thread's own processor time, which
is the time on the clock where nothing else runs.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.measure import HEADER, Result, interleave
from benchmarks.small import SMALL
from layerwalk.targets import open_target
from layerwalk.tracking import Recorder, freeze, keep_freed_memory, trace

TARGET = "layerwalk_models.zoo:resnet50"
FAMILIES = (
    "torchvision:alexnet", "torchvision:vgg11", "torchvision:resnet18", "torchvision:resnet50",
    "torchvision:resnext50_32x4d", "torchvision:densenet121", "torchvision:inception_v3",
    "torchvision:googlenet", "torchvision:squeezenet1_1", "torchvision:mobilenet_v2",
    "torchvision:mobilenet_v3_large", "torchvision:mobilenet_v3_small",
    "torchvision:efficientnet_b0", "torchvision:regnet_y_400mf", "torchvision:regnet_y_1_6gf",
    "torchvision:convnext_tiny", "torchvision:vit_b_16", "torchvision:swin_t",
    "torchvision:fcn_resnet50", "timm:mixer_b16_224", "transformers:gpt2", "transformers:bert",
    "transformers:t5",
)  # fmt: skip
"""One network or two of each family that is watched most, in their usual sizes."""
TRACE_LIMIT = 2.5


def results(target: str = TARGET, *, size: int = 224, pairs: int = 15) -> Iterator[Result]:
    """Yield the results for the network `target` gives, on one image of `size` x `size`."""
    keep_freed_memory()
    torch.set_num_threads(1)
    module, _, name = target.partition(":")
    model = getattr(importlib.import_module(module), name)().eval()
    x = torch.rand(1, 3, size, size)

    def forward() -> Tensor:
        with torch.no_grad():
            output: Tensor = model(x)
        return output

    def where(what: str) -> str:
        return f"{what} of {name} at {size} x {size}"

    traced = trace(model, x)
    with Recorder(model, traced) as recorder:
        recording = recorder.record(x)
        if recording.error is not None or recording.drifted:
            raise RuntimeError(f"{target}: {recording.error or 'drifted'}")
        yield interleave(
            where(f"recorded forward, {len(recording.values)} nodes,"),
            floor=("forward", forward),
            subject=lambda: recorder.record(x),
            goal="at most 1.10",
            limit=1.10,
            pairs=pairs,
        )
    yield interleave(
        where("trace"),
        floor=("forward", forward),
        subject=lambda: trace(model, x),
        goal="at most 1.6",
        limit=1.6,
        pairs=pairs,
    )
    distinct = {value.data_ptr(): value for value in recording.values.values()}
    millions = sum(value.numel() for value in distinct.values()) / 1e6
    yield interleave(
        where(f"arrays and statistics ({millions:.1f} M values)"),
        floor=("copying the values", lambda: [value.clone() for value in distinct.values()]),
        subject=lambda: freeze(recording, traced.graph),
        goal="at most 4",
        limit=4,
        pairs=pairs,
    )


@dataclass(frozen=True, slots=True)
class Family:
    """Best times of one network, in seconds of the thread's processor time."""

    name: str
    nodes: int
    forward_s: float
    trace_s: float

    @property
    def ratio(self) -> float:
        return self.trace_s / self.forward_s


def open_family(target: str) -> tuple[nn.Module, tuple[Any, ...], dict[str, Any]]:
    """Return the network that `target` names, with arguments of one forward pass."""
    if target in SMALL:
        return *SMALL[target](), {}
    model, card = open_target(target)
    args = () if card.example else (torch.rand(1, *(card.input_shape or (3, 224, 224))),)
    return model, args, dict(card.example)


def measure_family(target: str, *, turns: int = 7) -> Family:
    """Return the best of several traces and forwards of the network `target` names, in turn."""
    model, args, example = open_family(target)
    model.eval()

    def forward() -> object:
        with torch.no_grad():
            return model(*args, **example)

    nodes = len(trace(model, args, example, detail="modules").graph.nodes)
    result = interleave(
        f"trace of {target}",
        floor=("forward", forward),
        subject=lambda: trace(model, args, example, detail="modules"),
        goal=f"at most {TRACE_LIMIT}",
        limit=TRACE_LIMIT,
        pairs=turns,
        warm_up=1,
        clock=time.thread_time,
    )
    return Family(target, nodes, min(result.floor_s), min(result.subject_s))


def print_families(targets: Sequence[str] = FAMILIES, *, turns: int = 7) -> None:
    """Print what a trace of each network costs, dearest last, with median and worst."""
    keep_freed_memory()
    torch.set_num_threads(1)
    print(
        "| network | nodes | forward | trace | ratio | extra for a node |\n|---|---|---|---|---|---|"
    )
    found: list[Family] = []
    for target in targets:
        found.append(measure_family(target, turns=turns))
        gc.collect()
    found.sort(key=lambda family: family.ratio)
    for family in found:
        extra_us = (family.trace_s - family.forward_s) / family.nodes * 1e6
        print(
            f"| {family.name} | {family.nodes} | {family.forward_s * 1e3:.3g} ms "
            f"| {family.trace_s * 1e3:.3g} ms | {family.ratio:.2f} | {extra_us:.0f} us |"
        )
    median = statistics.median(family.ratio for family in found)
    worst = found[-1]
    within = sum(family.ratio <= TRACE_LIMIT for family in found)
    print(
        f"\nmedian {median:.2f}, worst {worst.ratio:.2f} ({worst.name}); "
        f"{within} of {len(found)} within {TRACE_LIMIT}"
    )


def main() -> None:
    """Print the table for the network named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tracing", description=__doc__)
    parser.add_argument("target", nargs="?", default=TARGET, metavar="MODULE:CALLABLE")
    parser.add_argument("--size", type=int, default=224, help="side of the image")
    parser.add_argument("--pairs", type=int, default=15, help="measurements of each")
    parser.add_argument("--families", action="store_true", help="a trace of one of each family")
    parser.add_argument("--small", action="store_true", help="the same of small networks")
    chosen = parser.parse_args()
    if chosen.families or chosen.small:
        print_families(tuple(SMALL) if chosen.small else FAMILIES, turns=chosen.pairs)
        return
    print(HEADER)
    for result in results(chosen.target, size=chosen.size, pairs=chosen.pairs):
        print(result.row(), flush=True)


if __name__ == "__main__":
    main()

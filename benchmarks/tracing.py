"""What watching a network costs: `python -m benchmarks.tracing [MODULE:CALLABLE] [--size N]`.

Trace and recorded forward against the plain forward, freezing against one copy of the values into
fresh memory. One thread. Memory is kept for use again, as in the server.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator

import torch
from torch import Tensor

from benchmarks.measure import HEADER, Result, interleave
from layerwalk.tracking import Recorder, freeze, keep_freed_memory, trace

TARGET = "layerwalk_models.zoo:resnet50"


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


def main() -> None:
    """Print the table for the network named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tracing", description=__doc__)
    parser.add_argument("target", nargs="?", default=TARGET, metavar="MODULE:CALLABLE")
    parser.add_argument("--size", type=int, default=224, help="side of the image")
    parser.add_argument("--pairs", type=int, default=15, help="measurements of each")
    chosen = parser.parse_args()
    print(HEADER)
    for result in results(chosen.target, size=chosen.size, pairs=chosen.pairs):
        print(result.row(), flush=True)


if __name__ == "__main__":
    main()

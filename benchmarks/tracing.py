"""What watching a network costs: trace, recorded forward and freeze, each against its floor.

    python benchmarks/tracing.py [MODULE:CALLABLE] [--size 224] [--rounds 15] [--threads 1]

The variants run interleaved in one process. Each line gives the median of the per-round ratios
and the quartiles around it.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import time
from collections.abc import Callable

import torch

from layerwalk.tracking import Recorder, freeze, trace

DEFAULT_TARGET = "layerwalk_models.zoo:resnet50"


def timed(action: Callable[[], object]) -> float:
    """Return the seconds that `action` takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def summary(samples: list[float]) -> str:
    """Return median and quartiles as text."""
    low, middle, high = statistics.quantiles(samples, n=4)
    return f"{middle:.3f} ({low:.3f} to {high:.3f})"


def measure(target: str, *, size: int, rounds: int, detail: str) -> None:
    """Print the ratios for one network."""
    module, _, name = target.partition(":")
    model = getattr(importlib.import_module(module), name)().eval()
    x = torch.randn(1, 3, size, size)

    def plain() -> None:
        with torch.no_grad():
            model(x)

    traced = trace(model, x, detail=detail)  # type: ignore[arg-type]
    recorder = Recorder(model, traced)
    recording = recorder.record(x)
    assert recording.error is None
    assert not recording.drifted
    distinct = {value.data_ptr(): value for value in recording.values.values()}
    copied = traced.plan.copied
    print(
        f"{target} at {size} x {size}, {torch.get_num_threads()} thread(s), detail {detail}: "
        f"{len(traced.graph.nodes)} nodes, "
        f"{sum(value.numel() for value in recording.values.values()) / 1e6:.1f} M values, "
        f"{len(copied)} nodes copied"
    )
    plain()
    samples: dict[str, list[float]] = {"forward": [], "record": [], "trace": []}
    samples |= {"freeze": [], "memcpy": []}
    for _ in range(rounds):
        samples["forward"].append(timed(plain))
        samples["record"].append(timed(lambda: recorder.record(x)))
        samples["trace"].append(timed(lambda: trace(model, x, detail=traced.detail)))
        samples["memcpy"].append(timed(lambda: [value.clone() for value in distinct.values()]))
        samples["freeze"].append(timed(lambda: freeze(recording, traced.graph)))
    recorder.close()
    print(f"  forward            {1000 * statistics.median(samples['forward']):.1f} ms")
    print(f"  memcpy             {1000 * statistics.median(samples['memcpy']):.1f} ms (fresh copy)")
    for what, floor in (("record", "forward"), ("trace", "forward"), ("freeze", "memcpy")):
        ratios = [one / other for one, other in zip(samples[what], samples[floor], strict=True)]
        print(f"  {what} / {floor}".ljust(21) + summary(ratios))


def main() -> None:
    """Parse the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", nargs="?", default=DEFAULT_TARGET)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--detail", default="modules")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    measure(
        arguments.target,
        size=arguments.size,
        rounds=arguments.rounds,
        detail=arguments.detail,
    )


if __name__ == "__main__":
    main()

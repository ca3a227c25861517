"""`python -m benchmarks [NAME ...]`: run the named benchmarks (all without a name), print a table."""

from __future__ import annotations

import argparse
import importlib
import platform
import subprocess
import sys
from collections.abc import Iterable

from benchmarks.measure import HEADER, Result

NAMES = ("tracing", "wire", "drawing", "scrolling", "start", "drop", "training", "maximisation")
"""Modules of this package with a function `results() -> Iterable[Result]`."""
LONG_NAMES = ("soak",)
"""Further ones, which run for so long that they run only when named."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join((*NAMES, *LONG_NAMES))}"
    )
    chosen = parser.parse_args().names or list(NAMES)
    every = (*NAMES, *LONG_NAMES)
    unknown = [name for name in chosen if name not in every]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(every)}")
    if len(chosen) == 1:
        found = [_shown(result) for result in _results(chosen[0])]
        return 0 if all(found) else 1
    print(f"{platform.machine()}, Python {platform.python_version()}\n\n{HEADER}", flush=True)
    # A process each: what one does to the allocator or to threads must not move another's floor.
    command = [sys.executable, "-m", "benchmarks"]
    codes = [subprocess.run([*command, name], check=False).returncode for name in chosen]
    return max(codes)


def _results(name: str) -> Iterable[Result]:
    found: Iterable[Result] = importlib.import_module(f"benchmarks.{name}").results()
    return found


def _shown(result: Result) -> bool:
    print(result.row(), flush=True)
    return result.is_met


if __name__ == "__main__":
    sys.exit(main())

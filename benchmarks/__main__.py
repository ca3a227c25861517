"""`python -m benchmarks [NAME ...]`: run the named benchmarks (all without a name), print a table."""

from __future__ import annotations

import argparse
import importlib
import platform
import sys

from benchmarks.measure import HEADER

NAMES = ("tracing", "wire", "drawing", "drop")
"""Modules of this package with a function `results() -> Iterable[Result]`."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    chosen = parser.parse_args().names or list(NAMES)
    unknown = [name for name in chosen if name not in NAMES]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}")
    print(f"{platform.machine()}, Python {platform.python_version()}\n\n{HEADER}", flush=True)
    met = True
    for name in chosen:
        for result in importlib.import_module(f"benchmarks.{name}").results():
            print(result.row(), flush=True)
            met = met and result.is_met
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

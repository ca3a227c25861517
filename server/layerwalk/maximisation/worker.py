"""What a worker of a cluster does: it keeps a network, and climbs with one batch after another.

It knows no Ray; `cluster` puts it on other machines. What goes to and fro is bytes and values, so
that a network that cannot be read there is told in a sentence.
"""

from __future__ import annotations

import os
import pickle
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from layerwalk.maximisation.keeping import Finished, finish
from layerwalk.maximisation.plan import Plan
from layerwalk.maximisation.truncated import TruncatedNetwork
from layerwalk_shared.errors import LayerwalkError, ModelError

TOLD_S = 0.2
"""Progress is told at most so often."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A batch has begun, in that process of that machine."""

    process: int
    machine: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Steps of a batch that are done, of all of its own."""

    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a batch cannot be made, as a problem object; another try would not help."""

    problem: dict[str, Any]


class Worker:
    """Climbs. Mutable, owned by its process.

    `network` is a pickled Plan whose node, recipe and so on are those of the first run; `settings`
    are the fields that differ in this one.
    """

    def __init__(self) -> None:
        self._network: tuple[str, Plan] | None = None
        self._truncated: tuple[str, Plan, TruncatedNetwork] | None = None

    def is_ready(self) -> bool:
        """Return True: whoever can answer can climb."""
        return True

    def climb(
        self,
        network: bytes,
        settings: bytes,
        *,
        name: str,
        places: Sequence[int],
        channels: Sequence[int] | None,
        classes: Sequence[str],
    ) -> Iterator[Begun | Progress | Finished | Failed]:
        """Make a batch; yield what there is to tell.

        Args:
            network: pickled plan.
            settings: pickled fields of it that are otherwise in this run.
            name: tells networks and settings apart: (network, settings) joined by a dot.
            places: of the images in the whole run.
            channels: of each; None for a whole node.
            classes: names of the network's outputs.
        """
        yield Begun(os.getpid(), socket.gethostname())
        try:
            plan, truncated = self._prepared(network, settings, name)
            run = plan.run(truncated, channels)
            told_s = time.monotonic()
            for step in run:
                if time.monotonic() - told_s >= TOLD_S:
                    told_s = time.monotonic()
                    yield Progress(step.step, step.steps)
                for one in finish(plan, step, outcomes=run.outcomes, classes=classes):
                    yield one.at(places[one.place])
        except LayerwalkError as error:
            yield Failed(error.problem())
        except Exception as error:  # noqa: BLE001 - a user's model; what it raised may not travel
            yield Failed(ModelError(f"{type(error).__name__}: {error}").problem())

    def _prepared(
        self, network: bytes, settings: bytes, name: str
    ) -> tuple[Plan, TruncatedNetwork]:
        if self._truncated is None or self._truncated[0] != name:
            self._truncated = None
            part = name.partition(".")[0]
            if self._network is None or self._network[0] != part:
                self._network = None
                self._network = part, _read(network)
            plan = replace(self._network[1], **_read(settings))
            self._truncated = name, plan, plan.network()
        return self._truncated[1], self._truncated[2]


def _read(data: bytes) -> Any:
    """Return what was pickled by the very program that this worker belongs to.

    Raises:
        ModelError: code that it needs cannot be imported here, or is another.
    """
    try:
        return pickle.loads(data)
    except ImportError as error:
        raise ModelError(
            f"the worker on {socket.gethostname()} cannot import {error.name!r}, which the network "
            "needs: install it on all machines, or name the model by its file, path.py:callable, "
            "which is sent along"
        ) from error
    except Exception as error:  # unpickling runs the user's code, which may raise anything
        raise ModelError(
            f"the worker on {socket.gethostname()} cannot read the network: "
            f"{type(error).__name__}: {error}"
        ) from error

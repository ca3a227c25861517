"""How a model is copied and run while the user's own trains on another thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import nn

from layerwalk.tracking import Trace
from layerwalk.training.pause import Pause
from layerwalk.training.randomness import OwnRandom
from layerwalk.twin import Care, make_twin
from layerwalk_shared.errors import ModelError


class TrainingCare(Care):
    """The twin has weights and random numbers of its own, so it runs whenever it likes.

    Two kinds of models do not allow that. One that cannot be copied is run itself, and one that
    draws from Python's or NumPy's random numbers would move those of the training. Both are run
    only while the training waits (`pause`), after which flags, buffers and random states are as
    they were.

    Mutable; what is not said otherwise belongs to the model thread.

    Args:
        is_alone: nobody else uses the model or draws random numbers, so no pauses are needed; of a
            training in another process.

    Attributes:
        lock: held by whoever writes the twin's weights, or needs them to stay.
        pause: given by the training thread.
        is_shared: the user's own model is run.
        needs_pause: the model is run in pauses only.
        reasons: why, in sentences.
    """

    def __init__(self, *, is_alone: bool = False) -> None:
        self._is_alone = is_alone
        self.lock = threading.RLock()
        self.pause = Pause()
        self.is_shared = False
        self.needs_pause = False
        self.reasons: list[str] = []
        self._random: OwnRandom | None = None
        self._is_running = False
        self._stream: torch.cuda.Stream | None = None

    def twin(self, model: nn.Module, *, device: str) -> nn.Module:
        """Return a copy of the model in eval mode, or the model itself where it allows none."""
        try:
            twin = make_twin(model, device=device)
        except ModelError as error:
            self.is_shared = True
            self._needs_pause(
                f"{error}. So the model itself is run, in eval mode and put back afterwards, "
                "and only inside publish(), which takes a forward pass longer; what people put on "
                "the input waits for the next publish()"
            )
            return model
        if torch.device(device).type == "cuda":
            self._stream = torch.cuda.Stream(device)
        return twin

    @contextmanager
    def tracing(self) -> Iterator[None]:
        """Hold the weights; what is drawn is watched."""
        self._random = OwnRandom()
        with self.lock, self._random:
            yield

    def settled(self, trace: Trace) -> Trace:
        """Note what the traced run drew."""
        assert self._random is not None
        if trace.plan.draws_random or self._random.strangers:
            drawn = ", ".join(sorted(self._random.strangers)) or "Python's or NumPy's own numbers"
            self._needs_pause(
                f"the model draws random numbers in eval mode ({drawn}) that it shares with the "
                "training. So its twin is run only inside publish(), which takes a forward pass "
                "longer; what people put on the input waits for the next publish()"
            )
        if not self._random.draws:
            self._random = None
        return trace

    @contextmanager
    def running(self) -> Iterator[None]:
        """Wait for a pause where one is needed; hold the weights. It may be entered again within."""
        if self._is_running:
            yield
            return
        with ExitStack() as held:
            if self.needs_pause:
                held.enter_context(self.pause.taken())
            held.enter_context(self.lock)
            if self._stream is not None:
                held.enter_context(torch.cuda.stream(self._stream))
            if self._random is not None:
                held.enter_context(self._random)
            self._is_running = True
            try:
                yield
            finally:
                if self._stream is not None:
                    self._stream.synchronize()  # the weights may be written from here on
                self._is_running = False

    @contextmanager
    def reading(self) -> Iterator[bool]:
        """Hold the weights still; they change otherwise. Any thread."""
        with self.lock:
            yield True

    def _needs_pause(self, reason: str) -> None:
        if self._is_alone:
            return
        if not self.needs_pause:
            self.reasons.append(reason)
        self.needs_pause = True

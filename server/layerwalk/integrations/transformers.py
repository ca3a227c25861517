"""A callback for Hugging Face's Trainer: `Trainer(..., callbacks=[LayerwalkCallback(example)])`."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback

from layerwalk.complaints import Complaints
from layerwalk.viewer import Viewer, watch

FRAMES = ("transformers", "accelerate", "torch")
"""Packages between the user's line and ours."""


class LayerwalkCallback(TrainerCallback):
    """Watches a model while `Trainer.train` runs.

    Args:
        example: as for `layerwalk.watch`, such as what the tokenizer gives for a text.
        every: optimizer steps from one `publish` to the next.
        strict: raise instead of warning.
        options: more of `layerwalk.watch`, such as `port`.
    """

    def __init__(
        self, example: object, *, every: int = 1, strict: bool = False, **options: Any
    ) -> None:
        self._example = example
        self._every = every
        self._options = options
        self._strict = strict
        self._logged: dict[str, float] = {}
        self.viewer: Viewer | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Begin to watch."""
        complaints = Complaints(is_strict=self._strict, stops_at=FRAMES)
        self.viewer = watch(others["model"], self._example, complaints=complaints, **self._options)

    def on_log(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Keep what the trainer says of itself for the next `publish`."""
        logs = others.get("logs") or {}
        self._logged = {name: one for name, one in logs.items() if isinstance(one, int | float)}

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Publish; the trainer clears the gradients right after this."""
        step = state.global_step + 1
        if self.viewer is not None and step % self._every == 0:
            self.viewer.publish(step=step, **self._logged)
            self._logged = {}

    def on_train_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Stop serving."""
        if self.viewer is not None:
            if self._logged:
                self.viewer.publish(step=state.global_step, **self._logged)
            self.viewer.close()
            self.viewer = None

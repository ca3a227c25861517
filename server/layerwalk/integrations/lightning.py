"""A callback for Lightning: `Trainer(callbacks=[LayerwalkCallback()])`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from torch import Tensor

from layerwalk.complaints import Complaints
from layerwalk.viewer import Viewer, watch

if TYPE_CHECKING:
    from pytorch_lightning import Callback
else:  # Lightning goes by two names; the callback has to be of the one that the script uses
    _HOMES = ("pytorch_lightning", "lightning.pytorch")
    _home = next((name for name in reversed(_HOMES) if name in sys.modules), _HOMES[0])
    Callback = import_module(_home).Callback

FRAMES = ("lightning", "pytorch_lightning", "lightning_fabric", "torch")
"""Packages between the user's line and ours."""


class LayerwalkCallback(Callback):
    """Watches a LightningModule while it is fitted.

    Args:
        example: as for `layerwalk.watch`; by default the input of the first batch: the batch, or
            what comes first in it.
        every: training steps from one `publish` to the next.
        strict: raise instead of warning.
        options: more of `layerwalk.watch`, such as `port` and `classes`.
    """

    def __init__(
        self, example: object = None, *, every: int = 1, strict: bool = False, **options: Any
    ) -> None:
        super().__init__()
        self._example = example
        self._every = every
        self._options = options
        self._strict = strict
        self.viewer: Viewer | None = None

    def on_train_batch_start(
        self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int
    ) -> None:
        """Begin to watch at the first batch."""
        if self.viewer is None:
            example = first_input(batch) if self._example is None else self._example
            complaints = Complaints(is_strict=self._strict, stops_at=FRAMES)
            self.viewer = watch(pl_module, example, complaints=complaints, **self._options)

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Publish, after the optimizer's step; gradients are still there."""
        if self.viewer is None or (batch_idx + 1) % self._every:
            return
        loss = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
        logged = {name: value for name, value in trainer.logged_metrics.items() if name != "loss"}
        self.viewer.publish(step=trainer.global_step, loss=loss, **logged)

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Stop serving; also after an error."""
        if self.viewer is not None:
            self.viewer.close()
            self.viewer = None


def first_input(batch: Any) -> Any:
    """Return what a batch begins with: the input, where labels follow."""
    if isinstance(batch, Mapping):
        return {name: value for name, value in batch.items() if isinstance(value, Tensor)}
    if isinstance(batch, Sequence) and batch:
        return batch[0]
    return batch

"""Errors that a caller of this package can cause; the data sets' is the one both sides know."""

from __future__ import annotations

from layerwalk_shared.errors import DatasetError, LayerwalkError, WeightsError

__all__ = ["CheckpointError", "DatasetError", "TrainingError"]


class CheckpointError(WeightsError):
    """A checkpoint or a weights file that does not fit what it was asked for."""

    code = "invalid-checkpoint"


class TrainingError(LayerwalkError, RuntimeError):
    """A training that cannot begin because something that it needs is not installed."""

    code = "cannot-train"

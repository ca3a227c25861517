"""Errors that a caller of this package can cause."""

from __future__ import annotations


class DatasetError(ValueError):
    """Files that cannot be read as the dataset they were said to be."""


class CheckpointError(ValueError):
    """A checkpoint or a weights file that does not fit what it was asked for."""

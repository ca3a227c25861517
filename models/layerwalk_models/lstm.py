"""A long short-term memory that reads a digit row by row.

Hochreiter, Schmidhuber: Long Short-Term Memory, Neural Computation 9 (1997), with the forget gate
of Gers, Schmidhuber, Cummins (2000). Reading a picture as a sequence of rows is a choice; 64 units
make 18,944 + 650 parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from torch import Tensor, nn


class SequenceClassifier(nn.Module):
    """One LSTM layer and a linear one at its last step; [N, T, features] to [N, classes]."""

    def __init__(self, features: int, *, classes: int, units: int = 64) -> None:
        """Build the network with random weights.

        Args:
            features: Values of one step.
            classes: Number of logits.
            units: Of the memory.
        """
        super().__init__()
        if min(features, classes, units) < 1:
            raise ValueError(
                "features, classes and units must be at least 1, "
                f"got {features}, {classes} and {units}"
            )
        self.lstm = nn.LSTM(features, units, batch_first=True)
        self.fc = nn.Linear(units, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map sequences [N, T, features] to logits [N, classes]."""
        steps, _ = self.lstm(x)  # [N, T, units]
        return self.fc(steps[:, -1])  # type: ignore[no-any-return]


def make_lstm(classes: int = 10) -> SequenceClassifier:
    """Make the LSTM for rows of eight values: 19,594 parameters at 10 classes."""
    return SequenceClassifier(8, classes=classes)


BUILDERS: Final[dict[str, Callable[[int], SequenceClassifier]]] = {"lstm": make_lstm}
"""Name -> builder that takes the number of classes."""

"""Auer's fully connected network for handwritten digits.

Auer: Visualising the Hidden Neurons of a Non-convolutional DNN Trained on the MNIST Database,
section "DNN Configuration and Training": 784-1250-1000-750-500-250-100-32-10, ReLU in the hidden
layers, Kaiming initialisation (He et al., ICCV 2015). The first five widths are half of those of
Ciresan et al. (Neural Computation, 2010). These widths make 3,512,412 parameters.

Choices: the softmax of the text is left to the loss and to whoever shows the answer, so forward
gives logits; biases begin at zero, of which the text says nothing. A picture [1, 28, 28] is taken
as well as its 784 pixels, row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from torch import Tensor, nn

INPUTS: Final = 784
HIDDEN: Final = (1250, 1000, 750, 500, 250, 100, 32)
"""Neurons of the hidden layers, from the input on."""


class MLP(nn.Module):
    """Linear layers with ReLU between them; [N, ...] with `inputs` values to [N, classes]."""

    def __init__(self, inputs: int, hidden: Sequence[int], classes: int) -> None:
        """Build the network with random weights.

        Args:
            inputs: Values of one input.
            hidden: Neurons of each hidden layer, at least one layer.
            classes: Number of logits.
        """
        super().__init__()
        widths = (inputs, *hidden, classes)
        if not hidden or min(widths) < 1:
            raise ValueError(f"expected at least one hidden layer and no empty one, got {widths}")
        self.flatten = nn.Flatten()
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            linear = nn.Linear(before, after)
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
            nn.init.zeros_(linear.bias)
            layers += [linear, nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])  # no ReLU behind the logits

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, inputs], or any [N, ...] of as many values, to logits [N, classes]."""
        return self.layers(self.flatten(x))  # type: ignore[no-any-return]


def make_auer_mlp(classes: int = 10) -> MLP:
    """Make Auer's network: 3,512,412 parameters at 10 classes."""
    return MLP(INPUTS, HIDDEN, classes)


BUILDERS: Final[dict[str, Callable[[int], MLP]]] = {"auer_mlp": make_auer_mlp}
"""Architecture name -> builder that takes the number of classes."""

"""The 18 pre-defined 3x3 kernels of figure 6.2 of Linse's dissertation (2024), and choices of them.

The text gives their properties and a picture that it does not list, so these are choices, each
tied to a sentence:

- **1 to 4 are edges, 5 to 8 lines, 10 to 18 the negatives of 1 to 9.** Table 6.7 calls 1-4 and 10-13
  uneven, 5-8 and 14-17 even; section 6.4 says that 1 and 10 are edges of opposing directions and
  that a set of filters should hold pairs of inverted signs.
- **Edges and lines.** An edge is the derivative with weights 1, 2, 1 across, turned in steps of 45
  degrees around the ring of the eight outer elements; a line is [-1, 2, -1] across and constant
  along, as H and V in equation 6.2, in steps of 45 degrees. Both are mean-free, and the absolute
  elements of every kernel sum to one (section 6.2).
- **9 is a Gaussian** (and 18 its negative). Section 6.2 calls all filters mean-free, but section 6.4
  builds on nine that are linearly independent, and mean-free 3x3 kernels span eight dimensions at
  most: both cannot hold. 9 and 18 are neither among the even nor among the uneven filters of table
  6.7, and the reduced networks, "edges and lines" only, leave out just these two. So they are
  taken as what the eight others cannot make, the local mean. The identity is not in the set, as
  section 6.6 says.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor

_RING: Final = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))
_EDGE_RING: Final = (-1.0, -2.0, -1.0, 0.0, 1.0, 2.0, 1.0, 0.0)
_LINES: Final = (
    ((-1, -1, -1), (2, 2, 2), (-1, -1, -1)),
    ((-1, -1, 2), (-1, 2, -1), (2, -1, -1)),
    ((-1, 2, -1), (-1, 2, -1), (-1, 2, -1)),
    ((2, -1, -1), (-1, 2, -1), (-1, -1, 2)),
)

SUBSETS: Final = MappingProxyType(
    {
        "even 2": (5, 7),
        "even 4": (5, 7, 14, 16),
        "even 8": (5, 6, 7, 8, 14, 15, 16, 17),
        "uneven 2": (1, 3),
        "uneven 4": (1, 3, 10, 12),
        "uneven 8": (1, 2, 3, 4, 10, 11, 12, 13),
        "9": (1, 2, 3, 4, 5, 6, 7, 8, 9),
        "13": (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 15, 17),
        "16": (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17),
        "18": tuple(range(1, 19)),
    }
)
"""Name -> numbers of the kernels as figure 6.2 counts them: table 6.7, and the 16 of section 7.1."""


def make_edge_kernels() -> Tensor:
    """Make 4 edge kernels [4, 3, 3]: a derivative in 4 directions, 45 degrees apart."""
    kernels = torch.zeros(4, 3, 3)
    for turn in range(4):
        for place, (row, column) in enumerate(_RING):
            kernels[turn, row, column] = _EDGE_RING[(place - turn) % 8]
    return kernels / 8.0


def make_line_kernels() -> Tensor:
    """Make 4 line kernels [4, 3, 3]: a bright line in 4 orientations, 45 degrees apart."""
    return torch.tensor(_LINES, dtype=torch.float32) / 12.0


def make_blur_kernel() -> Tensor:
    """Make the 3x3 Gaussian [3, 3], the binomial [1, 2, 1] x [1, 2, 1] / 16; it sums to one."""
    row = torch.tensor([1.0, 2.0, 1.0])
    return torch.outer(row, row) / 16.0


def choose_kernels(numbers: Sequence[int] = SUBSETS["18"]) -> Tensor:
    """Choose kernels of figure 6.2 by number, [len(numbers), 3, 3].

    Raises:
        ValueError: A number is not one of 1 to 18, or there is none.
    """
    half = torch.cat([make_edge_kernels(), make_line_kernels(), make_blur_kernel().unsqueeze(0)])
    pool = torch.cat([half, -half])
    if not numbers or not all(1 <= number <= len(pool) for number in numbers):
        raise ValueError(f"kernels have the numbers 1 to {len(pool)}, got {tuple(numbers)}")
    return pool[torch.tensor(numbers) - 1]


def make_kernels() -> Tensor:
    """Make the pool of 16 kernels [16, 3, 3] of section 7.1: 4 edges, 4 lines, their negatives."""
    return choose_kernels(SUBSETS["16"])

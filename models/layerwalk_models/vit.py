"""A small vision transformer: patches of a picture as tokens.

Dosovitskiy et al.: An Image is Worth 16x16 Words, ICLR 2021. The size is "tiny" of Touvron et al.
(Training data-efficient image transformers, ICML 2021, table 1): 12 blocks, width 192, 3 heads,
about 5 million parameters; 5,717,416 at 1000 classes and 224 x 224.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor, nn

from .attention import Block


class ViT(nn.Module):
    """Vision transformer with a class token; pictures [N, 3, side, side] to logits [N, classes]."""

    def __init__(
        self,
        classes: int = 1000,
        *,
        side: int = 224,
        patch: int = 16,
        width: int = 192,
        depth: int = 12,
        heads: int = 3,
    ) -> None:
        """Build the network with random weights (normal, std 0.02, cut at two of it).

        Args:
            classes: Number of logits.
            side: Of the picture in pixels, a multiple of `patch`.
            patch: Side of a patch in pixels.
            width: Values of a token.
            depth: Blocks.
            heads: Of attention in each block.
        """
        super().__init__()
        if side % patch or classes < 1:
            raise ValueError(
                f"side must be a multiple of patch and classes at least 1, "
                f"got {side}, {patch} and {classes}"
            )
        self.side = side
        self.patches = nn.Conv2d(3, width, patch, stride=patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(torch.empty(1, 1 + (side // patch) ** 2, width))
        self.blocks = nn.Sequential(
            *(Block(width, heads, activation=nn.GELU(), epsilon=1e-6) for _ in range(depth))
        )
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.fc = nn.Linear(width, classes)
        nn.init.trunc_normal_(self.places, std=0.02, a=-0.04, b=0.04)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02, a=-0.04, b=0.04)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map pictures [N, 3, side, side] to logits [N, classes].

        Raises:
            ValueError: The picture has another size than the places were made for.
        """
        if x.shape[-2:] != (self.side, self.side):
            raise ValueError(f"expected pictures of {self.side} x {self.side}, got {list(x.shape)}")
        tokens = self.patches(x).flatten(2).transpose(1, 2)  # [N, patches, width]
        tokens = torch.cat([self.class_token.expand(len(x), -1, -1), tokens], dim=1) + self.places
        return self.fc(self.norm(self.blocks(tokens))[:, 0])  # type: ignore[no-any-return]


def make_vit_tiny(classes: int = 1000) -> ViT:
    """Make ViT-Ti/16 for 224 x 224: 5,717,416 parameters at 1000 classes."""
    return ViT(classes)


BUILDERS: Final[dict[str, Callable[[int], ViT]]] = {"vit_tiny": make_vit_tiny}
"""Name -> builder that takes the number of classes."""

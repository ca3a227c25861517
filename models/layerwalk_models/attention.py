"""Multi-head self-attention and the block around it, written out, for the ViT and the GPT.

Vaswani et al.: Attention Is All You Need, NeurIPS 2017, equation 1 and section 3.2.2. The shares of
attention are a tensor [N, heads, T, T] of their own (the output of `shares`), so that they can be
looked at; fused kernels never make it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """Each token gathers the values of those it attends to; [N, T, D] to [N, T, D]."""

    mask: Tensor | None

    def __init__(self, width: int, heads: int, *, causal_length: int | None = None) -> None:
        """Make it with random weights.

        Args:
            width: D, a multiple of `heads`.
            heads: Attentions side by side.
            causal_length: Longest T of a sequence in which no token sees those behind it; None
                where all see all.
        """
        super().__init__()
        if width % heads:
            raise ValueError(f"width must be a multiple of heads, got {width} and {heads}")
        self.heads = heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.shares = nn.Softmax(dim=-1)
        self.gather = nn.Linear(width, width)
        mask = None
        if causal_length is not None:
            mask = torch.ones(causal_length, causal_length, dtype=torch.bool).triu(1)
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, T, D] to [N, T, D]."""
        count, length, width = x.shape
        parts = self.query_key_value(x).view(count, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)  # each [N, heads, T, D / heads]
        scores = query @ key.transpose(-2, -1) / math.sqrt(width // self.heads)
        if self.mask is not None:
            scores = scores.masked_fill(self.mask[:length, :length], -math.inf)
        mixed = self.shares(scores) @ value
        return self.gather(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class Block(nn.Module):
    """Attention and a two-layer perceptron, each behind a norm and beside a skip (pre-norm)."""

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        activation: nn.Module,
        causal_length: int | None = None,
        epsilon: float = 1e-5,
    ) -> None:
        """Make a block; the perceptron's hidden layer has four times the width."""
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=epsilon)
        self.attention = SelfAttention(width, heads, causal_length=causal_length)
        self.norm2 = nn.LayerNorm(width, eps=epsilon)
        self.perceptron = nn.Sequential(
            nn.Linear(width, 4 * width), activation, nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, T, D] to [N, T, D]."""
        x = x + self.attention(self.norm1(x))
        return x + self.perceptron(self.norm2(x))  # type: ignore[no-any-return]

"""A small GPT: what token comes next?

Radford et al.: Language Models are Unsupervised Multitask Learners, 2019 (GPT-2): blocks with the
norm in front, a norm at the end, learned places, GELU in its tanh form, the answer's weights shared
with the tokens'. GPT-2's smallest, 12 blocks of width 768 over 50,257 tokens and 1024 places, has
124,439,808 parameters so (the paper's 117 million was corrected with its release). The default here
reads single characters: 4 blocks of width 64, 64 places.

Initialisation as in the paper's section 2.3: normal with std 0.02, the layers that end a skip
divided by sqrt(2 * depth).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812 (the field's name for it)
from torch import Tensor, nn

from .attention import Block

CHARACTERS: Final = "\n" + "".join(map(chr, range(32, 127)))
"""What the character GPT reads: a new line, and the 95 printing characters of ASCII."""


class GPT(nn.Module):
    """Decoder-only transformer; token ids [N, T] to logits [N, T, tokens]."""

    def __init__(
        self,
        tokens: int = len(CHARACTERS),
        *,
        length: int = 64,
        width: int = 64,
        depth: int = 4,
        heads: int = 4,
    ) -> None:
        """Build the network with random weights.

        Args:
            tokens: Size of the vocabulary.
            length: Longest T.
            width: Values of a token.
            depth: Blocks.
            heads: Of attention in each block.
        """
        super().__init__()
        if min(tokens, length, depth) < 1:
            raise ValueError(
                f"tokens, length and depth must be at least 1, got {tokens}, {length} and {depth}"
            )
        self.length = length
        self.tokens = nn.Embedding(tokens, width)
        self.places = nn.Embedding(length, width)
        self.blocks = nn.Sequential(
            *(
                Block(width, heads, activation=nn.GELU("tanh"), causal_length=length)
                for _ in range(depth)
            )
        )
        self.norm = nn.LayerNorm(width)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif parameter.ndim == 2:
                ends_skip = name.endswith(("gather.weight", "perceptron.2.weight"))
                nn.init.normal_(parameter, std=0.02 / (math.sqrt(2 * depth) if ends_skip else 1.0))

    def forward(self, ids: Tensor) -> Tensor:
        """Map ids [N, T], integers, to logits [N, T, tokens] of the token that follows each.

        Raises:
            ValueError: T is longer than the places that there are.
        """
        length = ids.shape[-1]
        if length > self.length:
            raise ValueError(f"expected at most {self.length} tokens, got {length}")
        places = torch.arange(length, device=ids.device).expand(ids.shape)
        x = self.tokens(ids) + self.places(places)
        return F.linear(self.norm(self.blocks(x)), self.tokens.weight)

    @torch.no_grad()
    def write(
        self,
        start: Tensor,
        count: int,
        *,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Go on from `start`, ids [T] with T at least 1, by `count` drawn ids; gives [T + count].

        The network must be in eval mode; it sees the last `length` ids. A temperature near 0
        always takes the likeliest.
        """
        ids = start
        for _ in range(count):
            logits = self(ids[-self.length :].unsqueeze(0))[0, -1]
            shares = torch.softmax(logits / max(temperature, 1e-6), dim=-1)
            ids = torch.cat([ids, torch.multinomial(shares, 1, generator=generator)])
        return ids


def encode(text: str) -> Tensor:
    """Give the ids [T] of a text; a character that the network does not know becomes a space."""
    places = {character: place for place, character in enumerate(CHARACTERS)}
    return torch.tensor([places.get(character, places[" "]) for character in text]).long()


def decode(ids: Tensor) -> str:
    """Give the text of ids [T]; the inverse of `encode` for known characters."""
    return "".join(CHARACTERS[index] for index in ids.tolist())


def make_gpt(tokens: int = len(CHARACTERS)) -> GPT:
    """Make the character GPT: 210,304 parameters."""
    return GPT(tokens)


BUILDERS: Final[dict[str, Callable[[int], GPT]]] = {"gpt": make_gpt}
"""Name -> builder that takes the size of the vocabulary."""

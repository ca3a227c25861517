"""TARGET of the command line: which model, by name.

`module:callable`, `path.py:callable`, a name of the zoo, `torchvision:NAME`, `timm:NAME` or
`transformers:NAME`. Nothing is fetched, weights are random, unless a name asks for it: behind
torchvision's and timm's `:pretrained` may stand, behind transformers' `:tiny` for a small one.
"""

from layerwalk.targets.cards import ModelCard, guess_shape, read_card
from layerwalk.targets.opening import open_target

__all__ = ["ModelCard", "guess_shape", "open_target", "read_card"]

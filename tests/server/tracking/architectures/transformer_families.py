"""Families of transformers, made tiny, with the arguments that they name themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from torch import Tensor, nn

from layerwalk.targets import open_target
from server.tracking.architectures.entry import Entry

NETWORKS = (
    "GPT2LMHeadModel", "BertForSequenceClassification", "distilbert", "roberta", "albert",
    "electra", "deberta-v2", "xlnet", "convbert", "fnet","mobilebert","squeezebert", "t5", "bart", "whisper", "llama", "mixtral",
    "opt", "bloom", "falcon", "gpt_neox","codegen", "mamba",  "vit", "dinov2", "segformer","clip", "blip", "wav2vec2", "rwkv",
)  # fmt: skip
CACHES = ("GPT2LMHeadModel", "t5", "bart", "whisper", "llama", "mixtral", "opt",
          "bloom", "falcon", "gpt_neox", "codegen", "mamba", "rwkv")  # fmt: skip
"""Those that also return what they remember, in classes that torch.export does not know."""


OPAQUE = {
    "convbert": frozenset({"mul", "unfold"}), "mamba": frozenset({"split"}),
    "mixtral": frozenset({"setitem", "grouped_mm"}),
    "blip": frozenset({"norm"}), "rwkv": frozenset({"setitem"}),
}  # fmt: skip
"""Operations that aten sees in other pieces, or under another name."""


def entries() -> Iterator[Entry]:
    """Yield families of transformers."""
    for name in NETWORKS:
        yield Entry(
            name,
            _model(name),
            tuple,
            source="export",
            kwargs=_arguments(name),
            opaque=OPAQUE.get(name, frozenset()),
        )


@cache
def _opened(name: str) -> tuple[nn.Module, dict[str, Tensor]]:
    model, card = open_target(f"transformers:{name}:tiny")
    return model, dict(card.example)


def _model(name: str) -> Callable[[], nn.Module]:
    return lambda: _opened(name)[0]


def _arguments(name: str) -> Callable[[], dict[str, Any]]:
    extra = {"use_cache": False} if name in CACHES else {}
    return lambda: {**_opened(name)[1], **extra}

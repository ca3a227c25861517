"""All architectures of the list, by name."""

from __future__ import annotations

from itertools import chain

from server.tracking.architectures import (
    awkward,
    handmade,
    timm_families,
    transformer_families,
    vision,
)
from server.tracking.architectures.entry import Entry

_ALL = tuple(
    chain(
        vision.entries(),
        timm_families.entries(),
        transformer_families.entries(),
        handmade.entries(),
        awkward.entries(),
    )
)
FAMILIES: dict[str, Entry] = {entry.name: entry for entry in _ALL}
if len(FAMILIES) < len(_ALL):
    raise ValueError("two architectures have the same name")

"""The numbers and names that both sides agree on before anything else."""

from __future__ import annotations

from typing import Literal

PROTOCOL_VERSION = 1


CLIENT_HEADER = "Layerwalk-Client"
"""Request header by which a client names itself, so that it knows its own snapshots again."""


MAX_TILES_PER_REQUEST = 4096


TileDType = Literal["float16", "int8"]


RangeMode = Literal["channel", "node", "shared", "percentile", "manual"]

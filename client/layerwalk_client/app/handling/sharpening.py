"""What is held to the eye becomes as sharp as it can: its finest level is wanted first, and taken
over once it is here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerwalk_client.app.stage.residency import Wanted
from layerwalk_shared.messages import ChannelInput
from layerwalk_shared.tiles import BLOCK_CHANNELS

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker


def wanted(walker: Walker) -> list[Wanted]:
    """Return the blocks that what is held to the eye needs before all others."""
    tools, pointed = walker.tools, walker.pointed
    at = _held(walker)
    if tools.loupe is not None and pointed is not None:
        at = pointed.wall.node, pointed.hit.channel or 0
    return [] if at is None else [walker.stage.finest_of(at[0], at[1] // BLOCK_CHANNELS)]


def sharpen(walker: Walker) -> bool:
    """Let the channel in the hand be as fine as what has come of it; return whether it changed."""
    at, hand = _held(walker), walker.tools.hand
    found = None if at is None else walker.tools.channel(*at)
    if found is None or found.pixels is None or hand.holding is None:
        return False
    before = hand.holding.pixels
    if before is not None and found.pixels.shape <= before.shape:
        return False
    hand.holding = found
    hand.revision += 1
    return True


def _held(walker: Walker) -> tuple[int, int] | None:
    """Return node and channel of what is magnified in the hand, where that is shown on a wall."""
    hand, network = walker.tools.hand, walker.stage.network
    image = hand.holding.image if hand.holding is not None and hand.is_magnifying else None
    if not isinstance(image, ChannelInput) or network is None:
        return None
    index = network.graph.index.get(image.node)
    manifest = None if index is None else walker.stage.manifest_of(index)
    if index is None or manifest is None or manifest.id != image.snapshot or manifest.maximised:
        return None
    return index, image.channel

"""What is read under the pointer: the exact value, and of what is compared both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerwalk_client.app.pointer import spot_at

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker
    from layerwalk_client.source import Source


def read(walker: Walker, source: Source, dt: float) -> None:
    """Ask for the exact value under the pointer, once it rests there for `dt` seconds more."""
    stage, pointed = walker.stage, walker.pointed or walker.across
    manifest = None
    if pointed is not None:
        manifest = stage.manifest_of(pointed.wall.node, wall=pointed.wall)
    walker.spot = spot_at(pointed, manifest)
    fetch = walker.readings.look(None if walker.spot is None else walker.spot.fetch, dt)
    for one in (fetch, *walker.compared.look(walker.pointed, stage.comparing.view, dt)):
        if one is not None:
            source.fetch(one)

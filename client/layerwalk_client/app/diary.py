"""What a walk is like at a moment, as plain data for the trace."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from layerwalk_client.world.comparison import titles_of

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker


def compared_titles(walker: Walker) -> dict[str, str] | None:
    """Return what is compared, and how; None where nothing is."""
    view = walker.stage.comparing.view
    if view is None:
        return None
    first, second = titles_of(view.compared)
    return {"mode": view.mode, "first": first, "second": second}


def describe(walker: Walker, now_s: float) -> dict[str, Any]:
    """Return the state of a walk: camera in metres and degrees, what is shown, held, open."""
    camera, stage, tools = walker.journey.camera, walker.stage, walker.tools
    shown, holding, pointed = stage.shown, tools.hand.holding, walker.pointed
    carry, arranged = walker.handheld.arranger.carry, walker.handheld.arranger.arranged
    return {
        "camera": [
            *(round(value, 4) for value in camera.position),
            round(math.degrees(camera.yaw), 2),
            round(math.degrees(camera.pitch), 2),
        ],
        "shown": None if shown is None else shown.id,
        "input": None if shown is None else shown.input.title,
        "answer": shown.top[0].name if shown is not None and shown.top else None,
        "step": None if shown is None else shown.step,
        "chosen_step": stage.state.chosen,
        "compared": compared_titles(walker),
        "maximised": {wall: list(told) for wall, told in stage.gallery.told().items()},
        "is_switching": stage.residency.is_switching,
        "is_settled": stage.is_settled(now_s),
        "is_connected": stage.state.is_connected,
        "carrying": None if carry is None else list(carry.stand),
        "arranged": {
            "placed": [list(stand) for stand in arranged.placed],
            "hidden": sorted(arranged.hidden),
        },
        "holding": None if holding is None else holding.title,
        "is_magnifying": tools.hand.is_magnifying or tools.loupe is not None,
        "panels": list(tools.panels.kinds),
        "pointed": None if pointed is None else pointed.node.id,
        "channel": None if pointed is None else pointed.hit.channel,
        "is_captured": walker.desktop.is_captured,
        "is_on_tour": walker.journey.is_on_tour,
        "size": list(walker.screen.size_wh),
        "frames": walker.screen.frames,
        "frames_per_second": round(walker.screen.frames_per_second, 1),
    }

"""Settings that change while one walks: each is applied at once where that is possible."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from layerwalk_client.app.overlay import Lesson
from layerwalk_client.app.stage.stage import MIB
from layerwalk_client.devices.bindings import rebound
from layerwalk_client.settings import Settings

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker


def current(walker: Walker) -> Settings:
    """Return the settings as they are in this walk: looks and speed may be others than kept."""
    shown = walker.tools.appearance
    return dataclasses.replace(
        walker.settings,
        table=shown.table,
        range_mode=shown.mode,
        percentile=shown.percentile,
        marks_out_of_range=shown.marks_out_of_range,
        theme=shown.theme,
        speed=min(20.0, max(0.1, walker.journey.pace)),
    )


def change(walker: Walker, name: str, value: object) -> None:
    """Let one setting have another value, and the walk be so; `Walker.keep` writes it.

    Raises:
        InvalidRequestError: the value is none that it may have.
    """
    walker.settings = dataclasses.replace(walker.settings, **{name: value})  # type: ignore[arg-type]  # checked there
    effect = _EFFECTS.get(name)
    if effect is not None:
        effect(walker, walker.settings)
    walker.needs_draw = walker.needs_plan = True


def _mouse(walker: Walker, settings: Settings) -> None:
    walker.desktop.set_mouse(
        radians_per_pixel=math.radians(settings.mouse_degrees), inverts_y=settings.inverts_y
    )


def _look(field: str, setting: str) -> Callable[[Walker, Settings], None]:
    def act(walker: Walker, settings: Settings) -> None:
        value = getattr(settings, setting)
        walker.tools.appearance = dataclasses.replace(walker.tools.appearance, **{field: value})

    return act


def _style(walker: Walker, settings: Settings) -> None:
    _look("theme", "theme")(walker, settings)
    walker.ways.hold_on(walker.ways.here(walker))
    walker.stage.restyle(
        theme=settings.theme,  # type: ignore[arg-type]  # checked by Settings
        style=settings.layout,  # type: ignore[arg-type]  # this, too
    )


def _budgets(walker: Walker, settings: Settings) -> None:
    walker.stage.set_budgets(cache_bytes=settings.cache_mib * MIB, gpu_bytes=settings.gpu_mib * MIB)


def _speed(walker: Walker, settings: Settings) -> None:
    walker.journey.set_pace(settings.speed)


def _movement(walker: Walker, settings: Settings) -> None:
    walker.journey.walk(walks=settings.movement == "walk")


def _keys(walker: Walker, settings: Settings) -> None:
    walker.desktop.rebind(rebound(settings.keys))


def _sweep(walker: Walker, settings: Settings) -> None:
    walker.stage.sweep_s = settings.sweep_s


def _hints(walker: Walker, settings: Settings) -> None:
    walker.teaches = settings.shows_hints
    if settings.shows_hints:
        walker.lesson = Lesson()


_EFFECTS: Mapping[str, Callable[[Walker, Settings], None]] = {
    "mouse_degrees": _mouse,
    "inverts_y": _mouse,
    "table": _look("table", "table"),
    "range_mode": _look("mode", "range_mode"),
    "percentile": _look("percentile", "percentile"),
    "marks_out_of_range": _look("marks_out_of_range", "marks_out_of_range"),
    "theme": _style,
    "layout": _style,
    "movement": _movement,
    "speed": _speed,
    "cache_mib": _budgets,
    "gpu_mib": _budgets,
    "sweep_s": _sweep,
    "shows_hints": _hints,
    "keys": _keys,
}
"""What a change does; others are read anew in each frame, or at the next start."""

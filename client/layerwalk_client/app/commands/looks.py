"""Commands that change how things look: folds, colours, window."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pygame

from layerwalk_client.app.scrubbing import next_mode_of_wall
from layerwalk_client.devices.actions import Command
from layerwalk_client.ui.colours import MODE_TEXTS, next_mode, next_table

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker
    from layerwalk_client.world.folding import Run


def toggle_run(walker: Walker, run: Run | None) -> None:
    """Fold a run of equal blocks, or open it (None: all of them)."""
    stage = walker.stage
    if not stage.toggle_run(run):
        walker.say("there are no runs of equal blocks here")
        return
    walker.needs_draw = walker.needs_plan = True
    if run is None:
        walker.say("runs of equal blocks are folded or open")
    else:
        state = "folded" if stage.scenery.is_folded(run) else "open"
        walker.say(f"{run.first}: {run.count} equal blocks, {state}")


def _fold(walker: Walker, number: int) -> None:
    """The run of the wall under the pointer, of the selected one, else all."""
    node = walker.pointed.wall.node if walker.pointed is not None else None
    if node is None and walker.selection is not None:
        node = walker.selection.node
    run = walker.badge or (None if node is None else walker.stage.scenery.run_of(node))
    toggle_run(walker, run)


def _range_mode(walker: Walker, number: int) -> None:
    walker.tools.appearance = next_mode(walker.tools.appearance)
    walker.say(f"range: {MODE_TEXTS[walker.tools.appearance.mode]}")


def _colour_table(walker: Walker, number: int) -> None:
    walker.tools.appearance = next_table(walker.tools.appearance)
    walker.say(f"colours: {walker.tools.appearance.table}")


def _mark_range(walker: Walker, number: int) -> None:
    before = walker.tools.appearance
    walker.tools.appearance = dataclasses.replace(
        before, marks_out_of_range=not before.marks_out_of_range
    )
    walker.say(f"values out of range are {'not ' if before.marks_out_of_range else ''}marked")


def _full_screen(walker: Walker, number: int) -> None:
    pygame.display.toggle_fullscreen()


def _hud(walker: Walker, number: int) -> None:
    walker.is_plain = not walker.is_plain


def _quit(walker: Walker, number: int) -> None:
    walker.is_over = True


LOOKS: Mapping[Command, Callable[[Walker, int], None]] = {
    Command.FOLD: _fold,
    Command.PICTURES: lambda walker, number: next_mode_of_wall(walker),
    Command.RANGE_MODE: _range_mode,
    Command.COLOUR_TABLE: _colour_table,
    Command.MARK_RANGE: _mark_range,
    Command.FULL_SCREEN: _full_screen,
    Command.HUD: _hud,
    Command.QUIT: _quit,
}

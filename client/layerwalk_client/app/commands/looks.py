"""Commands that change how things look: colours, window."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pygame

from layerwalk_client.app.maximising.scrubbing import next_mode_of_wall
from layerwalk_client.devices.actions import Command
from layerwalk_client.ui.colours import MODE_TEXTS, next_mode, next_table

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker


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
    Command.PICTURES: lambda walker, number: next_mode_of_wall(walker),
    Command.RANGE_MODE: _range_mode,
    Command.COLOUR_TABLE: _colour_table,
    Command.MARK_RANGE: _mark_range,
    Command.FULL_SCREEN: _full_screen,
    Command.HUD: _hud,
    Command.QUIT: _quit,
}

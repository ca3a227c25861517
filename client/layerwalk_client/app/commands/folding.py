"""Commands that fold and open groups, and let long chains stand otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from layerwalk_client.app.preferences import change
from layerwalk_client.app.travel.going import show_all
from layerwalk_client.devices.actions import Command
from layerwalk_client.world.folding import nodes_inside
from layerwalk_client.world.options import STYLES
from layerwalk_client.world.view import Mark

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker
    from layerwalk_client.world.folding import Run


def toggle_run(walker: Walker, run: Run | None) -> None:
    """Fold a run of equal blocks, or open it (None: all of them)."""
    stage = walker.stage
    here = walker.ways.here(walker)
    if not stage.scenery.toggle(run):
        walker.say("there are no runs of equal blocks here")
        return
    stage.rearrange()
    _settle(walker, here)
    if run is None:
        walker.say("runs of equal blocks are folded or open")
    else:
        state = "folded" if stage.scenery.is_folded(run) else "open"
        walker.say(f"{run.first}: {run.count} equal blocks, {state}")


def _meant(walker: Walker) -> int | None:
    """Return the node of the wall under the pointer, else of the selected one."""
    if walker.pointed is not None:
        return walker.pointed.wall.node
    return None if walker.selection is None else walker.selection.node


def _fold_runs(walker: Walker, number: int) -> None:
    """The run of the wall under the pointer, of the selected one, else all."""
    node = _meant(walker)
    toggle_run(
        walker, walker.badge or (None if node is None else walker.stage.scenery.run_of(node))
    )


def _fold(walker: Walker, number: int) -> None:
    """The box under the pointer opens, the innermost group around a wall folds; elsewhere runs."""
    node = _meant(walker)
    if walker.badge is not None or node is None:
        _fold_runs(walker, number)
        return
    group = walker.stage.scenery.open_group(node)
    if group is None:
        _fold_group(walker, node)
        return
    walker.stage.rearrange()
    network = walker.stage.network
    inside = [] if network is None else nodes_inside(network.graph)[group]
    _settle(walker, inside[0] if inside else node)
    walker.say(f"{group} is open")


def _fold_around(walker: Walker, number: int) -> None:
    """The next group outward."""
    node = _meant(walker)
    if node is None:
        walker.say("point at a wall first")
    else:
        _fold_group(walker, node)


def _fold_group(walker: Walker, node: int) -> None:
    group = walker.stage.scenery.fold_group(node)
    if group is None:
        walker.say("no group of several walls is around this one")
        return
    walker.stage.rearrange()
    _settle(walker, node)
    box = next((one for one in walker.stage.scenery.boxes if one.group == group), None)
    count = "" if box is None else f": {box.count} walls in one box"
    walker.say(f"{group}{count}")
    walker.trace.note("folded", group=group)


def _settle(walker: Walker, node: int | None) -> None:
    """Let the eye go along with a wall, and select what stands for the selected one now."""
    walker.ways.hold_on(node)
    walker.needs_draw = walker.needs_plan = True
    mark, standing = walker.selection, {wall.node for wall in walker.stage.scene.walls}
    if mark is not None and mark.node not in standing:
        found = [one for one in walker.stage.scenery.stands_for(mark.node) if one in standing]
        walker.selection = Mark(mark.network, found[0]) if found else None


def _next_layout(walker: Walker, number: int) -> None:
    """Chains stand straight, in rows, as a serpentine, as a spiral, and straight again."""
    scenery = walker.stage.scenery
    here = walker.ways.here(walker)
    style = STYLES[(STYLES.index(scenery.style) + 1) % len(STYLES)]
    change(walker, "layout", style)
    walker.keep(walker.settings)
    if here is None:
        show_all(walker)
    walker.say(f"layout: {style}")


FOLDING: Mapping[Command, Callable[[Walker, int], None]] = {
    Command.FOLD: _fold,
    Command.FOLD_AROUND: _fold_around,
    Command.FOLD_RUNS: _fold_runs,
    Command.LAYOUT: _next_layout,
}

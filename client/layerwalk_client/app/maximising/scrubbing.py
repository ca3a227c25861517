"""Keys on a wall with a result: values, pictures or both; and one step of the run after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerwalk_client.app.maximising.results import Mode, maximised_of
from layerwalk_client.app.toolbox import reason
from layerwalk_shared.errors import LayerwalkError

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker

MODE_TEXTS: dict[Mode, str] = {
    "values": "the network's values",
    "images": "maximised images",
    "both": "values and maximised images in turn",
}


def next_mode_of_wall(walker: Walker) -> None:
    """Let the wall under the pointer, else the selected one, show the next of its modes."""
    node = _node_of(walker)
    if node is None:
        walker.say("point at a wall first")
        return
    try:
        mode = walker.stage.state.results.next_mode(node)
    except LayerwalkError as error:
        walker.say(reason(error))
        return
    walker.say(f"{node}: {MODE_TEXTS[mode]}")
    walker.needs_draw = walker.needs_plan = True


def scrub(walker: Walker, by: int | None) -> bool:
    """Look at the picture `by` steps before or behind, on the selected wall, else on the one under
    the pointer (None: at the newest); return whether pictures are seen there."""
    stage, network = walker.stage, walker.stage.network
    node = _node_of(walker, prefers_selection=True)
    if network is None or node is None or not stage.gallery.is_seen(network.graph.index[node]):
        return False
    results = stage.state.results
    run = results.chosen(node)
    is_at_end = run is not None and by is not None and by > 0 and results.shown(node) is run.newest
    follows = by is None or is_at_end
    results.look_at_step(node, None if follows else results.step_beside(node, by or 0))
    shown = results.shown(node)
    if shown is not None:
        told = maximised_of(shown)
        walker.say(f"{node}: step {told.step} of {told.steps}")
    walker.needs_draw = walker.needs_plan = True
    return True


def _node_of(walker: Walker, *, prefers_selection: bool = False) -> str | None:
    """Return the id of the node that is meant."""
    pointed = None if walker.pointed is None else walker.pointed.wall.node
    selected = None if walker.selection is None else walker.selection.node
    first, second = (selected, pointed) if prefers_selection else (pointed, selected)
    index, network = second if first is None else first, walker.stage.network
    if index is None or network is None:
        return None
    return network.graph.nodes[index].id

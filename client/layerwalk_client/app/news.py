"""What a walk makes of what has arrived: another network, another picture, values, failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerwalk_client.app.links.recalling import find_item
from layerwalk_client.app.toolbox import reason
from layerwalk_client.app.travel.places import Place, camera_at
from layerwalk_client.source.arrivals import Arrival, RequestFailed, ValuesArrived
from layerwalk_client.source.asking import PutInput, Values
from layerwalk_client.world.view import Mark
from layerwalk_client.world.viewpoints import first_minute
from layerwalk_shared.errors import LayerwalkError

if TYPE_CHECKING:
    from layerwalk_client.app.stage.changes import Happenings
    from layerwalk_client.app.walker import Walker


def take_in(walker: Walker, now_s: float) -> None:
    """Take in everything that has arrived."""
    selected = selected_id(walker)
    found = walker.stage.take(now_s)
    for failure in found.failures:
        walker.say(reason(failure), is_warning=True)
    for notice in found.notices:
        walker.say(notice)
    if found.is_new_network:
        begin(walker)
    elif found.is_new_graph:
        go_on(walker, selected)
    show(walker, found)
    for arrival in found.others:
        _hand_on(walker, arrival)
    walker.needs_draw |= walker.editing.keep_up() | walker.signals.keep_up()
    walker.note_connection()
    walker.errand.follow(walker)
    if not walker.stage.state.is_busy:
        walker.busy_since_s = None
    elif walker.busy_since_s is None:
        walker.busy_since_s = now_s


def show(walker: Walker, found: Happenings) -> None:
    """Let the walk follow what is shown now."""
    if found.is_new_picture:
        walker.readings.clear()
        walker.compared.clear()
        walker.wake()
        shown = walker.stage.shown
        assert shown is not None
        walker.trace.note("shown", snapshot=shown.id, input=shown.input.title, step=shown.step)
    if found.is_changed:
        walker.needs_plan = True
    walker.needs_draw |= walker.tools.refresh()


def begin(walker: Walker) -> None:
    """Stand in a network that has just been laid out."""
    stage, start = walker.stage, walker.start
    network = stage.network
    assert network is not None
    walker.tools.renew()
    walker.signals.end()
    walker.selection = None
    if start.place is None and start.shows_intro:
        walker.journey.begin_tour(first_minute(stage.scene, walker.aspect))
    else:
        _open_for(walker, start.place)
        try:
            place = camera_at(start.place, stage.scene, network, aspect=walker.aspect)
        except LayerwalkError as error:
            walker.say(reason(error), is_warning=True)
            place = camera_at(None, stage.scene, network, aspect=walker.aspect)
        walker.journey.place(place)
    if start.item is not None:
        try:
            stage.submit(PutInput(network.id, find_item(stage.state.session, *start.item)))
        except LayerwalkError as error:
            walker.say(reason(error), is_warning=True)
    walker.errand.begin(walker)
    if start.complaint:
        walker.say(start.complaint, is_warning=True)
    walker.trace.note("connected", network=network.name, nodes=len(network.graph.nodes))


def _open_for(walker: Walker, place: Place) -> None:
    """Open the runs that hide the node where the walk begins."""
    network = walker.stage.network
    index = None if network is None else network.graph.index.get(str(place))
    if index is not None:
        walker.stage.open_for(index)


def go_on(walker: Walker, selected: str | None) -> None:
    """Stay in a network whose graph has changed: eye, colours and range are as they were.

    Args:
        walker: the walk.
        selected: id of the node that was selected; it stays so where there is still one.
    """
    network = walker.stage.network
    assert network is not None
    walker.tools.forget_nodes()
    walker.signals.end()
    index = None if selected is None else network.graph.index.get(selected)
    walker.selection = None if index is None else Mark(network.id, index)
    walker.readings.clear()
    walker.needs_draw = True
    walker.trace.note("changed", network=network.name, nodes=len(network.graph.nodes))


def selected_id(walker: Walker) -> str | None:
    """Return the id of the selected node."""
    network, mark = walker.stage.network, walker.selection
    if network is None or mark is None or mark.node >= len(network.graph.nodes):
        return None
    return network.graph.nodes[mark.node].id


def _hand_on(walker: Walker, arrival: Arrival) -> None:
    """Give what is not the stage's to whoever asked for it."""
    walker.needs_draw |= walker.signals.take(arrival) | walker.editing.take(arrival)
    if isinstance(arrival, ValuesArrived) and walker.compared.arrive(arrival):
        walker.needs_draw = True
        return
    failed = arrival.request if isinstance(arrival, RequestFailed) else None
    if isinstance(failed, Values) and walker.compared.fail(failed):
        return
    if walker.handheld.magnifier.take(arrival):
        walker.needs_draw = True
        return
    is_reading = isinstance(arrival, ValuesArrived) and arrival.fetch.purpose == "spot"
    if isinstance(arrival, ValuesArrived) and is_reading:
        walker.readings.arrive(arrival)
    elif (
        isinstance(arrival, RequestFailed)
        and isinstance(arrival.request, Values)
        and arrival.request.purpose == "spot"
    ):
        walker.readings.fail(arrival.request)
    else:
        walker.needs_draw |= walker.tools.take(arrival)

"""Makes the HUD's description from what is so; and keeps the hints and messages that pass."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from layerwalk_client.app.comparing.looks import line_of, signed
from layerwalk_client.app.output.progress import clock_text
from layerwalk_client.app.pointer import describe, describe_result
from layerwalk_client.app.stage.state import SceneState
from layerwalk_client.devices.actions import Actions
from layerwalk_client.ui.hud import Hint, Hud, Readout
from layerwalk_client.world.answer import percent
from layerwalk_client.world.legend import legend
from layerwalk_client.world.ranges import node_range

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker
from layerwalk_shared.colours import TABLES
from layerwalk_shared.messages import SnapshotManifest

MESSAGE_S = 3.5
FAILURE_S = 7.0
BUSY_AFTER_S = 0.3
"""Work that takes less than this is not announced."""
MOVED_S = 1.0
TURNED = math.radians(25)


@dataclass(slots=True)
class Lesson:
    """What a newcomer has done already. Mutable, owned by the main thread."""

    moved_s: float = 0.0
    turned: float = 0.0
    has_picked: bool = False
    has_put: bool = False

    @property
    def is_over(self) -> bool:
        """Whether everything was done once."""
        return all(hint.is_done for hint in self.hints())

    def note(self, actions: Actions, dt: float) -> None:
        """Note a frame's actions."""
        if any(actions.move):
            self.moved_s += dt
        self.turned += abs(actions.look[0]) + abs(actions.look[1])

    def hints(self) -> tuple[Hint, ...]:
        """Return the lines to show."""
        return (
            Hint("W A S D", "walk; Space and C rise and sink", self.moved_s >= MOVED_S),
            Hint("mouse", "look around; Esc frees it", self.turned >= TURNED),
            Hint("Tab", "open the pictures, click one", self.has_picked),
            Hint("click", "on the input's frame puts it there", self.has_put),
        )


@dataclass(slots=True)
class Notice:
    """A message that passes. Mutable, owned by the main thread."""

    text: str = ""
    is_warning: bool = False
    until_s: float = 0.0

    def say(self, text: str, now_s: float, *, is_warning: bool = False) -> None:
        """Show a message for a few seconds."""
        self.text, self.is_warning = text, is_warning
        self.until_s = now_s + (FAILURE_S if is_warning else MESSAGE_S)

    def pass_by(self, now_s: float) -> bool:
        """Let the message go when its time is over; return whether it went."""
        if self.text and now_s >= self.until_s:
            self.text = ""
            return True
        return False


def detail_line(manifest: SnapshotManifest | None) -> str:
    """Return what is on the input and what the network makes of it."""
    if manifest is None:
        return ""
    parts = [manifest.input.title]
    if manifest.step is not None:
        parts.append(f"step {manifest.step}")
    if manifest.top:
        best = manifest.top[0]
        parts.append(f"{best.name} {percent(best.probability)}")
    return "   ".join(parts)


def banner_line(state: SceneState, address: str) -> str:
    """Return why there is no server, "" where there is one."""
    if state.lost is None:
        return ""
    reason = str(state.lost.error)
    return f"{reason if reason else f'no server at {address}'}: trying again"


def progress_of(state: SceneState, busy_s: float) -> tuple[str, float] | None:
    """Return text and share of the work under way, None where it is none or short."""
    if not state.is_busy or busy_s < BUSY_AFTER_S:
        return None
    jobs = list(state.jobs.values())
    if not jobs:
        return "fetching the new picture", 1.0
    share = sum(job.progress for job in jobs) / len(jobs)
    is_waiting = all(job.state == "queued" for job in jobs)
    return ("waiting for the model" if is_waiting else "forward pass", share)


def hud_of(walker: Walker, now_s: float) -> Hud:
    """Return everything that lies over a walk's view."""
    state, network, shown = walker.stage.state, walker.stage.network, walker.stage.shown
    tools, pointed = walker.tools, walker.pointed or walker.across
    hall = walker.stage.comparing.hall if walker.pointed is None else None
    is_tour = walker.journey.is_on_tour
    readout, limit, name = None, None, ""
    view, seen = walker.stage.comparing.view, shown
    if pointed is not None:
        node, name, channel = pointed.wall.node, pointed.node.id, pointed.hit.channel or 0
        tile = None if shown is None else walker.stage.finest(node, channel, wall=pointed.wall)
        scale = None
        if tile is not None and 0 <= channel - tile.first_channel < tile.count:
            scale = float(tile.scales[channel - tile.first_channel])
        readout = describe(
            pointed, walker.spot, walker.readings, tile,
            network=network if hall is None else hall.network,
            manifest=shown if hall is None else hall.manifest,
        )  # fmt: skip
        hung = walker.stage.gallery.manifest_of(node) if hall is None else None
        if hung is not None:
            readout = describe_result(pointed, hung)
        seen = walker.stage.manifest_of(node, wall=pointed.wall)
        limit = node_range(tools.appearance, hung or seen or shown, node, channel_scale=scale)
        if view is not None and hung is None and hall is None:
            ranges = walker.compared_looks.ranges(view, tools.appearance)
            limit = ranges.get((pointed.wall.network, node), limit)
            value = walker.compared.text()
            readout = replace(readout, value=value) if value else readout
    else:
        limit = node_range(tools.appearance, shown, None)
    held = tools.locks.held
    locked = held.everywhere
    if pointed is not None:
        locked = held.of((pointed.wall.network, pointed.wall.node))
    told = legend(
        signed(tools.appearance, view),
        limit if locked is None else locked,
        is_diverging=TABLES[signed(tools.appearance, view).table].is_diverging,
        statistics=None if seen is None or pointed is None else seen.nodes[pointed.wall.node],
        name=name,
        is_locked=locked is not None,
    )
    box = None if pointed is None else walker.stage.scenery.box_of(pointed.wall.node)
    if box is not None and readout is not None:
        readout = dataclasses.replace(readout, node=box.title, facts=f"{box.subtitle} · F opens it")
    if walker.badge is not None:
        run = walker.badge
        readout = Readout(run.first, f"the first of {run.count} equal blocks", "click opens them")
    if walker.stub is not None:
        readout = Readout(walker.stub, "hidden", "Del brings it back")
    is_image = pointed is not None and pointed.wall.is_image
    has_legend = not (is_tour or is_image)
    carried = tools.carried()
    if carried is not None and carried.is_magnified:
        glass = walker.handheld.magnifier.look(walker.screen.size_wh)
        carried = dataclasses.replace(carried, glass=glass)
    is_magnified = carried is not None and carried.is_magnified
    has_legend &= not is_magnified
    has_hints = walker.teaches and not (is_tour or is_magnified or tools.panels.kinds)
    recorded_s = math.floor(walker.outbox.recorder.seconds(now_s))
    busy_s = 0.0 if walker.busy_since_s is None else now_s - walker.busy_since_s
    return Hud(
        title="" if network is None else network.name,
        detail=detail_line(shown),
        followed=walker.signals.line,
        compared=line_of(walker.stage.comparing),
        is_split=walker.split.correspondence(walker.stage) is not None,
        whereabouts=walker.ways.whereabouts(walker),
        hot=walker.ways.hot,
        map=walker.ways.minimap.shown(walker),
        choices=walker.ways.riding.choices(walker),
        readout=None if is_tour else readout,
        legend=told if has_legend else None,
        banner=banner_line(state, walker.address),
        message=walker.notice.text,
        is_warning=walker.notice.is_warning,
        progress=progress_of(state, busy_s),
        recording=clock_text(recorded_s) if walker.outbox.recorder.is_on else "",
        hints=walker.lesson.hints() if has_hints and not walker.guide.is_on else (),
        guide=None if is_magnified else walker.guide.card,
        carried=carried,
        cross=walker.split.middle(walker.stage)
        if walker.desktop.is_captured and not is_tour
        else None,
        is_hot=walker.badge is not None
        or walker.stub is not None
        or (pointed is not None and pointed.hit.channel is not None),
        is_plain=walker.is_plain or is_magnified,
    )

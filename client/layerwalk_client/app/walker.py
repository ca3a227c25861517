"""The loop of the window: device, flight, pointer, arrivals, uploads, picture. Owns the world.

Nothing here waits for the network: what is wished for goes out by the source's threads, and what
comes of it is read from a queue. At rest nothing is drawn, and the loop sleeps until something
happens.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pygame

from layerwalk_client.app import overlay
from layerwalk_client.app.commands import go_to_node, obey
from layerwalk_client.app.journey import Journey
from layerwalk_client.app.panels import PanelHit
from layerwalk_client.app.places import Place, camera_at
from layerwalk_client.app.pointer import Pointed, describe, point_at, ray_of, spot_at
from layerwalk_client.app.readings import Readings, Spot
from layerwalk_client.app.residency import Wanted
from layerwalk_client.app.stage import MIB, Happenings, Stage
from layerwalk_client.app.toolbox import Outlook, Toolbox, reason
from layerwalk_client.app.trace import Trace
from layerwalk_client.devices.actions import Actions
from layerwalk_client.devices.bindings import rebound
from layerwalk_client.devices.desktop import Desktop
from layerwalk_client.gl.context import Window
from layerwalk_client.gl.panel import Panel
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.target import Target
from layerwalk_client.settings import Settings
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import RequestFailed, ValuesArrived
from layerwalk_client.source.asking import Values
from layerwalk_client.ui.colours import Legend
from layerwalk_client.ui.hud import Hud, draw_hud
from layerwalk_client.ui.style import make_style
from layerwalk_client.world.picking import pick
from layerwalk_client.world.view import Appearance, Look, Mark, Marks
from layerwalk_client.world.viewpoints import first_minute
from layerwalk_shared.errors import LayerwalkError

LONGEST_STEP_S = 0.1
"""A frame that took longer moves the eye by this much only."""
PLAN_EVERY_S = 0.08
"""While the eye moves, what is needed is thought about this often."""
HOLD_S = 0.18
"""A right button held longer magnifies; a shorter press puts away."""
SETTLING_S = 0.25
"""After something happened, frames are drawn for this long, until hovers and fades have settled."""


@dataclass(frozen=True, slots=True)
class Start:
    """How a walk begins.

    Attributes:
        place: where the eye is; None: the tour to the input.
        shows_intro: lead a newcomer, show the hints of the first minute.
        keep_settings: called with settings that have changed.
        pictures: folder for screenshots.
    """

    place: Place = None
    shows_intro: bool = True
    keep_settings: Callable[[Settings], None] = lambda settings: None
    pictures: Path = Path()


class Walker:
    """One walk in one window. Mutable, owned by the main thread; the window's GL context is
    current.

    Args:
        window: to show in.
        source: an opened source.
        settings: what the person likes.
        start: how it begins.
        trace: a diary for tools.
        clock: seconds, only forward.
    """

    def __init__(
        self,
        window: Window,
        source: Source,
        settings: Settings,
        *,
        start: Start | None = None,
        trace: Trace | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._window = window
        self._source = source
        self._clock = clock
        self._start = start or Start()
        self.settings = settings
        self.trace = trace or Trace(None, clock)
        self._size_wh = window.size_wh()
        bindings = rebound(settings.keys)
        self.desktop = Desktop(
            bindings,
            size_wh=self._size_wh,
            radians_per_pixel=math.radians(settings.mouse_degrees),
            inverts_y=settings.inverts_y,
        )
        self._renderer = Renderer()
        self._target = Target(self._size_wh)
        self._hud_panel = self._make_hud_panel()
        self.stage = Stage(
            source,
            self._renderer,
            cache_bytes=settings.cache_mib * MIB,
            gpu_bytes=settings.gpu_mib * MIB,
            sweep_s=settings.sweep_s,
        )
        self.journey = Journey()
        self.tools = Toolbox(
            self.stage,
            source,
            self._renderer.images,
            bindings=bindings,
            appearance=_appearance(settings),
            go_to=lambda node: go_to_node(self, node),
            tell=self.trace.note,
        )
        self._readings = Readings()
        self._notice = overlay.Notice()
        self._lesson = overlay.Lesson()
        self._teaches = self._start.shows_intro and settings.shows_hints
        self._last_s = clock()
        self._planned_s = -math.inf
        self._busy_since_s: float | None = None
        self._awake_until_s = self._last_s + SETTLING_S
        self._pressed_s: float | None = None
        self._needs_plan = True
        self._needs_draw = True
        self._spot: Spot | None = None
        self._drawn: object = None
        self._frames = 0
        self._rate: tuple[float, int, float] = (self._last_s, 0, 0.0)
        self.pointed: Pointed | None = None
        self.selection: Mark | None = None
        self.is_over = False
        self.is_plain = False
        self.wants_screenshot = False

    @property
    def aspect(self) -> float:
        """Width over height of the view."""
        return self._size_wh[0] / max(1, self._size_wh[1])

    @property
    def frames(self) -> int:
        """Pictures drawn so far."""
        return self._frames

    def outlook(self) -> Outlook:
        """Return where a panel would appear."""
        hit = pick(self.stage.arrays, ray_of(self.journey.camera, (0.0, 0.0), self._size_wh))
        room = math.inf if hit is None else hit.distance
        return Outlook(self.journey.camera, self._size_wh, room)

    def say(self, text: str, *, is_warning: bool = False) -> None:
        """Show a message for a few seconds."""
        self._notice.say(text, self._clock(), is_warning=is_warning)
        self.trace.note("said", text=text)

    def keep(self, settings: Settings) -> None:
        """Take new settings, and keep them for the next walk."""
        self.settings = settings
        try:
            self._start.keep_settings(settings)
        except LayerwalkError as error:
            self.say(reason(error), is_warning=True)

    def bookmark_name(self, number: int) -> str:
        """Return the name under which a bookmark of this network is kept."""
        network = self.stage.network
        return f"{network.name if network is not None else ''} {number}"

    def run(self) -> None:
        """Walk until the person leaves."""
        self.desktop.capture(captures=self.settings.captures_mouse)
        while not self.is_over:
            self.frame(self._next_events())
        self.trace.note("quit")

    def frame(self, events: Iterable[pygame.event.Event]) -> bool:
        """Let one frame happen; return whether a picture was drawn."""
        now_s = self._clock()
        dt = min(LONGEST_STEP_S, max(0.0, now_s - self._last_s))
        self._last_s = now_s
        events = list(events)
        self._resize(events)
        actions = self.desktop.read(events, now_s)
        if actions.is_any or any(event.type in _REDRAWING for event in events):
            self._awake_until_s = now_s + SETTLING_S
        self._take(now_s)
        self._obey(actions)
        is_elsewhere = self.journey.step(actions, dt, self.stage.arrays)
        hit = self._point(actions)
        self._handle(actions, hit, now_s)
        for kind, intent in self.tools.panels.operate(hit, actions, dt):
            self.tools.carry_out(kind, intent)
        self.desktop.set_typing(is_typing=self.tools.is_typing)
        self._plan(now_s, is_elsewhere=is_elsewhere)
        has_changed = self.stage.step(now_s, self.settings.upload_mib * MIB)
        self._needs_plan |= has_changed and self.stage.residency.is_switching
        self._notice.pass_by(now_s)
        self._learn(actions, dt)
        self._read(dt)
        is_drawn = self._draw(now_s, dt, is_forced=is_elsewhere or has_changed)
        self.trace.note_state(self.describe)
        return is_drawn

    def close(self) -> None:
        """Release every GL object."""
        self.tools.close()
        self._hud_panel.close()
        self._target.close()
        self._renderer.close()

    def describe(self) -> dict[str, Any]:
        """Return what is so, for the trace."""
        camera, shown, hand = self.journey.camera, self.stage.shown, self.tools.hand
        pointed = self.pointed
        return {
            "camera": [
                *(round(value, 4) for value in camera.position),
                round(math.degrees(camera.yaw), 2),
                round(math.degrees(camera.pitch), 2),
            ],
            "shown": None if shown is None else shown.id,
            "input": None if shown is None else shown.input.title,
            "answer": shown.top[0].name if shown is not None and shown.top else None,
            "is_switching": self.stage.residency.is_switching,
            "is_settled": self.stage.is_settled(self._clock()),
            "is_connected": self.stage.state.is_connected,
            "holding": None if hand.holding is None else hand.holding.title,
            "is_magnifying": hand.is_magnifying or self.tools.loupe is not None,
            "panels": list(self.tools.panels.kinds),
            "pointed": None if pointed is None else pointed.node.id,
            "channel": None if pointed is None else pointed.hit.channel,
            "is_captured": self.desktop.is_captured,
            "is_on_tour": self.journey.is_on_tour,
            "size": list(self._size_wh),
            "frames": self._frames,
            "frames_per_second": round(self._rate[2], 1),
        }

    # What arrives.

    def _take(self, now_s: float) -> None:
        found = self.stage.take(now_s)
        for failure in found.failures:
            self.say(reason(failure), is_warning=True)
        if found.is_new_network:
            self._begin()
        if found.is_new_picture:
            self._readings.clear()
            self._awake_until_s = now_s + SETTLING_S
            shown = self.stage.shown
            assert shown is not None
            self.trace.note("shown", snapshot=shown.id, input=shown.input.title)
        for arrival in found.others:
            if isinstance(arrival, ValuesArrived):
                self._readings.arrive(arrival)
            elif isinstance(arrival, RequestFailed) and isinstance(arrival.request, Values):
                self._readings.fail(arrival.request)
            else:
                self._needs_draw |= self.tools.take(arrival)
        self._note_connection(found)
        if found.is_changed:
            self._needs_plan = True
        if not self.stage.state.is_busy:
            self._busy_since_s = None
        elif self._busy_since_s is None:
            self._busy_since_s = now_s

    def _begin(self) -> None:
        """Stand in a network that has just been laid out."""
        network = self.stage.network
        assert network is not None
        self.tools.renew()
        self.selection = None
        scene = self.stage.scene
        if self._start.place is None and self._start.shows_intro:
            self.journey.begin_tour(first_minute(scene, self.aspect))
        else:
            place = self._start.place
            try:
                self.journey.place(camera_at(place, scene, network, aspect=self.aspect))
            except LayerwalkError as error:
                self.say(reason(error), is_warning=True)
                self.journey.place(camera_at(None, scene, network, aspect=self.aspect))
        self.trace.note("connected", network=network.name, nodes=len(network.graph.nodes))

    def _note_connection(self, found: Happenings) -> None:
        state = self.stage.state
        if found.is_changed and self.trace.is_on:
            is_lost = state.lost is not None
            self.trace.note("connection", is_lost=is_lost)

    # What the person does.

    def _obey(self, actions: Actions) -> None:
        for order in actions.ordered:
            obey(self, order)
        if actions.typed:
            self.tools.type(actions.typed)
        for path in actions.dropped:
            try:
                title = self.tools.put_file(Path(path))
            except LayerwalkError as error:
                self.say(reason(error), is_warning=True)
            else:
                self.say(f"{title} goes to the input")
                self._lesson.has_picked = self._lesson.has_put = True

    def _point(self, actions: Actions) -> PanelHit | None:
        """Find what the pointer is on: a panel, or a place in the world."""
        ray = ray_of(self.journey.camera, actions.pointer, self._size_wh)
        stage = self.stage
        world = pick(stage.arrays, ray)
        hit = self.tools.panels.hit(ray)
        if hit is not None and world is not None and world.distance < hit.distance:
            hit = None
        self.pointed = None
        if hit is None:
            self.pointed = point_at(ray, stage.scene, stage.arrays, stage.network)
        self.desktop.set_over_panel(is_over_panel=hit is not None)
        return hit

    def _handle(self, actions: Actions, hit: PanelHit | None, now_s: float) -> None:
        """Pick up, put down, put away, magnify, fly there."""
        for is_down in actions.secondary:
            if is_down:
                self._pressed_s = now_s
            else:
                held_s = math.inf if self._pressed_s is None else now_s - self._pressed_s
                if held_s < HOLD_S:
                    self.tools.put_away()
                self._pressed_s = None
        is_looking = self._pressed_s is not None and now_s - self._pressed_s >= HOLD_S
        pointed = self.pointed
        self._needs_draw |= self.tools.look_closer(
            pointed.wall.node if pointed is not None else None,
            pointed.hit.channel if pointed is not None else None,
            is_looking=is_looking,
        )
        if not actions.clicks or hit is not None or pointed is None:
            return
        if actions.is_double_click:
            go_to_node(self, pointed.wall.node)
            if pointed.hit.channel is not None and not pointed.is_input:
                self.tools.put_away()
            return
        if pointed.is_input and self.tools.put():
            self._lesson.has_put = True
            return
        self.selection = pointed.mark
        if pointed.hit.channel is not None:
            self.tools.pick_channel(pointed.wall.node, pointed.hit.channel)

    def _learn(self, actions: Actions, dt: float) -> None:
        if not self._teaches:
            return
        self._lesson.note(actions, dt)
        self._lesson.has_picked |= self.tools.hand.holding is not None
        if self._lesson.is_over:
            self._teaches = False
            self.keep(_without_hints(self.settings))

    def _read(self, dt: float) -> None:
        """Ask for the exact value under the pointer, once it rests there."""
        manifest = None
        if self.pointed is not None:
            manifest = self.stage.residency.manifest_of(self.pointed.wall.node)
        self._spot = spot_at(self.pointed, manifest)
        fetch = self._readings.look(None if self._spot is None else self._spot.fetch, dt)
        if fetch is not None:
            self._source.fetch(fetch)

    def _plan(self, now_s: float, *, is_elsewhere: bool) -> None:
        """Think about which tiles are needed, when something has changed and not too often."""
        self._needs_plan |= is_elsewhere
        if not self._needs_plan or now_s - self._planned_s < PLAN_EVERY_S:
            return
        self._needs_plan = False
        self._planned_s = now_s
        extra = []
        if self.tools.loupe is not None and self.pointed is not None:
            channel = self.pointed.hit.channel or 0
            extra.append(Wanted(self.pointed.wall.node, channel // 256, 0))
        self.stage.plan(
            self.journey.camera,
            self._size_wh,
            now_s=now_s,
            motion=self.journey.velocity,
            extra=extra,
        )

    # The picture.

    def _draw(self, now_s: float, dt: float, *, is_forced: bool) -> bool:
        pictures = self.tools.panels.pictures()
        hud = self._hud(now_s, has_panels=bool(pictures))
        seen = (hud, self._look(), tuple(id(one) for one in pictures), self._size_wh)
        is_needed = (
            is_forced
            or self._needs_draw
            or self.wants_screenshot
            or self._renderer.is_animating
            or self.tools.panels.is_unsettled
            or seen != self._drawn
        )
        self._count(now_s, drawn=is_needed)
        if not is_needed:
            return False
        self._needs_draw = False
        self._drawn = seen
        self._awake_until_s = max(self._awake_until_s, now_s + 0.05)
        self._renderer.draw(self._look(), self._target, dt=dt, pictures=pictures)
        self._hud_panel.draw_onto(self._target, lambda: draw_hud(self._hud_panel.style, hud), dt=dt)
        if self.wants_screenshot:
            self._screenshot()
        self._target.present(self._size_wh)
        self._window.flip()
        self._frames += 1
        return True

    def _look(self) -> Look:
        hover = self.pointed.mark if self.pointed is not None else None
        return Look(
            camera=self.journey.camera,
            appearance=self.tools.appearance,
            marks=Marks(hover, self.selection),
        )

    def _hud(self, now_s: float, *, has_panels: bool) -> Hud:
        state, network, shown = self.stage.state, self.stage.network, self.stage.shown
        appearance, pointed = self.tools.appearance, self.pointed
        readout = None
        name, node, scale = "", None, None
        is_image = pointed is not None and pointed.wall.is_image
        if pointed is not None:
            node, name = pointed.wall.node, pointed.node.id
            channel = pointed.hit.channel or 0
            tile = self.stage.residency.finest(node, channel) if shown is not None else None
            if tile is not None and 0 <= channel - tile.first_channel < tile.count:
                scale = float(tile.scales[channel - tile.first_channel])
            classes = () if network is None else network.classes
            readout = describe(pointed, self._spot, self._readings, tile, classes=classes)
        limit = overlay.limit_of(appearance, shown, node, scale)
        self.tools.set_legend(Legend(name, limit))
        busy_s = 0.0 if self._busy_since_s is None else now_s - self._busy_since_s
        is_tour = self.journey.is_on_tour
        return Hud(
            title="" if network is None else network.name,
            detail=overlay.detail_line(shown),
            readout=None if is_tour else readout,
            legend=None if is_tour or is_image else overlay.legend_line(appearance, name, limit),
            banner=overlay.banner_line(state, self._source.address),
            message=self._notice.text,
            is_warning=self._notice.is_warning,
            progress=overlay.progress_of(state, busy_s),
            hints=self._lesson.hints() if self._teaches and not (is_tour or has_panels) else (),
            carried=self.tools.carried(),
            cross=(0.0, 0.0) if self.desktop.is_captured else None,
            is_hot=pointed is not None and pointed.hit.channel is not None,
            is_plain=self.is_plain,
        )

    def _screenshot(self) -> None:
        self.wants_screenshot = False
        from layerwalk_client.app.shot import write_picture

        path = _free_name(self._start.pictures)
        try:
            write_picture(path, self._target.read_rgb())
        except LayerwalkError as error:
            self.say(reason(error), is_warning=True)
        else:
            self.say(f"saved {path.name}")
            self.trace.note("screenshot", path=str(path))

    def _count(self, now_s: float, *, drawn: bool) -> None:
        since_s, count, rate = self._rate
        count += drawn
        if now_s - since_s >= 1.0:
            rate = count / (now_s - since_s)
            since_s, count = now_s, 0
        self._rate = (since_s, count, rate)

    def _make_hud_panel(self) -> Panel:
        scale = max(0.6, self._size_wh[1] / 720)
        return Panel(self._size_wh, scale=scale, setup=make_style)

    def _resize(self, events: Iterable[pygame.event.Event]) -> None:
        if not any(event.type in _RESIZING for event in events):
            return
        size_wh = self._window.size_wh()
        if size_wh == self._size_wh or min(size_wh) < 1:
            return
        self._size_wh = size_wh
        self.desktop.resize(size_wh)
        self._target.resize(size_wh)
        self._hud_panel.close()
        self._hud_panel = self._make_hud_panel()
        self._needs_draw = self._needs_plan = True

    # Time.

    def _next_events(self) -> list[pygame.event.Event]:
        """Wait for the next frame's time, or at rest for something to happen."""
        now_s = self._clock()
        if self._is_active(now_s):
            left_s = self._last_s + 1 / self.settings.frames_per_second - now_s
            if left_s > 0:
                time.sleep(left_s)
            return pygame.event.get()
        event = pygame.event.wait(self._rest_ms(now_s))
        found = [] if event.type == pygame.NOEVENT else [event]
        found += pygame.event.get()
        # What was slept through is not part of the next step.
        self._last_s = max(self._last_s, self._clock() - 1 / self.settings.frames_per_second)
        return found

    def _is_active(self, now_s: float) -> bool:
        return (
            now_s < self._awake_until_s
            or not self.journey.is_at_rest
            or self._needs_draw
            or self._needs_plan
            or self._renderer.is_animating
            or self.stage.residency.is_switching
            or self.stage.residency.has_uploads
            or self.tools.panels.is_unsettled
            or self._pressed_s is not None
            or self._readings.is_waiting
        )

    def _rest_ms(self, now_s: float) -> int:
        """Return how long nothing can happen by itself."""
        rest_s = 60.0
        if self._notice.text:
            rest_s = min(rest_s, self._notice.until_s - now_s)
        if self._busy_since_s is not None:
            rest_s = min(rest_s, 0.1)
        if self.trace.is_on:
            rest_s = min(rest_s, 1.0)
        return max(1, int(1000 * rest_s))


_RESIZING = (pygame.VIDEORESIZE, pygame.WINDOWSIZECHANGED, pygame.WINDOWRESIZED)
_REDRAWING = (*_RESIZING, pygame.WINDOWEXPOSED, pygame.WINDOWFOCUSGAINED)


def _appearance(settings: Settings) -> Appearance:
    from layerwalk_shared.colours import TABLES

    known = Appearance()
    return Appearance(
        table=settings.table if settings.table in TABLES else known.table,
        mode=settings.range_mode,  # type: ignore[arg-type]  # checked by Settings
        percentile=settings.percentile,
        marks_out_of_range=settings.marks_out_of_range,
        theme=settings.theme,  # type: ignore[arg-type]
    )


def _without_hints(settings: Settings) -> Settings:
    import dataclasses

    return dataclasses.replace(settings, shows_hints=False)


def _free_name(folder: Path) -> Path:
    """Return a name for a screenshot that no file has."""
    with contextlib.suppress(OSError):
        taken = {entry.name for entry in folder.iterdir()}
        for number in range(1, 100_000):
            name = f"layerwalk-{number:03d}.png"
            if name not in taken:
                return folder / name
    return folder / "layerwalk.png"

"""The loop of the window: device, flight, pointer, arrivals, uploads, picture. Owns the world.

Nothing here waits for the network: what is wished for goes out by the source's threads, and what
comes of it is read from a queue. At rest nothing is drawn, and the loop sleeps until something
happens.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pygame

from layerwalk_client.app import diary, news, overlay
from layerwalk_client.app.commands import obey
from layerwalk_client.app.comparing.looks import ComparedLooks, signed
from layerwalk_client.app.comparing.reading import ComparedReading
from layerwalk_client.app.comparing.split import SplitView
from layerwalk_client.app.desks.furnishing import furnish
from layerwalk_client.app.editing import Editing
from layerwalk_client.app.following import Following
from layerwalk_client.app.gestures import Gestures
from layerwalk_client.app.handling.hand import hold_file
from layerwalk_client.app.handling.handheld import Handheld
from layerwalk_client.app.handling.sharpening import wanted
from layerwalk_client.app.links.errand import Errand
from layerwalk_client.app.output.outbox import Outbox
from layerwalk_client.app.panels import PanelHit
from layerwalk_client.app.pointer import Pointed, point_at, ray_of, seen_from
from layerwalk_client.app.pulse import Pulse
from layerwalk_client.app.reading import read
from layerwalk_client.app.readings import Readings, Spot
from layerwalk_client.app.screen import Screen
from layerwalk_client.app.stage.stage import MIB, Stage
from layerwalk_client.app.start import Start, appearance_of
from layerwalk_client.app.toolbox import Outlook, Toolbox, reason
from layerwalk_client.app.trace import Trace
from layerwalk_client.app.travel.bookmarks import BookmarkDesk
from layerwalk_client.app.travel.going import travel
from layerwalk_client.app.travel.guide import Guide
from layerwalk_client.app.travel.journey import Journey
from layerwalk_client.app.travel.wayfinding import Wayfinding
from layerwalk_client.devices.actions import Actions
from layerwalk_client.devices.bindings import rebound
from layerwalk_client.devices.desktop import Desktop
from layerwalk_client.gl.context import Window
from layerwalk_client.gl.pictures import Picture
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.settings import Settings
from layerwalk_client.source import Source
from layerwalk_client.world.folding import Run
from layerwalk_client.world.picking import pick
from layerwalk_client.world.view import Camera, Look, Mark, Marks
from layerwalk_shared.errors import LayerwalkError
from layerwalk_shared.messages import SnapshotManifest

PLAN_EVERY_S = 0.08
"""While the eye moves, what is needed is thought about this often."""


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
        self._source = source
        self._clock = clock
        self.start = start or Start()
        self.settings = settings
        self.trace = trace or Trace(None, clock)
        self.desktop = Desktop(
            rebound(settings.keys),
            size_wh=window.size_wh(),
            radians_per_pixel=math.radians(settings.mouse_degrees),
            inverts_y=settings.inverts_y,
        )
        self._renderer = Renderer()
        self.screen = Screen(window, self._renderer)
        self.stage = Stage(
            source,
            self._renderer,
            cache_bytes=settings.cache_mib * MIB,
            gpu_bytes=settings.gpu_mib * MIB,
            sweep_s=settings.sweep_s,
            theme=settings.theme,  # type: ignore[arg-type]  # checked by Settings
            style=settings.layout,  # type: ignore[arg-type]  # this, too
        )
        self.journey = Journey(pace=settings.speed, walks=settings.movement == "walk")
        self.ways = Wayfinding()
        self.bookmarks = BookmarkDesk(self)
        self.tools = Toolbox(
            self.stage,
            source,
            self._renderer.images,
            appearance=appearance_of(settings, self.start.link),
            travel=lambda intent: travel(self, intent),
            choose_step=self.choose_step,
            outlook=self.outlook,
            folder=self.start.pictures,
            tell=self.trace.note,
        )
        self.signals, self.editing = Following(self.stage, source), Editing(self.stage)
        self.handheld = Handheld(self, source, self._renderer.images)
        self.guide = Guide(self)
        self.keys = furnish(self, source, self._renderer.images)
        self.readings = Readings()
        self.compared = ComparedReading()
        self.split = SplitView()
        self.compared_looks = ComparedLooks()
        self.notice = overlay.Notice()
        self.lesson = overlay.Lesson()
        self.teaches = self.start.shows_intro and settings.shows_hints
        self._pulse = Pulse(clock)
        self._planned_s = -math.inf
        self.busy_since_s: float | None = None
        self._gestures = Gestures()
        self._is_lost = False
        self.needs_plan = True
        self.needs_draw = True
        self.spot: Spot | None = None
        self.pointed: Pointed | None = None
        self.across: Pointed | None = None
        self.badge: Run | None = None
        self.stub: str | None = None
        self.selection: Mark | None = None
        self.is_over = False
        self.destination: tuple[str, str] | None = None
        self.is_plain = False
        self.outbox = Outbox()
        self.errand = Errand(self.start.link)

    @property
    def now_s(self) -> float:
        """The walk's clock, seconds."""
        return self._clock()

    @property
    def address(self) -> str:
        """Where the network comes from, for people."""
        return self._source.address

    @property
    def aspect(self) -> float:
        """Width over height of the view."""
        width, height = self.screen.size_wh
        return width / height / (1 if self.split.correspondence(self.stage) is None else 2)

    def outlook(self) -> Outlook:
        """Return where a panel would appear."""
        hit = pick(self.stage.arrays, ray_of(self.journey.camera, (0.0, 0.0), self.screen.size_wh))
        room = math.inf if hit is None else self.journey.camera.near + hit.distance
        return Outlook(self.journey.camera, self.screen.size_wh, room)

    def say(self, text: str, *, is_warning: bool = False) -> None:
        """Show a message for a few seconds."""
        self.notice.say(text, self._clock(), is_warning=is_warning)
        self.trace.note("said", text=text)

    def keep(self, settings: Settings) -> None:
        """Take new settings, and keep them for the next walk."""
        self.settings = settings
        try:
            self.start.keep_settings(settings)
        except LayerwalkError as error:
            self.say(reason(error), is_warning=True)

    def run(self) -> None:
        """Walk until the person leaves."""
        self.desktop.capture(captures=self.settings.captures_mouse)
        while not self.is_over:
            self.frame(self._pulse.next_events(self))
        self.trace.note("quit")

    def frame(self, events: Iterable[pygame.event.Event]) -> bool:
        """Let one frame happen; return whether a picture was drawn."""
        now_s = self._clock()
        dt = self._pulse.begin(now_s)
        events = list(events)
        if any(event.type in _RESIZING for event in events) and self.screen.resize():
            self.desktop.resize(self.screen.size_wh)
            self.needs_plan = True
        actions = self.desktop.read(events, now_s)
        if actions.is_any or any(event.type in _REDRAWING for event in events):
            self._pulse.wake(now_s)
        news.take_in(self, now_s)
        self.handheld.keep_up()
        actions = self.guide.claim(actions)
        self._obey(actions)
        actions = self.handheld.claim(actions)
        pace = self.journey.pace
        is_elsewhere = self.journey.step(actions, dt, self.stage.arrays, now_s=now_s)
        if self.journey.pace != pace:
            self.say(f"speed {self.journey.pace:.2g}")
        self.needs_draw |= self.handheld.follow(actions)
        hit = self._point(actions)
        self._gestures.follow(self, actions, hit, now_s)
        for kind, intent in self.tools.panels.operate(hit, actions, dt):
            self.tools.carry_out(kind, intent)
        self.desktop.set_typing(is_typing=self.tools.is_typing)
        self.keys.follow(self.desktop, self.tools.panels)
        self._plan(now_s, is_elsewhere=is_elsewhere)
        has_changed = self.stage.step(now_s, self.settings.upload_mib * MIB)
        self.ways.slide(self)
        is_switching = has_changed and self.stage.residency.is_switching
        self.needs_plan |= is_switching or self.stage.needs_plan
        self.stage.gallery.is_held = self.tools.loupe is not None
        self.notice.pass_by(now_s)
        self.guide.learn(actions, dt)
        read(self, self._source, dt)
        is_unsettled = self.tools.panels.is_unsettled
        is_drawn = self._draw(now_s, dt, is_forced=is_elsewhere or has_changed or is_unsettled)
        self.trace.note_state(lambda: diary.describe(self, now_s))
        return is_drawn

    def close(self) -> None:
        """Release every GL object."""
        self.tools.close()
        self.ways.close()
        self.screen.close()
        self._renderer.close()

    # What arrives.

    def wake(self) -> None:
        """Look at once for what is needed, and draw until it has settled."""
        self._planned_s = -math.inf
        self._pulse.wake(self._clock())

    def note_connection(self) -> None:
        """Note in the trace when the server goes, and when it comes back."""
        is_lost = self.stage.state.lost is not None
        if is_lost != self._is_lost:
            self._is_lost = is_lost
            self.trace.note("lost" if is_lost else "found")

    def choose_step(self, step: int | None) -> None:
        """Look at a step of the training; None: follow the newest."""
        news.show(self, self.stage.choose_step(step, self._clock()))
        self.needs_draw = self.needs_plan = True

    def look_at(self, manifest: SnapshotManifest) -> None:
        """Show a snapshot of the network again, until the next input."""
        news.show(self, self.stage.look_at(manifest, self._clock()))
        self.needs_draw = self.needs_plan = True

    # What the person does.

    def _obey(self, actions: Actions) -> None:
        for order in actions.ordered:
            obey(self, order)
        if actions.stroke:
            self.keys.press(actions.stroke)
        if actions.typed:
            self.tools.type(actions.typed)
        over = self.pointed.wall.node if self.pointed and self.pointed.is_input else None
        for path in actions.dropped:
            try:
                if Path(path).suffix.lower() == ".json":
                    self.handheld.arranger.import_file(Path(path))
                    self.say(f"arranged as {Path(path).name} says")
                    continue
                title = self.tools.put_held(hold_file(Path(path)), node=over)
            except LayerwalkError as error:
                self.say(reason(error), is_warning=True)
            else:
                self.say(f"{title} goes to the input")
                self.lesson.has_picked = self.lesson.has_put = True

    def _point(self, actions: Actions) -> PanelHit | None:
        """Find what the pointer is on: the HUD, a panel, or a place in the world."""
        if self.ways.point(self, actions):
            self.pointed = self.badge = self.stub = None
            self.desktop.set_over_panel(is_over_panel=True)
            return None
        stage, is_captured = self.stage, self.desktop.is_captured
        eye = self.journey.camera
        camera, pointer = self.split.aim(stage, eye, actions.pointer, is_captured=is_captured)
        ray = ray_of(camera, pointer, self.screen.size_wh)
        world = pick(stage.arrays, ray)
        room = math.inf if world is None else world.distance
        hit = self.tools.panels.hit(ray, camera, room=room)
        self.pointed = self.across = self.badge = self.stub = None
        if hit is None:
            self.badge = None if world is None else stage.scenery.run_at(world.board)
            self.stub = None if world is None else stage.scenery.stub_at(world.board)
            self.pointed = point_at(world, stage.scene, stage.network)
            self.across = point_at(world, stage.scene, stage.comparing.hall.network)
        self.desktop.set_over_panel(is_over_panel=hit is not None)
        return hit

    def _plan(self, now_s: float, *, is_elsewhere: bool) -> None:
        """Think about which tiles are needed, when something has changed and not too often."""
        self.needs_plan |= is_elsewhere
        if not self.needs_plan or now_s - self._planned_s < PLAN_EVERY_S:
            return
        self.needs_plan = False
        self._planned_s = now_s
        camera, size_wh = self.outbox.view(self)
        self.stage.plan(
            camera,
            size_wh,
            now_s=now_s,
            motion=self.journey.velocity,
            across=self.split.across(self.stage, camera),
            extra=wanted(self),
        )

    # The picture.

    def _draw(self, now_s: float, dt: float, *, is_forced: bool) -> bool:
        look, hud = self._look(), overlay.hud_of(self, now_s)
        is_drawn = self.screen.draw(
            look,
            hud,
            self.pictures_at(self.journey.camera),
            dt=dt,
            now_s=now_s,
            across=self.split.look_across(self.stage, look),
            is_forced=is_forced or self.needs_draw,
        )
        self.needs_draw = False
        if is_drawn:
            self._pulse.glow(now_s)
        self.outbox.follow(self, look, hud, now_s)
        return is_drawn

    def pictures_at(self, camera: Camera) -> list[Picture]:
        """Return what stands in the world beside the scene, panels among it."""
        held = self.handheld.hologram()
        return [*self.stage.pictures, *held, *self.tools.panels.pictures(camera)]

    def _look(self) -> Look:
        is_pointing = self.pointed is not None and not self.journey.is_on_tour
        hover = self.pointed.mark if is_pointing and self.pointed is not None else None
        at = None if hover is None else (hover.node, hover.channel)
        view, appearance = self.stage.comparing.view, self.tools.appearance
        return Look(
            camera=self.journey.camera,
            appearance=signed(appearance, view),
            ranges=self.tools.locks.over(
                self.compared_looks.ranges(view, appearance), self.stage.scene
            ),
            marks=Marks(
                hover, self.selection, seen_from(self.pointed, self.spot, self.stage.network)
            ),
            glow=self.signals.glow,
            notes=self.stage.words(self.journey.camera, self.screen.size_wh[1], at),
        )

    @property
    def is_active(self) -> bool:
        """Whether the next frame may differ by time alone, or something waits to be done."""
        return (
            not self.journey.is_at_rest
            or self.needs_draw
            or self.needs_plan
            or self._renderer.is_animating
            or self.stage.residency.is_switching
            or self.stage.residency.has_uploads
            or self.stage.gallery.is_waiting
            or self.tools.panels.is_unsettled
            or self._gestures.is_pressing
            or self.readings.is_waiting
            or self.outbox.is_waiting
            or self.compared.is_waiting
            or self.stage.comparing.has_uploads
        )


_RESIZING = (pygame.VIDEORESIZE, pygame.WINDOWSIZECHANGED, pygame.WINDOWRESIZED)
_REDRAWING = (*_RESIZING, pygame.WINDOWEXPOSED, pygame.WINDOWFOCUSGAINED)

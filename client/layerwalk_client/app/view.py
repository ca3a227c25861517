"""The window on a server: opens the source, the window and the walk, and closes all of them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from layerwalk_client.app.known_servers import known_path, note_known, read_known
from layerwalk_client.app.start import Start
from layerwalk_client.app.trace import Trace
from layerwalk_client.app.travel.places import Place
from layerwalk_client.gl.context import Window, window_context
from layerwalk_client.settings import (
    Settings,
    arrangements_folder,
    read_settings,
    settings_path,
    write_settings,
)
from layerwalk_client.source.arrivals import ConnectionLost
from layerwalk_client.source.http import HttpSource
from layerwalk_client.world.options import Style
from layerwalk_shared.errors import LayerwalkError
from layerwalk_shared.links import Link
from layerwalk_shared.messages import TileDType
from layerwalk_shared.routes import DEFAULT_URL

FIRST_ANSWER_S = 3.0
"""So long the window is held back to see whether there is a server at all."""


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """What the window shows; None means what the settings say.

    Attributes:
        url, token, network: of the server.
        size_wh: pixels.
        is_fullscreen: cover the desktop.
        place: where the eye begins.
        layout: how long chains stand.
        link: of the view to open, beside place and layout.
        shows_intro: lead a newcomer.
        first_item: (data set's name or id, number) to put on the input at the beginning.
        trace: file for a diary.
    """

    url: str = DEFAULT_URL
    token: str | None = None
    network: str | None = None
    size_wh: tuple[int, int] | None = None
    is_fullscreen: bool = False
    place: Place = None
    layout: Style | None = None
    link: Link | None = None
    shows_intro: bool = True
    first_item: tuple[str, int] | None = None
    trace: Path | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """A network of a server."""

    url: str
    token: str | None
    network: str | None


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk has come to: its source, the settings as they are now, where it goes on (URL and
    network; None: nowhere), and the network that it was in."""

    source: HttpSource
    settings: Settings
    destination: tuple[str, str] | None
    network: str | None


class Wakeup:
    """Lets other threads wake the main loop. Mutable; `ring` may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_listening = False

    def ring(self) -> None:
        """Post an event, if the loop is there to get it."""
        import pygame

        with self._lock:
            if self._is_listening:
                pygame.event.post(pygame.event.Event(pygame.USEREVENT))

    def listen(self, *, is_listening: bool) -> None:
        """Say whether there is a loop; afterwards no ring is under way."""
        with self._lock:
            self._is_listening = is_listening


def run_view(options: ViewOptions) -> int:
    """Walk through a served network in a window; return the exit code.

    Raises:
        LayerwalkError: there is no server, no window, or no such network.
    """
    path = settings_path()
    settings = read_settings(path)
    if options.size_wh is not None:
        settings = replace(settings, width=options.size_wh[0], height=options.size_wh[1])
    if options.layout is not None:
        settings = replace(settings, layout=options.layout)
    if options.link is not None and options.link.theme is not None:
        settings = replace(settings, theme=options.link.theme)
    wakeup = Wakeup()
    with Trace(options.trace, time.monotonic) as trace:
        at = Destination(options.url, options.token, options.network)
        source = _opened(at, settings, wakeup)
        try:
            size_wh = (settings.width, settings.height)
            with window_context(size_wh, "Layerwalk", fullscreen=options.is_fullscreen) as window:
                trace.note("window", driver=window.driver, renderer=window.info.renderer)
                start: Start | None = _start(options, path, wakeup)
                while start is not None:
                    note_known(known_path(), source.address)
                    walked = _walk(window, source, settings, start, wakeup=wakeup, trace=trace)
                    settings = walked.settings
                    source.close()
                    source, at, start = _go_on(walked, at, start, wakeup=wakeup)
        finally:
            wakeup.listen(is_listening=False)
            source.close()
    return 0


def _opened(at: Destination, settings: Settings, wakeup: Wakeup) -> HttpSource:
    """Return a source that has answered, or has not within a moment.

    Raises:
        LayerwalkError: there is no server, or no such network.
    """
    source = HttpSource(
        at.url,
        token=at.token,
        network=at.network,
        dtype=tile_dtype(settings),
        on_arrival=wakeup.ring,
    )
    source.open()
    first = source.peek(FIRST_ANSWER_S)
    if isinstance(first, ConnectionLost):
        source.close()
        raise first.error
    return source


def _go_on(
    walked: Walked, at: Destination, start: Start, *, wakeup: Wakeup
) -> tuple[HttpSource, Destination, Start | None]:
    """Return the source of the next walk and how it begins: where one has asked to go, else, where
    that cannot be reached, where one was; None: the walk was the last."""
    if walked.destination is None:
        return walked.source, at, None
    url, network = walked.destination
    token = at.token if url == walked.source.address else None
    start = replace(start, place=None, link=None, item=None, shows_intro=False, complaint="")
    there = Destination(url, token, network)
    try:
        return _opened(there, walked.settings, wakeup), there, replace(start, token=token)
    except LayerwalkError as error:
        said = " ".join(str(error).split())
        back = replace(at, network=walked.network)
        source = _opened(back, walked.settings, wakeup)
        return source, back, replace(start, complaint=said, token=at.token)


def _start(options: ViewOptions, path: Path, wakeup: Wakeup) -> Start:
    return Start(
        place=options.place,
        shows_intro=options.shows_intro,
        item=options.first_item,
        token=options.token,
        known_servers=lambda: read_known(known_path()),
        ring=wakeup.ring,
        link=options.link,
        keep_settings=lambda changed: write_settings(path, changed),
        pictures=Path.cwd(),
        settings_place=str(path),
        arrangements=arrangements_folder(path),
    )


def _walk(
    window: Window,
    source: HttpSource,
    settings: Settings,
    start: Start,
    *,
    wakeup: Wakeup,
    trace: Trace,
) -> Walked:
    """Walk until the person leaves, or goes elsewhere."""
    from layerwalk_client.app.walker import Walker

    walker = Walker(window, source, settings, start=start, trace=trace)
    wakeup.listen(is_listening=True)
    try:
        walker.run()
    except Exception as error:
        error.add_note(trace.recent())
        raise
    finally:
        wakeup.listen(is_listening=False)
        walker.close()
    network = walker.stage.network
    return Walked(
        source, walker.settings, walker.destination, None if network is None else network.id
    )


def tile_dtype(settings: Settings) -> TileDType | None:
    """Return how tiles travel; None leaves it to the server."""
    if settings.tile_dtype == "int8":
        return "int8"
    return "float16" if settings.tile_dtype == "float16" else None

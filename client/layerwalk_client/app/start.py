"""How a walk begins: where, how led, how values look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from layerwalk_client.app.links.dressing import dressed
from layerwalk_client.app.travel.places import Place
from layerwalk_client.settings import Settings
from layerwalk_client.world.view import Appearance
from layerwalk_shared.colours import TABLES
from layerwalk_shared.links import Link


@dataclass(frozen=True, slots=True)
class Start:
    """How a walk begins.

    Attributes:
        place: where the eye is; None: the tour to the input.
        shows_intro: lead a newcomer, show the hints of the first minute.
        item: (data set's name or id, number) to put on the input at the beginning.
        token: for the server, where it asks for one.
        known_servers: tells where one was before.
        ring: wakes the main loop, from any thread.
        complaint: said at the beginning, "" nothing.
        link: what it shows at the beginning, beside `place`.
        keep_settings: called with settings that have changed.
        pictures: folder for screenshots.
        settings_place: where settings are kept, for people.
        arrangements: folder that keeps how walls were arranged; None: it is not kept.
    """

    place: Place = None
    shows_intro: bool = True
    item: tuple[str, int] | None = None
    token: str | None = None
    known_servers: Callable[[], Sequence[str]] = tuple
    ring: Callable[[], None] = lambda: None
    complaint: str = ""
    link: Link | None = None
    keep_settings: Callable[[Settings], None] = lambda settings: None
    pictures: Path = Path()
    settings_place: str = ""
    arrangements: Path | None = None


def appearance_of(settings: Settings, link: Link | None = None) -> Appearance:
    """Return how values look by the settings, and as a link says; a table of the settings that is
    no more becomes the default."""
    known = Appearance()
    found = Appearance(
        table=settings.table if settings.table in TABLES else known.table,
        mode=settings.range_mode,  # type: ignore[arg-type]  # checked by Settings
        percentile=settings.percentile,
        marks_out_of_range=settings.marks_out_of_range,
        theme=settings.theme,  # type: ignore[arg-type]
    )
    if link is None:
        return found
    return dressed(found, table=link.table, mode=link.range, limit=link.limit, theme=link.theme)

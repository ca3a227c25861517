"""What a walk leaves behind: pictures of the window, large ones too, and recorded ways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pygame

from layerwalk_client.app.handling.arrangements import as_json
from layerwalk_client.app.links.linking import link_of
from layerwalk_client.app.links.recalling import on_the_input
from layerwalk_client.app.news import selected_id
from layerwalk_client.app.output.exporting import write_file
from layerwalk_client.app.output.film_script import as_toml
from layerwalk_client.app.output.recorder import Recorder, Situation
from layerwalk_client.app.toolbox import reason
from layerwalk_client.ui.hud import Hud
from layerwalk_client.world.view import Camera, Look
from layerwalk_shared.errors import LayerwalkError
from layerwalk_shared.routes import DEFAULT_URL

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker

LARGE = 4
"""Pixels along a side of each of the window's, in a large picture."""
PATIENCE_S = 10.0
"""A large picture waits so long for the detail that it can show."""


@dataclass(frozen=True, slots=True)
class _Large:
    """A large picture that waits for its detail: of the view when it was asked for."""

    look: Look
    hud: Hud
    factor: int
    until_s: float


class Outbox:
    """Mutable, owned by the main thread; the window's GL context is current."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self._is_asked = False
        self._is_asked_large = False
        self._large: _Large | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether a large picture waits for its detail."""
        return self._large is not None

    def view(self, walker: Walker) -> tuple[Camera, tuple[int, int]]:
        """Return camera and pixels that detail is needed for: a large picture's, or the eye's."""
        width, height = walker.screen.size_wh
        if self._large is None:
            return walker.journey.camera, (width, height)
        factor = self._large.factor
        return self._large.look.camera, (width * factor, height * factor)

    def take_picture(self, *, is_large: bool = False) -> None:
        """Let the next frame be saved; a large one once all is there that it shows."""
        if is_large:
            self._is_asked_large = True
        else:
            self._is_asked = True

    def follow(self, walker: Walker, look: Look, hud: Hud, now_s: float) -> None:
        """Do what is due after a frame was drawn."""
        if self.recorder.is_on:
            self.recorder.note(now_s, walker.journey.camera, _situation(walker))
            if self.recorder.is_full(now_s):
                self._end_recording(walker, now_s)
        if self._is_asked:
            self._is_asked = False
            self._save(walker, lambda: walker.screen.save(walker.start.pictures))
        if self._is_asked_large:
            self._is_asked_large = False
            self._begin_large(walker, look, hud, now_s)
        large = self._large
        if large is not None and (
            (walker.stage.is_settled(now_s) and not walker.needs_plan) or now_s >= large.until_s
        ):
            self._large = None
            walker.needs_draw = walker.needs_plan = True
            pictures = walker.pictures_at(large.look.camera)
            self._save(
                walker,
                lambda: walker.screen.save_large(
                    walker.start.pictures, large.look, large.hud, pictures, factor=large.factor
                ),
            )

    def toggle_recording(self, walker: Walker, now_s: float) -> None:
        """Begin to record the camera's way, or end it and write it to a file."""
        if self.recorder.is_on:
            self._end_recording(walker, now_s)
            return
        self.recorder.start(now_s, walker.journey.camera, _situation(walker))
        walker.say("recording the way: F9 ends it")
        walker.trace.note("recording")

    def copy_link(self, walker: Walker) -> None:
        """Put the link of this view on the clipboard, and tell it in the trace."""
        link = link_of(walker)
        if link is None:
            walker.say("there is no network to link to yet")
            return
        walker.trace.note("link", link=str(link))
        try:
            pygame.scrap.put_text(str(link))
        except pygame.error as error:
            walker.say(f"the clipboard cannot be had ({error}): the link is {link}")
        else:
            walker.say("the link of this view is on the clipboard")

    def _end_recording(self, walker: Walker, now_s: float) -> None:
        script = self.recorder.stop(now_s)
        try:
            path = write_file(
                walker.start.pictures, "layerwalk-path", as_toml(script).encode(), ending="toml"
            )
            command = self._film_command(walker, path)
        except LayerwalkError as error:
            walker.say(reason(error), is_warning=True)
            return
        walker.say(f"{path.name} is written; film it:  {command}")
        walker.trace.note("recorded", path=str(path), seconds=script.seconds, command=command)

    def _film_command(self, walker: Walker, path: Path) -> str:
        """Return the command that films a way in the world as it stands now; where walls were moved,
        that is written, too."""
        words = ["layerwalk film", f"{path.stem}.mp4"]
        if walker.address != DEFAULT_URL:
            words.append(walker.address)
        words.append(f"--path {path.name}")
        style, arranged = walker.stage.scenery.style, walker.handheld.arranger.arranged
        if style != "straight":
            words.append(f"--layout {style}")
        if walker.tools.appearance.theme != "dark":
            words.append(f"--theme {walker.tools.appearance.theme}")
        network = walker.stage.network
        if not arranged.is_empty and network is not None:
            content = as_json(arranged, network).encode()
            walls = write_file(path.parent, f"{path.stem}-walls", content, ending="json")
            words.append(f"--arrangement {walls.name}")
        return " ".join(words)

    def _begin_large(self, walker: Walker, look: Look, hud: Hud, now_s: float) -> None:
        factor = walker.screen.largest_factor(LARGE)
        quiet = replace(hud, message="", is_warning=False, progress=None, cross=None, recording="")
        self._large = _Large(look, quiet, factor, now_s + PATIENCE_S)
        walker.needs_plan = True
        width, height = (side * factor for side in walker.screen.size_wh)
        walker.say(f"a picture of {width} \N{MULTIPLICATION SIGN} {height}: it needs more detail")

    def _save(self, walker: Walker, save: Callable[[], Path]) -> None:
        try:
            path = save()
        except LayerwalkError as error:
            walker.say(reason(error), is_warning=True)
        else:
            walker.say(f"saved {path.name}")
            walker.trace.note("screenshot", path=str(path))


def _situation(walker: Walker) -> Situation:
    return Situation(
        input=on_the_input(walker.stage),
        step=walker.stage.state.chosen,
        appearance=walker.tools.appearance,
        selection=selected_id(walker) or "",
    )

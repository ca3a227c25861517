"""What the window shows: the world, the HUD over it, and pictures of both as files."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from layerwalk_client.app.output.writing import write_picture
from layerwalk_client.gl.context import Window
from layerwalk_client.gl.panel import Panel
from layerwalk_client.gl.pictures import Picture
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.target import Target, most_pixels
from layerwalk_client.ui.hud import Hud, draw_hud
from layerwalk_client.ui.sheet import Spot
from layerwalk_client.ui.style import make_style
from layerwalk_client.world.view import Look

DESIGN_HEIGHT = 720
SMALLEST_SCALE = 0.6


class Screen:
    """Draws when what is to be seen has changed. Mutable, owned by the main thread; the window's
    GL context is current.

    Attributes:
        spots: what of the HUD a free pointer can operate.
    """

    def __init__(self, window: Window, renderer: Renderer) -> None:
        self._window = window
        self._renderer = renderer
        self._size_wh = window.size_wh()
        self._world = Target(self._size_wh)
        self._target = Target(self._size_wh)
        self._half: Target | None = None
        self._panel = self._make_panel()
        self._seen_world: object = None
        self._seen_hud: object = None
        self._frames = 0
        self.spots: tuple[Spot, ...] = ()
        self._rate = (0.0, 0, 0.0)

    @property
    def gpu_bytes(self) -> int:
        """Bytes of values on the GPU."""
        return self._renderer.memory_bytes

    @property
    def size_wh(self) -> tuple[int, int]:
        """Pixels of the window."""
        return self._size_wh

    @property
    def frames(self) -> int:
        """Pictures drawn so far."""
        return self._frames

    @property
    def frames_per_second(self) -> float:
        """Pictures drawn in the last second."""
        return self._rate[2]

    def resize(self) -> bool:
        """Take the window's size over; return whether it is another."""
        size_wh = self._window.size_wh()
        if size_wh == self._size_wh or min(size_wh) < 1:
            return False
        self._size_wh = size_wh
        self._world.resize(size_wh)
        self._target.resize(size_wh)
        self._panel.close()
        self._panel = self._make_panel()
        self._seen_world = self._seen_hud = None
        return True

    def draw(
        self,
        look: Look,
        hud: Hud,
        pictures: Sequence[Picture],
        *,
        dt: float,
        now_s: float,
        across: Look | None = None,
        is_forced: bool = False,
    ) -> bool:
        """Draw and show, unless all is as it was; return whether it was drawn.

        The world is kept as a picture of its own: where only the text over it has changed (a
        value was read, a job began), it is not drawn anew.

        Args:
            look: camera, colours, marks.
            hud: what lies over the view.
            pictures: panels in the world.
            dt: seconds since the last frame.
            now_s: any clock that only goes forward.
            across: what the right half shows; None: the view is one.
            is_forced: something else has changed (values, panels).
        """
        world = (look, across, tuple(pictures))
        is_world_new = is_forced or self._renderer.is_animating or world != self._seen_world
        is_needed = is_world_new or hud != self._seen_hud
        self._count(now_s, is_drawn=is_needed)
        if not is_needed:
            return False
        self._seen_world, self._seen_hud = world, hud
        if is_world_new:
            self._draw_world(look, across, pictures, dt)
        self._target.take_over(self._world)
        self._panel.draw_onto(self._target, lambda: self._draw_hud(hud), dt=dt)
        self._target.present(self._size_wh)
        self._window.flip()
        self._frames += 1
        return True

    def _draw_world(
        self, look: Look, across: Look | None, pictures: Sequence[Picture], dt: float
    ) -> None:
        if across is None:
            self._end_split()
            self._renderer.draw(look, self._world, dt=dt, pictures=pictures)
            return
        width, height = self._size_wh
        left_wide = width - width // 2
        if self._half is None:
            self._half = Target((left_wide, height))
        self._half.resize((left_wide, height))
        self._renderer.draw(look, self._half, dt=dt, pictures=pictures)
        self._world.take_part(self._half, left=0)
        self._renderer.draw_across(across, self._half, dt=dt, pictures=pictures)
        self._world.take_part(self._half, left=width - left_wide)

    def _end_split(self) -> None:
        if self._half is not None:
            self._half.close()
            self._half = None
            self._renderer.end_across()

    def _draw_hud(self, hud: Hud) -> None:
        self.spots = draw_hud(self._panel.style, hud)

    def save(self, folder: Path) -> Path:
        """Write what is shown as a PNG file of a new name; return its path.

        Raises:
            InvalidRequestError: it cannot be written.
        """
        path = _free_name(folder)
        write_picture(path, self._target.read_rgb())
        return path

    def largest_factor(self, wished: int) -> int:
        """Return how many pixels for each of the window's, along a side, a picture can have."""
        return max(1, min(wished, most_pixels() // max(self._size_wh)))

    def save_large(
        self, folder: Path, look: Look, hud: Hud, pictures: Sequence[Picture], *, factor: int
    ) -> Path:
        """Draw a picture `factor` times as large as the window along each side, and write it as
        `save` does; the window goes on showing what it shows.

        Raises:
            GraphicsError: it is too large for this graphics driver.
            InvalidRequestError: it cannot be written.
        """
        width, height = self._size_wh
        size_wh = (width * factor, height * factor)
        with Target(size_wh, pixel_scale=factor) as target:
            self._renderer.draw(look, target, pictures=pictures)
            panel = Panel(size_wh, scale=factor * self._scale, setup=make_style)
            try:
                panel.draw_onto(target, lambda: _draw_once(panel, hud))
            finally:
                panel.close()
            pixels = target.read_rgb()
        path = _free_name(folder)
        write_picture(path, pixels)
        return path

    def close(self) -> None:
        """Release every GL object that was made here."""
        self._panel.close()
        self._end_split()
        self._world.close()
        self._target.close()

    def _make_panel(self) -> Panel:
        return Panel(self._size_wh, scale=self._scale, setup=make_style)

    @property
    def _scale(self) -> float:
        """Pixels of the window for each of the HUD's design."""
        return max(SMALLEST_SCALE, self._size_wh[1] / DESIGN_HEIGHT)

    def _count(self, now_s: float, *, is_drawn: bool) -> None:
        since_s, count, rate = self._rate
        count += is_drawn
        if now_s - since_s >= 1.0:
            rate = count / (now_s - since_s)
            since_s, count = now_s, 0
        self._rate = (since_s, count, rate)


def _draw_once(panel: Panel, hud: Hud) -> None:
    draw_hud(panel.style, hud)


def _free_name(folder: Path) -> Path:
    """Return a path for a picture that no file has."""
    taken: set[str] = set()
    with contextlib.suppress(OSError):
        taken = {entry.name for entry in folder.iterdir()}
    number = next(n for n in range(1, len(taken) + 2) if f"layerwalk-{n:03d}.png" not in taken)
    return folder / f"layerwalk-{number:03d}.png"

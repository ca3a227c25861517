"""Soak: a walk that goes on for long, on a window in memory and a made-up source.

Two kinds. `random_walk` lets a seeded hand do anything that a person could: keys, clicks, drags,
wheels, words, dropped files, while inputs, a training and maximisations go on. `steady_walk` changes
the input twice a second before a resting eye. Both run on a clock of their own, faster than life,
and count what OpenGL itself says exists.
"""

from __future__ import annotations

import gc
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pygame
from PIL import Image

from layerwalk_client.app.start import Start
from layerwalk_client.app.walker import Walker
from layerwalk_client.devices.actions import Command
from layerwalk_client.devices.bindings import BINDINGS
from layerwalk_client.devices.chords import Modifier, parse_chord
from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.context import Window, window_context
from layerwalk_client.settings import Settings
from layerwalk_client.source.asking import PutInput
from layerwalk_client.source.memory import MemorySource
from layerwalk_shared.messages import DatasetInput

SIZE_WH = (480, 270)
MINUTES = float(os.environ.get("LAYERWALK_SOAK_MINUTES", "30"))
STEP_S = 0.1
"""Seconds of the walk's own clock in a frame of the steady walk."""
NAMES_SCANNED = 4096
KEPT_SNAPSHOTS = 12
_SHUNNED = {Command.QUIT, Command.FULL_SCREEN, Command.LARGE_SCREENSHOT}
"""What ends the walk, changes the real screen, or only fills the disk."""
_MASKS = {
    Modifier.CTRL: pygame.KMOD_CTRL, Modifier.ALT: pygame.KMOD_ALT, Modifier.SHIFT: pygame.KMOD_SHIFT,
}  # fmt: skip
Event = pygame.event.Event


def live_objects() -> int:
    """Return how many objects OpenGL itself says exist, of all kinds."""
    kinds = (
        gl.glIsBuffer, gl.glIsFramebuffer, gl.glIsProgram, gl.glIsRenderbuffer, gl.glIsTexture,
        gl.glIsVertexArray,
    )  # fmt: skip
    return sum(bool(exists(name)) for exists in kinds for name in range(1, NAMES_SCANNED))


class RandomHand:
    """Does what it likes, the same for the same seed. Mutable: keys and buttons stay down a while.

    Args:
        seed: of its whims.
        size_wh: of the window.
        files: paths that it may drop.
    """

    def __init__(self, seed: int, size_wh: tuple[int, int], files: tuple[Path, ...]) -> None:
        self._rng = np.random.default_rng(seed)
        self._size_wh = size_wh
        self._files = files
        self._at = (size_wh[0] // 2, size_wh[1] // 2)
        self._down: list[tuple[int, int]] = []
        self._buttons: list[int] = []
        self._chords = [
            parse_chord(key)
            for binding in BINDINGS
            if binding.name not in _SHUNNED
            for key in binding.keys
        ]

    def events(self) -> list[Event]:
        """Return what happens in a frame."""
        whims: tuple[tuple[Callable[[], list[Event]], float], ...] = (
            (list, 0.30), (self._press, 0.16), (self._let_go, 0.14), (self._move, 0.20),
            (self._button, 0.10), (self._wheel, 0.04), (self._write, 0.03), (self._drop, 0.01),
            (self._look_away, 0.02),
        )  # fmt: skip
        shares = np.array([share for _, share in whims])
        return whims[int(self._rng.choice(len(whims), p=shares / shares.sum()))][0]()

    def _press(self) -> list[Event]:
        chord = self._chords[int(self._rng.integers(len(self._chords)))]
        code = getattr(pygame, f"K_{chord.key}")
        mod = sum(_MASKS[modifier] for modifier in chord.modifiers)
        self._down.append((code, mod))
        return [Event(pygame.KEYDOWN, key=code, mod=mod)]

    def _let_go(self) -> list[Event]:
        released, self._down = self._down, []
        return [Event(pygame.KEYUP, key=code, mod=mod) for code, mod in released]

    def _move(self) -> list[Event]:
        width, height = self._size_wh
        reach = 20 if self._rng.random() < 0.7 else max(width, height)
        x, y = self._rng.integers(-reach, reach + 1, 2).tolist()
        before = self._at
        self._at = min(max(before[0] + x, 0), width - 1), min(max(before[1] + y, 0), height - 1)
        held = tuple(int(button in self._buttons) for button in (1, 2, 3))
        rel = self._at[0] - before[0], self._at[1] - before[1]
        return [Event(pygame.MOUSEMOTION, pos=self._at, rel=rel, buttons=held)]

    def _button(self) -> list[Event]:
        if self._buttons:
            button = self._buttons.pop()
            return [Event(pygame.MOUSEBUTTONUP, pos=self._at, button=button)]
        button = 1 if self._rng.random() < 0.85 else 3
        if self._rng.random() < 0.6:  # at once: a click
            return [
                Event(kind, pos=self._at, button=button)
                for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP)
            ]
        self._buttons.append(button)
        return [Event(pygame.MOUSEBUTTONDOWN, pos=self._at, button=button)]

    def _wheel(self) -> list[Event]:
        y = int(self._rng.choice([-3, -1, 1, 3]))
        return [Event(pygame.MOUSEWHEEL, x=0, y=y, precise_x=0.0, precise_y=float(y))]

    def _write(self) -> list[Event]:
        letters = self._rng.choice(list("conv0123456789.,- äß雨"), int(self._rng.integers(1, 4)))
        return [Event(pygame.TEXTINPUT, text=str(letter)) for letter in letters]

    def _drop(self) -> list[Event]:
        path = self._files[int(self._rng.integers(len(self._files)))]
        return [Event(pygame.DROPFILE, file=str(path))]

    def _look_away(self) -> list[Event]:
        self._down, self._buttons = [], []
        return [Event(pygame.WINDOWFOCUSLOST), Event(pygame.WINDOWFOCUSGAINED)]


def some_files(folder: Path) -> tuple[Path, ...]:
    """Write files worth dropping, good and bad ones."""
    rng = np.random.default_rng(0)
    picture, array, broken, text = (
        folder / name for name in ("a.png", "b.npy", "broken.png", "notes.txt")
    )
    Image.fromarray(rng.integers(0, 255, (40, 60, 3), np.uint8)).save(picture)
    np.save(array, rng.random((3, 32, 32), np.float32))
    broken.write_bytes(b"\x89PNG no picture")
    text.write_text("a cat")
    return picture, array, broken, text, folder / "nothing.png"


class Soak:
    """A walk on a clock of its own. Mutable, owned by the main thread.

    Args:
        window: to walk in.
        folder: for what is written.
    """

    def __init__(self, window: Window, folder: Path) -> None:
        self.source = MemorySource()
        self.source.open()
        self.now_s = 100.0
        self.walker = Walker(
            window,
            self.source,
            Settings(captures_mouse=False, sweep_s=0.0),
            start=Start(shows_intro=False, pictures=folder),
            clock=lambda: self.now_s,
        )
        self._items = 0
        self._steps = 0

    def frame(self, events: list[Event], dt: float) -> None:
        """Let `dt` seconds pass and a frame be drawn."""
        self.now_s += dt
        self.walker.frame(events)

    def put(self) -> None:
        """Put the next picture on the input; old snapshots go, as on a server short of memory."""
        state = self.walker.stage.state
        session, network = state.session, self.walker.stage.network
        if session is None or network is None:
            return
        dataset = session.datasets[0]
        self._items += 1
        item = DatasetInput(dataset=dataset.id, item=self._items % dataset.count)
        self.source.submit(PutInput(network.id, item))
        self.source.forget(keeps=KEPT_SNAPSHOTS)

    def train(self) -> None:
        """Let the made-up training go on by a step."""
        self._steps += 1
        self.source.train([self._steps], serves=[self._steps] if self._steps % 3 == 0 else [])

    def close(self) -> None:
        """Release everything."""
        self.source.close()
        self.walker.close()


@contextmanager
def soaking(window: Window) -> Iterator[Soak]:
    """Give a walk that is closed at the end."""
    with TemporaryDirectory() as folder:
        soak = Soak(window, Path(folder))
        try:
            yield soak
        finally:
            soak.close()


def random_walk(window: Window, seconds: float, *, seed: int, dt: float = 1 / 30) -> int:
    """Let a random hand walk for so many seconds of the walk's clock.

    Returns:
        How many frames there were. Afterwards nothing of it is left on the GPU.
    """
    frames = 0
    with soaking(window) as soak, TemporaryDirectory() as folder:
        hand = RandomHand(seed, window.size_wh(), some_files(Path(folder)))
        rng = np.random.default_rng([seed, 1])
        end_s = soak.now_s + seconds
        while soak.now_s < end_s:
            whim = rng.random()
            if whim < 0.01:
                soak.put()
            elif whim < 0.015:
                soak.train()
            soak.source.work(1)
            soak.frame(hand.events(), dt)
            frames += 1
    return frames


@dataclass(frozen=True, slots=True)
class SteadyWalk:
    """What a steady walk left standing: objects on the GPU, bytes of values there, MiB in memory.

    Each of them at even times, from the end of the first tenth to the end.
    """

    minutes: float
    inputs: int
    objects: tuple[int, ...]
    gpu_bytes: tuple[int, ...]
    resident_mib: tuple[float, ...]

    @property
    def is_met(self) -> bool:
        """No object and no byte of values more at the end than at the beginning."""
        return self.objects[-1] <= self.objects[0] and self.gpu_bytes[-1] <= self.gpu_bytes[0]

    def row(self) -> str:
        """Return a line for people."""
        return (
            f"{self.minutes:g} minutes, {self.inputs} inputs: GL objects {self.objects[0]} -> "
            f"{self.objects[-1]}, values on the GPU {self.gpu_bytes[0] / 2**20:.1f} -> "
            f"{self.gpu_bytes[-1] / 2**20:.1f} MiB, process (source included, its peak) "
            f"{self.resident_mib[0]:.0f} -> {self.resident_mib[-1]:.0f} MiB: "
            f"{'flat' if self.is_met else 'grows'}"
        )


def steady_walk(window: Window, minutes: float, *, looks: int = 10) -> SteadyWalk:
    """Change the input twice a second before a resting eye.

    Args:
        window: to walk in.
        minutes: of the walk's clock.
        looks: how often is counted.
    """
    objects, values, resident = [], [], []
    count = max(looks, round(minutes * 60 / STEP_S))
    inputs = 0
    with soaking(window) as soak:
        for frame in range(1, count + 1):
            if frame % round(0.5 / STEP_S) == 0:
                soak.put()
                inputs += 1
            soak.frame([], STEP_S)
            if frame % (count // looks) == 0:
                gc.collect()
                objects.append(live_objects())
                values.append(soak.walker.screen.gpu_bytes)
                resident.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return SteadyWalk(minutes, inputs, tuple(objects), tuple(values), tuple(resident))


def results() -> Iterator[Any]:
    """Soak for `LAYERWALK_SOAK_MINUTES` minutes (30) of the walk's clock."""
    os.environ["SDL_VIDEODRIVER"] = "offscreen"
    with window_context(SIZE_WH, "soak", vsync=False, checks=True) as window:
        yield steady_walk(window, MINUTES)

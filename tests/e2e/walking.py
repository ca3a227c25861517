"""A hand that drives a walk by posted events, on a window in memory."""

import time

import pygame

from layerwalk_client.app.start import Start
from layerwalk_client.app.travel.places import wall_of
from layerwalk_client.app.walker import Walker
from layerwalk_client.gl.bindings import gl
from layerwalk_client.settings import Settings
from layerwalk_client.world.camera import looking_at, project

SIZE = (480, 270)
FRAME_S = 1 / 60
PATIENCE_S = 30.0


def live_names():
    """Names that OpenGL says exist."""
    kinds = (
        gl.glIsBuffer, gl.glIsFramebuffer, gl.glIsProgram, gl.glIsRenderbuffer,
        gl.glIsTexture, gl.glIsVertexArray,
    )  # fmt: skip
    return {(kind.__name__, name) for kind in kinds for name in range(1, 2048) if kind(name)}


class Hand:
    """Drives a walker by posted events, in frames of a sixtieth of a second."""

    def __init__(self, window, source, bell, **start):
        self.bell = bell
        self.now_s = 100.0
        settings = Settings(captures_mouse=False, sweep_s=0.0)
        self.walker = Walker(
            window,
            source,
            settings,
            start=Start(shows_intro=False, **start),
            clock=lambda: self.now_s,
        )

    def frame(self, *events):
        for event in events:
            pygame.event.post(event)
        self.now_s += FRAME_S
        return self.walker.frame(pygame.event.get())

    def frames(self, count):
        return [self.frame() for _ in range(count)]

    def until(self, is_so):
        """Draw frames until something is so; waits for arrivals, not for time."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < deadline, "it did not become so"
            self.bell.clear()
            self.frame()
            if not is_so():
                self.bell.wait(0.02)

    def settle(self):
        self.until(lambda: self.walker.stage.is_settled(self.now_s))

    def key(self, key, mod=0):
        self.frame(pygame.event.Event(pygame.KEYDOWN, key=key, mod=mod))
        self.frame(pygame.event.Event(pygame.KEYUP, key=key, mod=mod))

    def type(self, text):
        for letter in text:
            self.frame(pygame.event.Event(pygame.TEXTINPUT, text=letter))

    def move(self, pixel):
        self.frame(pygame.event.Event(pygame.MOUSEMOTION, pos=pixel, rel=(0, 0), buttons=(0,) * 3))

    def click(self, pixel, button=1):
        self.move(pixel)
        self.frames(2)
        self.frame(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=pixel, button=button))
        self.frame(pygame.event.Event(pygame.MOUSEBUTTONUP, pos=pixel, button=button))
        self.frames(2)

    def pixel_of(self, point):
        x, y, depth = project([point], self.walker.journey.camera, SIZE)[0]
        assert depth > 0
        return (round(x), round(y))

    def face(self, node):
        """Stand before a node's wall."""
        stage = self.walker.stage
        index = stage.network.graph.index[node]
        wall = wall_of(stage.scene, stage.network.id, index)
        camera = self.walker.journey.camera
        near = type(camera)(position=(wall.centre[0], wall.centre[1], wall.centre[2] + 1.2))
        self.walker.journey.place(looking_at(near, wall.centre))
        self.frame()
        return wall

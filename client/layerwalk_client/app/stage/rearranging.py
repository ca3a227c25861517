"""Lets walls slide from one arrangement to the next, instead of jumping there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.world.morphing import Morph, Pose, morph_between, morphed, pose_in
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.ways import ease

SLIDE_S = 0.35


class Rearranging:
    """Mutable, owned by the main thread; the renderer's context is current."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._shown = Scene()
        self._is_expected = False
        self._morph: Morph | None = None
        self._began_s: float | None = None
        self._share = 0.0

    @property
    def is_sliding(self) -> bool:
        """Whether walls are on their way."""
        return self._morph is not None

    def expect(self) -> None:
        """Let the next scene be slid to."""
        self._is_expected = True

    def show(self, scene: Scene, stands_for: Callable[[int], Sequence[int]]) -> None:
        """Stand a scene in the world: at once, or by sliding there if that is expected.

        Args:
            scene: what stands there from now on.
            stands_for: node -> nodes that may stand for it where it has no wall.
        """
        before, self._shown = self._shown, scene
        is_smooth, self._is_expected = self._is_expected, False
        if is_smooth and before.walls and scene.walls:
            if self._morph is not None:  # from where they are just now
                before = morphed(self._morph, self._share)
            self._morph = morph_between(before, scene, stands_for)
            self._began_s, self._share = None, 0.0
            self._renderer.set_scene(morphed(self._morph, 0.0))
        else:
            self._morph = None
            self._renderer.set_scene(scene)

    def step(self, now_s: float) -> bool:
        """Let time go on; return whether walls have moved."""
        if self._morph is not None and self._share >= 1:
            self._morph = None
        if self._morph is None:
            return False
        if self._began_s is None:
            self._began_s = now_s
        self._share = ease((now_s - self._began_s) / SLIDE_S)
        self._renderer.set_scene(morphed(self._morph, self._share))
        return True

    def pose(self, node: int) -> Pose | None:
        """Return where the wall of a node is while it slides; None at rest."""
        return None if self._morph is None else pose_in(self._morph, node, self._share)

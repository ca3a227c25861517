"""The view in two: the first hall on the left, the same place of the second hall on the right.

Both eyes are linked: who walks in one walks in the other, as far before the same wall.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from layerwalk_client.world.beside import Correspondence
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.view import Camera, Look

if TYPE_CHECKING:
    from layerwalk_client.app.stage.stage import Stage


class SplitView:
    """Mutable, owned by the main thread.

    Attributes:
        is_wished: the view is to be in two wherever there are two halls.
    """

    def __init__(self) -> None:
        self.is_wished = False
        self._scene: Scene | None = None
        self._found: Correspondence | None = None

    def correspondence(self, stage: Stage) -> Correspondence | None:
        """Return what corresponds where the view is in two; None where it is one."""
        if not self.is_wished or stage.comparing.hall.network is None:
            return None
        if stage.scene is not self._scene:
            self._scene = stage.scene
            self._found = stage.comparing.hall.correspondence(stage.scene)
        return self._found

    def across(self, stage: Stage, camera: Camera) -> Camera | None:
        """Return the eye of the right half; None where the view is one."""
        found = self.correspondence(stage)
        return None if found is None else found.across(camera)

    def look_across(self, stage: Stage, look: Look) -> Look | None:
        """Return what the right half shows; None where the view is one."""
        camera = self.across(stage, look.camera)
        return None if camera is None else replace(look, camera=camera, notes=())

    def middle(self, stage: Stage) -> tuple[float, float]:
        """Return where the crosshair is, -1..1 over the whole view."""
        return (0.0, 0.0) if self.correspondence(stage) is None else (-0.5, 0.0)

    def aim(
        self, stage: Stage, camera: Camera, pointer: tuple[float, float], *, is_captured: bool
    ) -> tuple[Camera, tuple[float, float]]:
        """Return the eye that a pointer belongs to, and where it points in that eye's view.

        The crosshair of a captured mouse is in the middle of the left half.

        Args:
            stage: whose halls.
            camera: of the left half.
            pointer: -1..1 over the whole view.
            is_captured: it is the crosshair.
        """
        across = self.across(stage, camera)
        if across is None or is_captured:
            return camera, pointer
        x, y = pointer
        return (across, (x - 0.5, y)) if x > 0 else (camera, (x + 0.5, y))

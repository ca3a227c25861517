"""Where the eye is and where it goes: free flight, jumps, the way back, the newcomer's tour."""

from __future__ import annotations

from layerwalk_client.devices.actions import Actions
from layerwalk_client.world import flight as flying
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.scene import Vector
from layerwalk_client.world.trail import Trail
from layerwalk_client.world.view import Camera
from layerwalk_client.world.viewpoints import Tour, tour_camera, tour_duration


class Journey:
    """Mutable, owned by the main thread.

    Args:
        pace: factor on the walking speed, as the wheel sets it.
    """

    def __init__(self, *, pace: float = 1.0) -> None:
        self._flight = flying.Flight(Camera(), pace=pace)
        self._trail = Trail()
        self._arrays: SceneArrays | None = None
        self._now_s = 0.0
        self._rests_since_s = 0.0
        self._tour: Tour = ()
        self._tour_s = 0.0

    @property
    def camera(self) -> Camera:
        """The eye."""
        return self._flight.camera

    @property
    def velocity(self) -> Vector:
        """Metres per second, for prefetching."""
        return self._flight.velocity

    @property
    def pace(self) -> float:
        """Factor on the walking speed."""
        return self._flight.pace

    @property
    def is_on_tour(self) -> bool:
        """Whether the newcomer is being led."""
        return bool(self._tour)

    @property
    def is_at_rest(self) -> bool:
        """Whether the next step without actions changes nothing."""
        return self._flight.is_at_rest and not self._tour

    def place(self, camera: Camera) -> None:
        """Stand there at once."""
        self._tour = ()
        self._flight = flying.Flight(camera, pace=self._flight.pace)

    def go(self, camera: Camera, arrays: SceneArrays | None = None) -> None:
        """Fly there, past whatever stands between; `undo` comes back to where the eye was.

        Args:
            camera: where to.
            arrays: of the scene; None: that of the last step.
        """
        self._note_rest()
        self._trail = self._trail.left(self._flight.camera, camera)
        self._fly(camera, arrays)

    def undo(self) -> bool:
        """Fly back to the place before; return whether there was one."""
        self._note_rest()
        self._trail, camera = self._trail.back(self._flight.camera)
        return self._fly(camera)

    def redo(self) -> bool:
        """Fly forth to the place that was undone last; return whether there was one."""
        self._trail, camera = self._trail.forth(self._flight.camera)
        return self._fly(camera)

    def _fly(self, camera: Camera | None, arrays: SceneArrays | None = None) -> bool:
        if camera is None:
            return False
        self._tour = ()
        self._flight = flying.fly_to(self._flight, camera, arrays or self._arrays)
        return True

    def _note_rest(self) -> None:
        """Remember where the eye is, if it has been at rest there."""
        if self.is_at_rest:
            rested_s = self._now_s - self._rests_since_s
            self._trail = self._trail.rested(self._flight.camera, rested_s)

    def begin_tour(self, tour: Tour) -> None:
        """Lead the eye along a tour; any wish to move ends it."""
        self._tour, self._tour_s = tour, 0.0
        self._flight = flying.Flight(tour[0].camera, pace=self._flight.pace)

    def step(self, actions: Actions, dt: float, arrays: SceneArrays, *, now_s: float = 0.0) -> bool:
        """Move on by `dt` seconds; return whether the eye is elsewhere, or looks elsewhere.

        Args:
            actions: what is wished for.
            dt: seconds.
            arrays: of the scene.
            now_s: the caller's clock, which goes on while nothing is drawn.
        """
        before = self._flight.camera
        self._arrays, self._now_s = arrays, now_s
        wish = _wish_of(actions)
        if self._tour and not wish.wants_motion:
            self._tour_s += dt
            camera = tour_camera(self._tour, self._tour_s)
            self._flight = flying.Flight(camera, pace=self._flight.pace)
            if self._tour_s >= tour_duration(self._tour):
                self._tour = ()
        else:
            self._tour = ()
            is_resting = self._flight.is_at_rest and not wish.wants_motion and not wish.wheel
            if not is_resting:
                if wish.wants_motion:
                    self._note_rest()
                room = flying.clearance(arrays, before.position)
                self._flight = flying.step(self._flight, wish, dt, clearance=room)
        if self._flight.camera != before or not self.is_at_rest:
            self._rests_since_s = now_s
        return self._flight.camera != before


def _wish_of(actions: Actions) -> flying.Actions:
    right, up, ahead = actions.move
    return flying.Actions(
        ahead=ahead,
        aside=right,
        rise=up,
        is_running=actions.is_running,
        look_left=actions.look[0],
        look_up=actions.look[1],
        wheel=actions.speed_steps,
    )

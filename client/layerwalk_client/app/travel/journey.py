"""Where the eye is and where it goes: free flight or walk, jumps, the way back, the newcomer's tour."""

from __future__ import annotations

from dataclasses import replace

from layerwalk_client.devices.actions import Actions
from layerwalk_client.world import flight as flying
from layerwalk_client.world import walking
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.morphing import Pose, carried
from layerwalk_client.world.scene import Vector
from layerwalk_client.world.trail import Trail
from layerwalk_client.world.view import Camera
from layerwalk_client.world.viewpoints import Tour, tour_camera, tour_duration
from layerwalk_client.world.ways import Way


class Journey:
    """Mutable, owned by the main thread.

    Args:
        pace: factor on the speed, as the wheel sets it.
        walks: on the floor, instead of flying.
    """

    def __init__(self, *, pace: float = 1.0, walks: bool = False) -> None:
        self._walks = walks
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

    def set_pace(self, pace: float) -> None:
        """Walk with another factor on the speed."""
        self._flight = replace(self._flight, pace=pace)

    @property
    def is_on_tour(self) -> bool:
        """Whether the newcomer is being led."""
        return bool(self._tour)

    @property
    def is_at_rest(self) -> bool:
        """Whether the next step without actions changes nothing."""
        is_in_the_air = self._walks and not walking.is_standing(self._flight.camera)
        return self._flight.is_at_rest and not self._tour and not is_in_the_air

    @property
    def walks(self) -> bool:
        """Whether the eye walks on the floor, instead of flying."""
        return self._walks

    def walk(self, *, walks: bool) -> None:
        """Come down to the floor and walk from now on, or fly."""
        self._walks = walks
        if walks and self._arrays is not None and not self._tour:
            camera = self._flight.camera
            near = walking.grounded(replace(camera, position=_lowered(camera)), self._arrays)
            self._fly(near)

    def place(self, camera: Camera) -> None:
        """Stand there at once."""
        self._tour = ()
        self._flight = flying.Flight(camera, pace=self._flight.pace)

    def go(
        self, camera: Camera, arrays: SceneArrays | None = None, *, stands: bool = False
    ) -> None:
        """Fly there, past whatever stands between; `undo` comes back to where the eye was.

        One who walks and goes to where one cannot stand flies from then on.

        Args:
            camera: where to.
            arrays: of the scene; None: that of the last step.
            stands: one who walks comes to stand on the floor there, and looks at the same.
        """
        self._note_rest()
        arrays = arrays or self._arrays
        if self._walks and stands and arrays is not None:
            camera = walking.grounded(camera, arrays) or camera
        self._trail = self._trail.left(self._flight.camera, camera)
        self._fly(camera, arrays)

    def go_along(self, start: Pose, end: Pose) -> None:
        """Go along with a wall that slides; an eye that is on its way somewhere goes there."""
        if self._flight.move is None and not self._tour:
            camera = self._flight.camera
            position, yaw = carried(camera.position, camera.yaw, start=start, end=end)
            self._flight = replace(self._flight, camera=replace(camera, position=position, yaw=yaw))

    def ride(self, way: Way, duration_s: float) -> None:
        """Follow a way from where the eye is; the wheel sets how fast."""
        self._note_rest()
        self._trail = self._trail.left(self._flight.camera, way.end)
        self._tour = ()
        self._flight = flying.follow(self._flight, way, duration_s=duration_s)

    def halt(self) -> bool:
        """Stay where the eye is; return whether it was on its way somewhere."""
        was_moving = self._flight.move is not None
        self._flight = replace(self._flight, move=None, velocity=(0.0, 0.0, 0.0))
        return was_moving

    @property
    def is_riding(self) -> bool:
        """Whether the eye follows an edge."""
        return self._flight.move is not None and self._flight.move.is_paced

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
        self._walks &= walking.is_standing(camera)
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
            is_resting = self.is_at_rest and not wish.wants_motion and not wish.wheel
            if not is_resting:
                if wish.wants_motion:
                    self._note_rest()
                self._move(wish, dt, arrays)
        if self._flight.camera != before or not self.is_at_rest:
            self._rests_since_s = now_s
        return self._flight.camera != before

    def _move(self, wish: flying.Actions, dt: float, arrays: SceneArrays) -> None:
        if self._walks:
            self._flight = walking.step(self._flight, wish, dt, arrays)
        else:
            room = flying.clearance(arrays, self._flight.camera.position)
            self._flight = flying.step(self._flight, wish, dt, clearance=room)


def _lowered(camera: Camera) -> Vector:
    """Return the eye's place, at a height at which one can stand."""
    x, y, z = camera.position
    return x, min(y, walking.HIGHEST), z


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

"""Takes walls, sets them down, hides and pins them; undoes it; keeps it for the next walk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from layerwalk_client.app.handling.arrangements import Arrangements, as_json, read_arrangement
from layerwalk_client.app.output.exporting import write_file
from layerwalk_client.app.pointer import Pointed
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.devices.actions import Actions
from layerwalk_client.devices.chords import Modifier
from layerwalk_client.world import carrying
from layerwalk_client.world.arranged import Arranged, Stand, stood
from layerwalk_client.world.camera import Ray
from layerwalk_client.world.carrying import Carry
from layerwalk_client.world.comparison import is_second
from layerwalk_client.world.history import History
from layerwalk_client.world.scene import Wall
from layerwalk_client.world.view import Camera
from layerwalk_shared.errors import LayerwalkError
from layerwalk_shared.graph import Graph


class Arranger:
    """Mutable, owned by the main thread.

    Args:
        stage: whose walls are arranged.
        kept: where arrangements are from walk to walk.
        say: shows a message, by (text, it is a warning).
        tell: notes what happened, for the trace.
    """

    def __init__(
        self,
        stage: Stage,
        kept: Arrangements,
        *,
        say: Callable[[str, bool], None],
        tell: Callable[..., None],
    ) -> None:
        self._stage = stage
        self._kept = kept
        self._say = say
        self._tell = tell
        self._history = History(Arranged())
        self._carry: Carry | None = None
        self._graph: Graph | None = None
        self._network = ""
        self._is_let_go = False

    @property
    def arranged(self) -> Arranged:
        """How the walls are arranged; what is carried is still where it was taken."""
        return self._history.present

    @property
    def carry(self) -> Carry | None:
        """The wall in the hand."""
        return self._carry

    # From frame to frame.

    def keep_up(self) -> None:
        """Take the arrangement of the network that is shown, where that has become another one.

        One whose graph has changed while it was looked at stays arranged as it is.
        """
        network = self._stage.network
        if network is None or network.graph is self._graph:
            return
        is_same = network.name == self._network and not self.arranged.is_empty
        self._graph, self._network = network.graph, network.name
        self._carry = None
        if not is_same:
            self._history = History(Arranged())
            try:
                self._history = History(self._kept.load(network))
            except LayerwalkError as error:
                self._say(str(error), True)
        self._show(self.arranged)

    def claim(self, actions: Actions) -> Actions:
        """Take what a frame's actions ask of the wall in the hand; return what is left of them."""
        carry = self._carry
        if carry is None:
            return actions
        steps = actions.wheel
        if Modifier.SHIFT in actions.modifiers:
            carry = carrying.turned(carry, steps)
        elif Modifier.CTRL in actions.modifiers:
            carry = carrying.scaled(carry, steps)
        else:
            carry = carrying.nearer(carry, steps)
        self._carry = carry
        self._is_let_go |= bool(actions.clicks)
        if True in actions.secondary:
            self.cancel()
        return replace(
            actions, wheel=0.0, speed_steps=0.0, clicks=0, is_double_click=False, primary=(),
            secondary=(),
        )  # fmt: skip

    def follow(self, camera: Camera, ray: Ray) -> bool:
        """Let the wall in the hand follow the pointer; return whether the scene has changed."""
        carry = self._carry
        if carry is None:
            return False
        there = self.arranged.with_placed(carry.stand, carrying.placed(carry, ray, camera))
        if not self._is_let_go:
            return self._show(there, ghost=self._ghost(carry))
        self._carry, self._is_let_go = None, False
        self._tell("stood", node=carry.stand[0], copy=carry.stand[1])
        self._do(there, slides=False)
        return True

    # What is asked for.

    def take(self, pointed: Pointed | None) -> bool:
        """Take the wall under the pointer, or set down what is in the hand; return whether there
        was something."""
        if self._carry is not None:
            self._is_let_go = True
            return True
        found = self._found(pointed)
        if found is None or pointed is None:
            return False
        stand, laid = found
        self._carry = carrying.taken(
            stand,
            laid,
            pointed.wall,
            self.arranged.place_of(stand),
            point=pointed.hit.point,
            distance=pointed.hit.distance,
        )
        self._tell("took", node=stand[0], copy=stand[1])
        return True

    def pin(self, pointed: Pointed | None, camera: Camera, *, aspect: float) -> bool:
        """Take a copy of the wall under the pointer before the eye; return whether there is one."""
        found = self._found(pointed)
        if found is None or pointed is None or self._carry is not None:
            return False
        (node, number), laid = found
        start = self.arranged.place_of((node, number))
        _, stand = self.arranged.with_copy(node, start)
        self._carry = carrying.pinned(
            stand, laid, start, camera=camera, aspect=aspect, room=pointed.hit.distance
        )
        self._tell("pinned", node=node, copy=stand[1])
        return True

    def hide(self, pointed: Pointed | None, stub: str | None) -> str | None:
        """Hide the wall under the pointer, take a copy away, or bring back the wall whose stub is
        there; return what was done, None where there is nothing."""
        if self._carry is not None:
            self.cancel()
            return "put back"
        if stub is not None:
            self._do(self.arranged.with_shown(stub))
            self._tell("shown-again", node=stub)
            return f"{stub} is back"
        found = self._found(pointed)
        if found is None:
            return None
        (node, number), _ = found
        self._do(self.arranged.without((node, number)))
        self._tell("hid", node=node, copy=number)
        return f"{node}: the copy is gone" if number else f"{node} is hidden"

    def show_all(self) -> int:
        """Bring every hidden wall back; return how many."""
        count = len(self.arranged.hidden)
        self._do(self.arranged.with_shown(None))
        return count

    def put_back(self, pointed: Pointed | None) -> str | None:
        """Put a wall where the layout has it: what is carried, or what is under the pointer; return
        its node, None where there is none."""
        found = self._found(pointed)
        stand = self._carry.stand if self._carry is not None else found[0] if found else None
        self.cancel()
        if stand is None or stand[1]:
            return None
        self._do(
            replace(
                self.arranged,
                placed={one: at for one, at in self.arranged.placed.items() if one != stand},
            )
        )
        return stand[0]

    def put_all_back(self) -> bool:
        """Let everything be as it was laid out; return whether anything was not."""
        self.cancel()
        had = not self.arranged.is_empty
        self._do(Arranged())
        return had

    def cancel(self) -> bool:
        """Put back what is in the hand; return whether there was something."""
        if self._carry is None:
            return False
        self._carry, self._is_let_go = None, False
        self._show(self.arranged, slides=True)
        return True

    def undo(self) -> bool:
        """Take the last step back; return whether there was one."""
        return self.cancel() or self._go(self._history.undone())

    def redo(self) -> bool:
        """Take the step that was undone again; return whether there was one."""
        return self._carry is None and self._go(self._history.redone())

    # Files.

    def import_file(self, path: Path) -> None:
        """Arrange the walls as a file says.

        Raises:
            LayerwalkError: it cannot be read, or is no arrangement.
        """
        arranged = read_arrangement(path)
        self.cancel()
        self._do(arranged)
        self._tell("arranged", path=str(path))

    def export_file(self, folder: Path) -> Path | None:
        """Write the arrangement to a new file in a folder; None where there is no network.

        Raises:
            LayerwalkError: it cannot be written.
        """
        network = self._stage.network
        if network is None:
            return None
        content = as_json(self.arranged, network).encode()
        return write_file(folder, f"{network.name} arrangement", content, ending="json")

    def _found(self, pointed: Pointed | None) -> tuple[Stand, Wall] | None:
        """Return which wall is under the pointer, and how it is laid out."""
        if pointed is None or is_second(pointed.wall.network):
            return None  # the second of a pair stands by the first
        laid = self._stage.scenery.laid_out(pointed.node.id)
        return None if laid is None else ((pointed.node.id, pointed.wall.copy), laid)

    def _ghost(self, carry: Carry) -> Wall | None:
        """Return the wall as it was when it was taken; a copy that is new was nowhere."""
        number = carry.stand[1]
        if number and carry.stand not in self.arranged.placed:
            return None
        return stood(carry.laid, carry.start)

    def _go(self, history: History[Arranged] | None) -> bool:
        if history is None:
            return False
        self._history = history
        self._show(self.arranged, slides=True)
        self._save()
        return True

    def _do(self, arranged: Arranged, *, slides: bool = True) -> None:
        before = self._history
        self._history = before.after(arranged)
        self._show(arranged, slides=slides)
        if self._history is not before:
            self._save()

    def _show(self, arranged: Arranged, *, ghost: Wall | None = None, slides: bool = False) -> bool:
        return self._stage.arrange(arranged, ghost=ghost, slides=slides)

    def _save(self) -> None:
        network = self._stage.network
        if network is None:
            return
        try:
            self._kept.save(network, self.arranged)
        except LayerwalkError as error:
            self._say(str(error), True)

"""Which group a module call stands in, and which it makes: containers, markers, their ids."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import nn
from torch.nn.parameter import is_lazy

from layerwalk.tracking.calls import Frame, ModuleTree, joined, numbered
from layerwalk.tracking.drafts import GroupDraft
from layerwalk.tracking.modules import MarkerModule
from layerwalk.tracking.standins import class_name

Shapes = tuple[tuple[int, ...], ...]


class IdBook:
    """Ids given out so far, so that none is given twice. Mutable, owned by the tracer."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def claim(self, wanted: str) -> str:
        """Return `wanted`, or where it is taken the first free of `wanted:2`, `wanted:3`..."""
        found, count = wanted, 1
        while found in self._taken:
            count += 1
            found = numbered(wanted, count)
        self._taken.add(found)
        return found

    def release(self, taken: str) -> None:
        self._taken.discard(taken)


@dataclass(slots=True, eq=False)
class Place:
    """The groups of a module call.

    `outside` is where the call itself stands, `inside` what it makes for the nodes within, and
    `marked` the group of the last marker within.
    """

    outside: GroupDraft | None
    inside: GroupDraft | None
    marked: GroupDraft | None = field(default=None)

    @property
    def current(self) -> GroupDraft | None:
        return self.marked or self.inside


class WeightBook:
    """Shapes of all that modules learn, each looked at once. Mutable, owned by the tracer."""

    def __init__(self) -> None:
        self._known: dict[nn.Module, Shapes] = {}

    def of(self, module: nn.Module) -> Shapes:
        """Return the shapes of the weights of a module and of all within, in order."""
        found = self._known.get(module)
        if found is None:
            own = module._parameters.values()
            shapes = [tuple(one.shape) for one in own if one is not None and not is_lazy(one)]
            self._known[module] = tuple(shapes)  # ends cycles
            for child in module._modules.values():
                if child is not None:
                    shapes += self.of(child)
            found = self._known[module] = tuple(shapes)
        return found


class GroupBook:
    """Groups made so far. Mutable, owned by the tracer."""

    def __init__(self, tree: ModuleTree, weights: WeightBook) -> None:
        self._tree = tree
        self._weights = weights
        self._ids = IdBook()
        self._uncalled: dict[tuple[str, GroupDraft | None], GroupDraft] = {}

    def place(self, frame: Frame, parent: Place | None, *, opens: bool) -> Place:
        """Return the groups of a call made from `parent`; it makes one itself if `opens`."""
        outside = self._outside(frame, parent)
        return Place(outside, self._own(frame, outside) if opens else outside)

    def begin_marked(self, frame: Frame, marker: MarkerModule, parent: Place) -> None:
        """Begin the group of a marker that was called in `parent`."""
        group_id = self._ids.claim(frame.id)
        operation = class_name(marker)
        parent.marked = GroupDraft(group_id, marker.name, "marker", operation, parent.inside)

    def _outside(self, frame: Frame, parent: Place | None) -> GroupDraft | None:
        """Return the group a call stands in, within containers that are never called themselves."""
        if parent is None or frame.parent is None:
            return None
        group = parent.current
        path = frame.parent.path
        prefix = path + "." if path else ""
        if not frame.path.startswith(prefix):
            return group  # registered elsewhere: it stands where it runs
        if "." not in (rest := frame.path[len(prefix) :]):
            return group
        for step in rest.split(".")[:-1]:
            path = joined(path, step)
            if (path, group) not in self._uncalled:
                made = self._new(path, short_name(path), self._tree.modules[path], group)
                self._uncalled[(path, group)] = made
            group = self._uncalled[(path, group)]
        return group

    def _own(self, frame: Frame, outside: GroupDraft | None) -> GroupDraft | None:
        if not frame.path:
            return outside
        waiting = self._uncalled.pop((frame.path, outside), None) if frame.call == 1 else None
        if waiting is not None:
            return waiting
        name = numbered(short_name(frame.path), frame.call)
        return self._new(frame.id, name, frame.module, outside)

    def _new(
        self, group_id: str, name: str, module: nn.Module, parent: GroupDraft | None
    ) -> GroupDraft:
        operation, weights = class_name(module), self._weights.of(module)
        return GroupDraft(self._ids.claim(group_id), name, "module", operation, parent, weights)


def short_name(path: str) -> str:
    """Return the end of a module path that reads well alone: `conv1`, but `layer1.0`."""
    last = path.rpartition(".")[2]
    if not last.isdigit():
        return last
    steps = path.split(".")
    start = len(steps) - 1
    while start > 0 and steps[start].isdigit():
        start -= 1
    return ".".join(steps[start:])

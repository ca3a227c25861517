"""The two modules that people put into their own networks: a tracker and a marker.

Both pass their input on untouched and own no parameters or buffers, so outputs, state_dict keys,
training, scripting, compiling, pickling and copying stay as they were.
"""

from __future__ import annotations

from torch import nn

from layerwalk_shared.errors import InvalidRequestError


def _checked(name: object, what: str) -> str:
    if not isinstance(name, str) or not name.strip():
        raise InvalidRequestError(f"a {what} is named by a text that is not empty, got {name!r}")
    return name


class TrackerModule(nn.Identity):
    """Show the tensor that passes here, under the name `name`.

    Its node's id is its module path. Whoever reads that tensor afterwards reads from the tracker,
    so both `x = self.tracker(x)` and a bare `self.tracker(x)` work.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = _checked(name, "TrackerModule")

    def extra_repr(self) -> str:
        return repr(self.name)


class MarkerModule(nn.Identity):
    """Begin a group called `name`.

    Nodes that run after it inside the same parent module, until the next marker of that parent,
    belong to the group. Both `x = self.marker(x)` and a bare `self.marker(x)` work.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = _checked(name, "MarkerModule")

    def extra_repr(self) -> str:
        return repr(self.name)

"""What the panel of maximisation shows, as frozen data; the app makes it, the panel draws it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from layerwalk_client.ui.drafts import Subject
from layerwalk_client.ui.pictures import Picture

WallMode = Literal["values", "images", "both"]
RunState = Literal["queued", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of what the network makes of a picture."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class Pictured:
    """One picture of a result.

    Attributes:
        place: number of the picture.
        unit: that it is of; None: of the whole node.
        picture: None while it is on its way.
        activation: what was reached.
        rival: strongest other unit, and its activation.
        answers: of the network.
        note: what went otherwise.
        is_cached: it was made earlier.
    """

    place: int
    unit: int | None
    picture: Picture | None = None
    activation: float = 0.0
    rival: tuple[int, float] | None = None
    answers: tuple[Answer, ...] = ()
    note: str = ""
    is_cached: bool = False

    @property
    def ratio(self) -> float | None:
        """What was reached, in terms of the strongest other unit (Auer); None: it says nothing."""
        if self.rival is None or self.rival[1] <= 0:
            return None
        return self.activation / self.rival[1]


@dataclass(frozen=True, slots=True)
class Run:
    """One line of the results: a run, ended or not.

    Attributes:
        id: of its job.
        label: recipe and what of it is changed.
        seed, steps, step: as they are.
        units: how many pictures.
        when: of the clock, for people.
        mean: activation over all pictures.
        state: of the job.
    """

    id: str
    label: str
    seed: int = 0
    step: int = 0
    steps: int = 1
    units: int = 1
    when: str = ""
    mean: float | None = None
    state: RunState = "done"


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job that has not ended.

    Attributes:
        id: of the job.
        title: node, recipe.
        detail: step and time to go, or the place in the queue.
        share: that is done.
        is_running: it is its turn.
        notes: what went otherwise.
    """

    id: str
    title: str
    detail: str = ""
    share: float = 0.0
    is_running: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """The run that is looked at.

    Attributes:
        run: which.
        marks: steps that can be looked at, ascending.
        at: place in `marks`.
        pictures: at that step.
        place: number of the picture that is looked at.
        wall: what the node's wall shows.
        fired: whether the unit fires on a picture that was put on the input; `fires`: it does.
        said: what came of an export.
    """

    run: Run
    marks: tuple[int, ...] = ()
    at: int = 0
    pictures: tuple[Pictured, ...] = ()
    place: int = 0
    wall: WallMode = "values"
    fired: str = ""
    fires: bool = False
    said: str = ""
    is_wrong: bool = False

    @property
    def picture(self) -> Pictured | None:
        """The picture that is looked at."""
        return next((one for one in self.pictures if one.place == self.place), None)


@dataclass(frozen=True, slots=True)
class Column:
    """A run in a comparison: unit -> its picture."""

    run: Run
    cells: Mapping[int | None, Pictured] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side: a row for each unit."""

    units: tuple[int | None, ...] = ()
    columns: tuple[Column, ...] = ()

    def best(self, unit: int | None) -> int | None:
        """Return the column that reached most, None where fewer than two have ended, or two are
        equal."""
        found = {
            place: column.cells[unit].activation
            for place, column in enumerate(self.columns)
            if unit in column.cells and column.run.state == "done"
        }
        most = max(found.values(), default=0.0)
        first = [place for place, value in found.items() if value == most]
        return first[0] if len(found) > 1 and len(first) == 1 else None


@dataclass(frozen=True, slots=True)
class Studio:
    """All that the panel shows.

    Attributes:
        subject: what is maximised.
        jobs: that have not ended, in their order.
        runs: of the node, the newest first.
        shown: the one that is looked at.
        comparison: side by side.
        networks: (id, name) of networks that a picture can be put on, this one first.
        failure: what was refused, or went wrong.
    """

    subject: Subject
    jobs: tuple[JobLine, ...] = ()
    runs: tuple[Run, ...] = ()
    shown: Shown | None = None
    comparison: Comparison = Comparison()
    networks: tuple[tuple[str, str], ...] = ()
    failure: str = ""

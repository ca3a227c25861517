"""What is asked for of a maximisation, and what its pictures tell."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from layerwalk_shared.graph import Frozen, NonNegative, Positive
from layerwalk_shared.messages.answers import ClassScore
from layerwalk_shared.messages.inputs import InputRequest
from layerwalk_shared.recipes import ConstantStart, NoiseStart, Objective, Recipe


class Rival(Frozen):
    """Another unit of the node, and what an image makes of it."""

    channel: NonNegative
    activation: FiniteFloat


class MaximisedImage(Frozen):
    """One picture of a maximisation.

    Attributes:
        channel: unit that it is of; None of a whole node or a direction.
        activation: what the objective reached, without its penalty and further terms; at the end
            measured by the unchanged network in float32.
        rival: the strongest other unit of the node on this image, measured as the activation.
        answers: strongest outputs of the network for the image; told at the end.
        attempts: how often it was begun; more than 1 where gradients were not finite or the unit
            stayed silent.
        is_cached: it was made earlier and came from the cache.
        note: what went otherwise, for people.
    """

    channel: NonNegative | None
    activation: FiniteFloat = 0.0
    rival: Rival | None = None
    answers: tuple[ClassScore, ...] = ()
    attempts: Positive = 1
    is_cached: bool = False
    note: str | None = None


class Maximised(Frozen):
    """What a snapshot shows that is the result of a maximisation, or a step on the way to it.

    Such a snapshot has values for one node alone: picture p, an input of the network, is that of
    `images[p]`. Where the network takes images they are `[P, C, H, W]` and drawn in colour, tiles
    RGB8; else they are drawn as values. Steps on the way may be smaller.

    Attributes:
        job: that makes it.
        node: whose units.
        images: what each picture is of.
        recipe, objective, seed: of the run; `start` names where it began.
        step, steps: of all that the run does: steps of every batch after another.
        is_final: the end; else a preview.
    """

    job: str
    node: str
    images: tuple[MaximisedImage, ...]
    recipe: Recipe
    objective: Objective
    start: str
    seed: NonNegative
    step: NonNegative
    steps: Positive
    is_final: bool = False


class InputStart(Frozen):
    """Begin with what could be put on the input: an item of a data set, a former result..."""

    kind: Literal["input"] = "input"
    input: InputRequest


Start = Annotated[NoiseStart | ConstantStart | InputStart, Field(discriminator="kind")]


class MaximiseRequest(Frozen):
    """Make images that excite units of a node; the job ends with a snapshot.

    Attributes:
        node: which.
        channels: its units, see `layerwalk_shared.recipes.unit_axis`; None: all of them. Not told
            for objectives of a whole node.
        recipe: one by name, or whole.
        objective: what is to be large.
        start: where to begin; None: as the recipe says.
        seed: of every random number.
        priority: among the jobs that wait, higher first.
        uses_cache: take finished images from the cache.
    """

    node: str
    channels: Annotated[tuple[NonNegative, ...], Field(min_length=1)] | None = None
    recipe: Recipe | str = "walk"
    objective: Objective = Objective()
    start: Start | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    uses_cache: bool = True


class Climb(Frozen):
    """What a maximisation of a node would be like; that it is told says that it can be.

    Attributes:
        node: which.
        units: how many it has.
        batch: images that are climbed with at once, as memory is now.
        precision: element type of the climb, as torch names it.
    """

    node: str
    units: Positive
    batch: Positive
    precision: str


class RecipeList(Frozen):
    """The recipes that come with it, the default first."""

    recipes: tuple[Recipe, ...]

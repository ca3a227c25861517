"""Recipes of activation maximisation: what is climbed, from where, by which steps. All of it is data.

A recipe, an objective, a start and a seed say everything about a run, so they are what a result is
kept under and what a sheet of pictures tells. Whoever wants other numbers copies a recipe with
`model_copy(update=...)`, or sends it whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from layerwalk_shared.errors import InvalidRequestError, NotFoundError, nearest_hint
from layerwalk_shared.graph import Frozen, NonNegative, Positive, View

Share = Annotated[FiniteFloat, Field(ge=0, le=1)]
Weight = Annotated[FiniteFloat, Field(ge=0)]
Pixels = Annotated[FiniteFloat, Field(ge=0, le=4096)]
MOST_STEPS = 10_000
"""Steps of a run at most."""

ObjectiveKind = Literal["channel", "neuron", "percentile", "direction", "layer"]


class Term(Frozen):
    """One more thing that every image of a run is to do, added to the objective.

    Attributes:
        node: where; any node of the network.
        kind: as for `Objective`, but `direction`.
        channel: which unit; None: the one that the image is of. Of `layer` there is none.
        weight: what its value is multiplied by; negative: it is to be small.
        position, share: as for `Objective`.
    """

    node: str
    kind: Literal["channel", "neuron", "percentile", "layer"] = "channel"
    channel: NonNegative | None = None
    weight: FiniteFloat = 1.0
    position: tuple[NonNegative, ...] | None = None
    share: Annotated[FiniteFloat, Field(gt=0, le=1)] = 0.1


class Objective(Frozen):
    """What of a node is to be large; the units of a node are told by `unit_axis`.

    Attributes:
        kind: `channel`: the mean of a unit over its positions (of a vector, so of a class logit:
            the unit itself). `neuron`: its value at one position. `percentile`: the mean of its
            strongest values. `direction`: the means of all units times `direction`. `layer`: the
            mean of the squares of all values (DeepDream). The last two make one image, the others
            one for each unit.
        position: index of the neuron along the axes that are not the units'; None: the middle.
        share: of the values that count as strongest; of `percentile`.
        direction: a number for each unit; it is scaled to length 1.
        penalty: the mean of the other units over all positions is taken off, times this.
        also: further terms.
    """

    kind: ObjectiveKind = "channel"
    position: tuple[NonNegative, ...] | None = None
    share: Annotated[FiniteFloat, Field(gt=0, le=1)] = 0.1
    direction: tuple[FiniteFloat, ...] = ()
    penalty: Weight = 0.0
    also: tuple[Term, ...] = ()

    @property
    def has_units(self) -> bool:
        """Whether there is one image for each unit."""
        return self.kind in ("channel", "neuron", "percentile")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.kind == "direction") != bool(self.direction):
            raise ValueError(
                f"an objective of kind {self.kind!r} with {len(self.direction)} numbers of "
                "`direction`; exactly those of kind 'direction' take them"
            )
        if self.direction and not any(self.direction):
            raise ValueError("a direction of zeros points nowhere")
        return self


class NoiseStart(Frozen):
    """Grey with Gaussian noise: of images `0.5 + amplitude * N(0, 1)` in picture space, else
    `amplitude * N(0, 1)`. Every image has noise of its own, by the seed and its unit."""

    kind: Literal["noise"] = "noise"
    amplitude: Annotated[FiniteFloat, Field(ge=0, le=10)] = 0.1


class ConstantStart(Frozen):
    """One value everywhere, of images in picture space."""

    kind: Literal["constant"] = "constant"
    value: FiniteFloat = 0.01


class Transforms(Frozen):
    """Random changes, drawn for every image, view and step on their own, in the order given here.

    Lengths in pixels are meant for an image of the recipe's `reference_px`.

    Attributes:
        way: `step`: the image itself is changed after each step, and goes on changed. `view`: the
            network sees a changed copy, and the gradient flows back through the change.
        pad_px: border added before everything and cut off afterwards: the edge repeated
            (`step`), or grey (`view`). What lies further out is the edge of all that, repeated.
        jitter_px: shifted by up to so many pixels each way.
        rotate_deg, rotate_share: turned by up to so many degrees either way; how often.
        scale, scale_share: size times a number between these; how often.
        blur_sigma, blur_px: Gaussian blur with a sigma between these; pixels of its kernel, odd.
            Both are of the pixel grid, and never scaled.
        roll_px, roll_share: rolled around the edges by up to so many pixels each way; how often.
        crops: views that each image is seen in at every step; 1 and `crop_share` (1, 1): whole.
        crop_share: side of a crop as a share of the image's: at the first step and at the last.
        noise: standard deviation of noise added to a view, in picture space.
    """

    way: Literal["step", "view"] = "step"
    pad_px: Pixels = 0.0
    jitter_px: Pixels = 0.0
    rotate_deg: Annotated[FiniteFloat, Field(ge=0, le=180)] = 0.0
    rotate_share: Share = 1.0
    scale: tuple[Annotated[FiniteFloat, Field(ge=0.1, le=10)], Annotated[FiniteFloat, Field(ge=0.1, le=10)]] = (1.0, 1.0)  # fmt: skip
    scale_share: Share = 1.0
    blur_sigma: tuple[Annotated[FiniteFloat, Field(ge=0, le=10)], Annotated[FiniteFloat, Field(ge=0, le=10)]] = (0.0, 0.0)  # fmt: skip
    blur_px: Annotated[int, Field(ge=1, le=31)] = 5
    roll_px: Pixels = 0.0
    roll_share: Share = 1.0
    crops: Annotated[int, Field(ge=1, le=64)] = 1
    crop_share: tuple[Annotated[FiniteFloat, Field(gt=0, le=1)], Annotated[FiniteFloat, Field(gt=0, le=1)]] = (1.0, 1.0)  # fmt: skip
    noise: Annotated[FiniteFloat, Field(ge=0, le=1)] = 0.0

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.blur_px % 2 == 0:
            raise ValueError(f"blur_px {self.blur_px}, expected an odd number of pixels")
        for name in ("scale", "blur_sigma"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name} ({low}, {high}), expected the smaller number first")
        if self.way == "step" and (self.crops, self.crop_share, self.noise) != (1, (1.0, 1.0), 0.0):
            raise ValueError("crops and noise are of views; here transforms change the image")
        return self

    @property
    def are_none(self) -> bool:
        """Whether they change nothing, whatever is drawn."""
        return self == Transforms(way=self.way, blur_px=self.blur_px, pad_px=self.pad_px)


class Recipe(Frozen):
    """How an image is made; every number of it.

    Attributes:
        name: for people.
        steps: of the ascent.
        rate: length of a step: of `gradient` with `is_normalised` the L2 norm of the change of an
            image of 3 x reference_px x reference_px values, scaled with the root of the number of
            values for others, so that a value changes as much; else what the gradient is multiplied
            by. Of `adam` and `nadam` their learning rate.
        optimiser: `gradient` is plain ascent.
        is_normalised: the gradient of each image is divided by its L2 norm.
        image: what is optimised: the values themselves; their decorrelated Fourier spectrum; or
            only its phases, the magnitudes being those of a data set.
        slope: ProxyGrad: what passes back where a ReLU was not active; 0 = the true gradient.
        transforms: random changes.
        plain_steps: the last so many steps go without them.
        blend: after each step so much of each image is replaced by itself shifted and scaled to the
            data's mean and standard deviation.
        bounds: the image is clipped to these values, in picture space, and only clipped values are
            seen by the network; None = free.
        total_variation, l1: weights of the penalties on the picture; see
            `layerwalk.maximisation.penalties`. Their gradients are not clipped.
        spectrum_decay: of `fourier`: coefficients are scaled by 1 / frequency to this power.
        spectrum_deviation: of `fourier`: standard deviation of the coefficients at the start.
        is_decorrelated: of `fourier` and `phase`: colours are optimised in a basis in which those
            of photographs are not correlated.
        reference_px: side of the image that lengths and normalised steps are meant for; None = they
            hold for any.
        start: where a run begins unless it is told.
    """

    name: Annotated[str, Field(min_length=1, max_length=64)]
    steps: Annotated[int, Field(ge=1, le=MOST_STEPS)]
    rate: Annotated[FiniteFloat, Field(gt=0)]
    optimiser: Literal["gradient", "adam", "nadam"] = "gradient"
    is_normalised: bool = False
    image: Literal["pixels", "fourier", "phase"] = "pixels"
    slope: Share = 0.0
    transforms: Transforms = Transforms()
    plain_steps: NonNegative = 0
    blend: Share = 0.0
    bounds: tuple[FiniteFloat, FiniteFloat] | None = None
    total_variation: Weight = 0.0
    l1: Weight = 0.0
    spectrum_decay: Annotated[FiniteFloat, Field(ge=0, le=4)] = 1.0
    spectrum_deviation: Annotated[FiniteFloat, Field(gt=0, le=10)] = 0.01
    is_decorrelated: bool = True
    reference_px: Annotated[int, Field(ge=8, le=4096)] | None = 224
    start: NoiseStart | ConstantStart = Field(default=NoiseStart(), discriminator="kind")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.bounds is not None and not self.bounds[0] < self.bounds[1]:
            raise ValueError(f"bounds {self.bounds}, expected the smaller number first")
        if self.image != "pixels":
            pixels_only = {
                "optimiser": self.optimiser == "gradient",
                "blend": self.blend > 0,
                "bounds": self.bounds is not None,
                "total_variation": self.total_variation > 0,
                "l1": self.l1 > 0,
                "transforms.way": self.transforms.way == "step" and not self.transforms.are_none,
            }
            wrong = [name for name, is_set in pixels_only.items() if is_set]
            if wrong:
                raise ValueError(
                    f"{', '.join(wrong)}: only for recipes whose image is 'pixels', "
                    f"not {self.image!r}"
                )
        return self


_RECIPES = (
    Recipe(
        name="walk",
        steps=200,
        rate=20.0,
        is_normalised=True,
        transforms=Transforms(
            pad_px=10,
            rotate_deg=10,
            rotate_share=0.3,
            scale=(1.0, 1.05),
            scale_share=0.05,
            blur_sigma=(0.0, 0.5),
            roll_px=5,
            roll_share=0.3,
        ),
        plain_steps=10,
        blend=0.05,
    ),
    Recipe(
        name="proxygrad",
        steps=500,
        rate=25.0,
        is_normalised=True,
        slope=0.075,
        transforms=Transforms(pad_px=10, rotate_deg=3, blur_sigma=(0.0, 0.5)),
    ),
    Recipe(
        name="smooth",
        steps=100,
        rate=0.1,
        bounds=(0.0, 1.0),
        total_variation=0.064,
        l1=0.0064,
        reference_px=None,
        start=ConstantStart(value=0.01),
    ),
    Recipe(name="plain", steps=200, rate=20.0, is_normalised=True),
    Recipe(
        name="fourier",
        steps=512,
        rate=0.05,
        optimiser="adam",
        image="fourier",
        transforms=Transforms(
            way="view", pad_px=12, jitter_px=12, rotate_deg=10, rotate_share=0.8, scale=(0.9, 1.1)
        ),
        spectrum_deviation=0.1,
        reference_px=128,
    ),
    Recipe(
        name="maco",
        steps=256,
        rate=1.0,
        optimiser="nadam",
        image="phase",
        transforms=Transforms(way="view", crops=4, crop_share=(0.9, 0.6), noise=0.08),
        reference_px=None,
    ),
)
RECIPES: Mapping[str, Recipe] = MappingProxyType({recipe.name: recipe for recipe in _RECIPES})
"""The recipes that come with it, the default first.

- `walk`: Linse 2024 (dissertation), 4.1.5: L2-normalised gradient, rate 20, 200 steps, the last 10
  plain; pad, rotate by up to 10 degrees (30 %), scale by 1 to 1.05 (5 %), blur (5 x 5, sigma 0 to
  0.5), crop, roll by up to 5 (30 %), blend 5 % to the data's mean and deviation.
- `proxygrad`: Linse, Barth, Martinetz 2024 (arXiv 2410.16958); dissertation, chapter 5: rate 25,
  slope 0.075; "weak blur and small rotations", whose numbers are chosen here.
- `smooth`: Auer: ascent with clipping to 0..1, whose derivative the penalties do not see; total
  variation (he shows weights of 0.004 to 0.256), L1 at 10 % of it, start 0.01, 100 steps. Chosen
  here: the rate and 0.064, by looking at logits and hidden layers of the shipped MLP under 0.016 to
  0.256: 0.032 leaves specks around logits, 0.128 takes two thirds of its activation from the first
  layer. It is for networks of digits: on the shipped ResNet the gradient of a pixel is so small that
  20 steps left the images grey, with penalties and without.
- `plain`: Erhan et al. 2009: ascent alone; rate and steps as in `walk`.
- `fourier`: the defaults of lucid (Olah, Mordvintsev, Schubert 2017): Adam 0.05, 512 steps, pad 12,
  jitter 8 and again 4, scale 0.9 to 1.1, rotate by up to 10 degrees (5 of 26 choices are 0 there).
  Its start of deviation 0.01 is so near to grey that ReLUs of inner layers stay shut, and with them
  the gradient (3 of 64 channels of layer2 of the shipped ResNet, always the same); of 0.1, as here,
  they open, and classes look and score as before.
- `maco`: Fel et al. 2023: phases alone, NAdam 1.0; 256 steps and noise 0.08 as in xplique. Crops are
  fewer and larger than there (32, of 0.5 to 0.05), chosen here: on the shipped ResNet at 128 px, crops
  of 0.5 to 0.2 gave small and crowded objects that the network did not know in the whole image (mean
  logit of four classes after 128 steps 0.2; 10 with these).
"""
DEFAULT_RECIPE = "walk"


def recipe_named(name: str) -> Recipe:
    """Return a recipe that comes with it.

    Raises:
        NotFoundError: there is none of that name.
    """
    found = RECIPES.get(name)
    if found is None:
        raise NotFoundError(
            f"recipe {name!r} does not exist (there are: {', '.join(RECIPES)})"
            + nearest_hint(name, RECIPES)
        )
    return found


_LAST_AXIS: tuple[View, ...] = ("tokens", "sequence", "grid")


def unit_axis(view: View, shape: Sequence[int]) -> int | None:
    """Return which axis of a node's tensor (no batch axis) counts its units; None: every element.

    Units are what can be maximised one by one: the channels of maps, heads and volumes; the
    elements of a vector; the features of tokens, sequences and patches; the colours of a film.
    """
    if view == "vector" or len(shape) <= 1:
        return None
    if view in _LAST_AXIS:
        return len(shape) - 1
    return 1 if view == "frames" else 0


def unit_count(view: View, shape: Sequence[int]) -> Positive:
    """Return how many units a node has; see `unit_axis`."""
    axis = unit_axis(view, shape)
    return max(1, math.prod(shape) if axis is None else int(shape[axis]))


def checked_units(
    units: Sequence[int] | None, *, count: int, node: str, most: int
) -> tuple[int, ...]:
    """Return the units that are meant, in order, each once; all for None.

    Raises:
        InvalidRequestError: there are none, or more than `most`.
        NotFoundError: the node has no such unit.
    """
    chosen = tuple(range(count)) if units is None else tuple(dict.fromkeys(units))
    if not chosen:
        raise InvalidRequestError(f"no channel of node {node!r} was named")
    wrong = next((unit for unit in chosen if not 0 <= unit < count), None)
    if wrong is not None:
        raise NotFoundError(f"channel {wrong} is not in node {node!r} (0 to {count - 1})")
    if len(chosen) > most:
        raise InvalidRequestError(
            f"{len(chosen)} channels of node {node!r}: at most {most} in one run"
        )
    return chosen

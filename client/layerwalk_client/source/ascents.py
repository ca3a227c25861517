"""A made-up maximisation: pictures that sharpen from noise to a pattern of each unit's own.

Nothing is climbed. Requests are checked, jobs queue, snapshots come and can be cancelled as with
a server, so that everything in front of it can be tried, tested and drawn without one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.source.exhibits import arranged
from layerwalk_client.source.outcome import Result
from layerwalk_client.source.showcase import PictureShowcase, Showcase
from layerwalk_client.source.synthetic import Floats, resized
from layerwalk_shared.errors import InvalidRequestError, NotFoundError
from layerwalk_shared.messages import (
    ChannelInput,
    ClassScore,
    InputReference,
    Job,
    Maximised,
    MaximisedImage,
    MaximiseRequest,
    NodeStatistics,
    Rival,
    SnapshotManifest,
)
from layerwalk_shared.recipes import Recipe, checked_units, recipe_named, unit_count

PREVIEWS = 8
"""Snapshots of a job, the final one among them."""
MOST_UNITS = 512
SECONDS_A_STEP = 0.25
"""Made up, for the time to go."""


class Ascents:
    """The jobs of a network, one after another, and their results. Mutable, owned by the main
    thread."""

    def __init__(self, showcase: Showcase) -> None:
        """Have none."""
        self._showcase = showcase
        self._waiting: dict[str, Ascent] = {}
        self.results: dict[str, Result] = {}

    @property
    def is_busy(self) -> bool:
        """Whether one is at work, or waits."""
        return bool(self._waiting)

    def begin(self, job: str, request: MaximiseRequest) -> Job:
        """Let a job wait for its turn."""
        self._waiting[job] = ascent = Ascent(job, self._showcase, request)
        return ascent.job

    def cancel(self, job: str) -> Job:
        """Stop a job; what it showed stays.

        Raises:
            NotFoundError: it is not running.
        """
        ascent = self._waiting.pop(job, None)
        if ascent is None:
            raise NotFoundError(f"job {job!r} is not running")
        ascent.cancel()
        return ascent.job

    def advance(self, snapshot: str, generation: int) -> tuple[Result, Job]:
        """Make the next preview, or the result, of the first job."""
        ascent = next(iter(self._waiting.values()))
        result = ascent.advance(snapshot, generation)
        self.results[snapshot] = result
        if ascent.is_done:
            del self._waiting[ascent.job.id]
        return result, ascent.job

    def given(self, image: ChannelInput) -> tuple[Floats, InputReference]:
        """Return the picture of a unit as the network takes it."""
        result, spec = self.results[image.snapshot], self._showcase.input
        found = result.tensor[result.place_of(image.channel)]
        if spec.kind == "image":
            found = resized(found, (spec.shape[1], spec.shape[2]))
        if isinstance(self._showcase, PictureShowcase):
            found = found.transpose(1, 2, 0)
        title = f"{image.node} {image.channel} maximised"
        return found, InputReference(kind="channel", title=title)

    def clear(self) -> None:
        """Forget everything."""
        self._waiting.clear()
        self.results.clear()


class Ascent:
    """One job. Mutable, owned by the main thread.

    Args:
        job: id.
        showcase: the network.
        request: what is wanted.

    Raises:
        NotFoundError, InvalidRequestError: it cannot be.
    """

    def __init__(self, job: str, showcase: Showcase, request: MaximiseRequest) -> None:
        graph = showcase.graph
        if request.node not in graph.index:
            raise NotFoundError(f"node {request.node!r} is not in network {showcase.name!r}")
        node = graph.nodes[graph.index[request.node]]
        if node.kind == "input":
            raise InvalidRequestError(f"node {node.id!r} is the input: nothing is to be climbed")
        self._showcase = showcase
        self._request = request
        self._count = unit_count(node.view, node.shape)
        self._units: tuple[int | None, ...] = (None,)
        if request.objective.has_units:
            self._units = checked_units(
                request.channels, count=self._count, node=node.id, most=MOST_UNITS
            )
        recipe = request.recipe
        self._recipe: Recipe = recipe_named(recipe) if isinstance(recipe, str) else recipe
        self._shown = 0
        self._ends: list[tuple[Floats, Floats]] = []
        self.job = Job(
            id=job,
            kind="maximise",
            network=showcase.name,
            state="queued",
            client="memory",
            node=node.id,
            steps=self._recipe.steps,
        )

    @property
    def is_done(self) -> bool:
        """Whether it ended."""
        return self.job.state in ("done", "cancelled")

    def advance(self, snapshot: str, generation: int) -> Result:
        """Make the next preview, or the result; the job tells of it afterwards."""
        self._shown += 1
        step = self._recipe.steps * self._shown // PREVIEWS
        is_final = self._shown == PREVIEWS
        result = self._result(snapshot, generation, step=step, is_final=is_final)
        self.job = self.job.model_copy(
            update={
                "state": "done" if is_final else "running",
                "progress": self._shown / PREVIEWS,
                "step": step,
                "seconds_left": SECONDS_A_STEP * (self._recipe.steps - step),
                "snapshot": snapshot if is_final else None,
                "partial": self.job.partial if is_final else (*self.job.partial, snapshot),
            }
        )
        return result

    def cancel(self) -> None:
        """Stop; what was shown stays."""
        self.job = self.job.model_copy(update={"state": "cancelled", "seconds_left": None})

    def _result(self, snapshot: str, generation: int, *, step: int, is_final: bool) -> Result:
        share = step / self._recipe.steps
        tensor, pictures = self._pictures(share, is_small=2 * self._shown <= PREVIEWS)
        graph = self._showcase.graph
        maximised = Maximised(
            job=self.job.id,
            node=self._request.node,
            images=tuple(self._image(unit, share, is_final=is_final) for unit in self._units),
            recipe=self._recipe,
            objective=self._request.objective,
            start=self._recipe.start.kind,
            seed=self._request.seed,
            step=step,
            steps=self._recipe.steps,
            is_final=is_final,
        )
        count, height, width = pictures.shape[:3]
        numbers = [
            NodeStatistics(shape=node.shape, pictures=(1, 1, 1), has_values=False)
            for node in graph.nodes
        ]
        numbers[graph.index[self._request.node]] = NodeStatistics(
            shape=tensor.shape,
            pictures=(count, height, width),
            minimum=float(pictures.min()),
            maximum=float(pictures.max()),
            mean=float(pictures.mean()),
            std=float(pictures.std()),
        )
        manifest = SnapshotManifest(
            id=snapshot,
            network=self._showcase.name,
            generation=generation,
            input=InputReference(kind="maximised", title=f"{self._request.node} maximised"),
            client=self.job.client,
            nodes=tuple(numbers),
            maximised=maximised,
        )
        return Result(manifest, pictures, tensor)

    def _pictures(self, share: float, *, is_small: bool) -> tuple[Floats, Floats]:
        """Return inputs and what is drawn of them."""
        made = list(self._inputs(share))
        view = next(node.view for node in self._showcase.graph.nodes if node.kind == "input")
        shape = self._showcase.input.shape
        if self._showcase.input.kind != "image":
            tensor = np.stack(made)
            drawn = np.stack([arranged(one, view)[0] for one in made])
            return tensor, np.asarray(drawn, np.float32)
        tensor = np.stack([one.transpose(2, 0, 1)[: shape[0]] for one in made])
        if is_small:
            size = max(1, shape[1] // 2), max(1, shape[2] // 2)
            tensor = resized(tensor, size)
        colours = tensor if shape[0] == 3 else np.repeat(tensor[:, :1], 3, axis=1)
        return tensor, np.ascontiguousarray(np.moveaxis(colours, 1, 3))

    def _inputs(self, share: float) -> Iterator[Floats]:
        is_image = self._showcase.input.kind == "image"
        if not self._ends:
            self._ends = [self._ends_of(unit) for unit in self._units]
        for noise, pattern in self._ends:
            made = (1 - share) * noise + share * pattern
            yield np.clip(made + np.float32(0.5), 0, 1) if is_image else made

    def _ends_of(self, unit: int | None) -> tuple[Floats, Floats]:
        """Return the noise that a unit's picture begins with, and the pattern that it ends with."""
        spec, node = self._showcase.input, self._showcase.graph.index[self._request.node]
        generator = np.random.default_rng((node, unit or 0, self._request.seed))
        if spec.kind == "image":
            noise = generator.normal(0.0, 0.16, (spec.shape[1], spec.shape[2], 3))
            pattern = _pattern(generator, (spec.shape[1], spec.shape[2]))
        else:
            noise = generator.normal(0.0, 0.16, spec.shape)
            pattern = _wave(generator, spec.shape)
        return noise.astype(np.float32), pattern.astype(np.float32)

    def _image(self, unit: int | None, share: float, *, is_final: bool) -> MaximisedImage:
        generator = np.random.default_rng((99, unit or 0, self._request.seed))
        height, other = generator.uniform(0.6, 1.4), generator.uniform(0.25, 0.6)
        reached = round(4 * float(height) * (1 - float(np.exp(-3 * share))), 4)
        rival = None
        if unit is not None and self._count > 1:
            rival = Rival(
                channel=(unit + 7) % self._count if self._count > 7 else (unit + 1) % self._count,
                activation=round(reached * float(other), 4),
            )
        return MaximisedImage(
            channel=unit,
            activation=reached,
            rival=rival,
            answers=self._answers(generator) if is_final else (),
        )

    def _answers(self, generator: np.random.Generator) -> tuple[ClassScore, ...]:
        names = self._showcase.classes
        logits = generator.normal(0, 2, len(names))
        odds = np.exp(logits) / np.exp(logits).sum()
        return tuple(
            ClassScore(
                index=int(k), name=names[k], probability=float(odds[k]), logit=float(logits[k])
            )
            for k in np.argsort(-logits, kind="stable")[:3]
        )


def _pattern(generator: np.random.Generator, shape_hw: tuple[int, int]) -> NDArray[np.float64]:
    """Return `[h, w, 3]` about 0: rings, stripes or dots in two colours, one fading outwards."""
    y, x = np.mgrid[: shape_hw[0], : shape_hw[1]] / max(shape_hw) - 0.5
    turn, speed, phase = generator.uniform(0, np.pi), generator.uniform(9, 34), generator.random(3)
    along, across = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
    kind = int(generator.integers(4))
    waves = (
        np.sin(speed * along),
        np.sin(speed * np.hypot(x, y)),
        np.sin(speed * along) * np.sin(speed * across),
        np.sin(speed * along + 3 * np.sin(0.5 * speed * across)),
    )[kind]
    ring = np.exp(-((np.hypot(x, y) / generator.uniform(0.22, 0.45)) ** 2))
    first, second = generator.uniform(-0.5, 0.5, (2, 3))
    second -= second.mean()
    body = waves[..., None] * (first + 0.25 * np.sign(first))
    ground = np.sin(0.4 * speed * across + phase[0] * 6)[..., None] * second
    return np.asarray(ring[..., None] * body + 0.45 * ground)


def _wave(generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return smooth values of any shape."""
    found = np.zeros(shape)
    for axis, size in enumerate(shape):
        place = np.arange(size) / max(1, size - 1)
        wave = np.sin(2 * np.pi * (place * generator.uniform(1, 6) + generator.random()))
        found = found + wave.reshape([-1 if k == axis else 1 for k in range(len(shape))])
    return np.asarray(found)

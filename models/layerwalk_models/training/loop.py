"""The training loop: epochs of steps, a checkpoint after each."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812 (the field's name for it)
from torch import Generator, Tensor, nn

from ..errors import CheckpointError
from . import schedule
from .architectures import make_network
from .augmentation import Mixture, augment
from .average import WeightAverage
from .bank import CANVAS_PER_SIDE, Canvases, Views
from .checkpoint import Checkpoint, EpochRecord, read_checkpoint, write_checkpoint
from .measurement import measure_accuracy
from .optimisers import make_optimiser
from .progress import say, track
from .recipe import Recipe

_SEED_STEP = 1_000_003  # a prime, so that (seed, epoch) pairs of nearby seeds do not meet


@dataclass(frozen=True, slots=True)
class Material:
    """What a run learns from.

    Attributes:
        classes: Class names in the order of the labels.
        canvases: Training images.
        validation: Images that watch over the run; may be empty.
        mean: Per channel, of the training images in [0, 1].
        std: Likewise.
    """

    classes: tuple[str, ...]
    canvases: Canvases
    validation: Views
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The averaged network in eval mode, and how it came about."""

    network: nn.Module
    history: tuple[EpochRecord, ...]
    spent_s: float


class Run:
    """The moving parts of one training run; mutable, owned by the thread that calls `train`."""

    def __init__(
        self,
        recipe: Recipe,
        material: Material,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Build the network, its average and the optimiser from the recipe's seed."""
        torch.manual_seed(recipe.seed)
        self.network = make_network(recipe.architecture, len(material.classes))
        for parameter in self.network.parameters():
            if parameter.ndim == 4:  # the fastest layout of convolutions on a CPU, measured
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        self.average = WeightAverage(self.network, decay=recipe.average_decay)
        self.optimiser = make_optimiser(self.network, recipe)
        self.recipe = recipe
        self.material = material
        self.history: tuple[EpochRecord, ...] = ()
        self._clock = clock
        self.stopwatch = schedule.Stopwatch(clock=clock)
        self._shrunk = material.canvases

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on where `checkpoint` stands."""
        self.network.load_state_dict(checkpoint.network)
        self.average.network.load_state_dict(checkpoint.average)
        self.average.steps = checkpoint.average_steps
        self.optimiser.load_state_dict(checkpoint.optimiser)
        self.history = checkpoint.history
        self.stopwatch = schedule.Stopwatch(checkpoint.spent_s, clock=self._clock)

    def capture(self) -> Checkpoint:
        """Give the present state for `write_checkpoint`."""
        return Checkpoint(
            recipe=self.recipe.to_dict(),
            classes=self.material.classes,
            history=self.history,
            network=self.network.state_dict(),
            average=self.average.network.state_dict(),
            average_steps=self.average.steps,
            optimiser=self.optimiser.state_dict(),
            spent_s=self.stopwatch.spent_s,
        )

    def find_progress(self, share_of_epoch: float) -> float:
        """Find the progress in [0, 1], `share_of_epoch` after the last epoch of the history."""
        if self.recipe.time_budget_min is not None:
            return min(self.stopwatch.spent_s / (60.0 * self.recipe.time_budget_min), 1.0)
        return min((len(self.history) + share_of_epoch) / self.recipe.epochs, 1.0)

    def train_epoch(self) -> None:
        """Train one epoch, or what is left of the time budget, and add it to the history."""
        recipe = self.recipe
        epoch = len(self.history)
        side = schedule.find_size(recipe, self.find_progress(0.0))
        canvas_side = round(side * CANVAS_PER_SIDE)
        if self._shrunk.images.shape[-1] != canvas_side:
            self._shrunk = self.material.canvases.shrink(canvas_side)
        generator = make_generator(recipe, epoch)
        self.network.train()
        losses: list[Tensor] = []
        batches = list(self._draw_batches(generator))
        for place, chosen in enumerate(
            track(batches, total=len(batches), label=f"epoch {epoch + 1}, {side} px")
        ):
            progress = self.find_progress(place / len(batches))
            if progress >= 1.0:
                break
            batch = augment(
                self._shrunk.images[chosen],
                self._shrunk.aspects[chosen],
                self._shrunk.labels[chosen],
                recipe=recipe,
                side=side,
                least_area=schedule.find_crop_area(recipe, progress),
                gentle=progress >= recipe.gentle_from,
                normalisation=(self.material.mean, self.material.std),
                generator=generator,
            )
            losses.append(self._step(batch, progress))
            self.stopwatch.tick()
        validation = self._validate(side)
        self.stopwatch.tick()
        self.history += (
            EpochRecord(
                epoch=epoch + 1,
                progress=self.find_progress(1.0),
                side=side,
                images=sum(map(len, batches[: len(losses)])),
                loss=torch.stack(losses).mean().item() if losses else 0.0,
                validation=validation,
                spent_s=self.stopwatch.spent_s,
            ),
        )

    def _draw_batches(self, generator: Generator) -> Iterator[Tensor]:
        """Draw the order of images; the rest that fills no batch waits for another epoch."""
        count = len(self.material.canvases.labels)
        size = min(self.recipe.batch_size, count)
        order = torch.randperm(count, generator=generator)
        return iter(order[: count - count % size].split(size))

    def _step(self, batch: Mixture, progress: float) -> Tensor:
        recipe = self.recipe
        for group in self.optimiser.param_groups:
            group["lr"] = schedule.find_rate(recipe, progress)
        images = batch.images.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bf16"):
            logits = self.network(images)
        loss = _find_loss(logits.float(), batch, smoothing=recipe.label_smoothing)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.average.update(self.network)
        return loss.detach()

    def _validate(self, side: int) -> float | None:
        """Measure the average at the size it was trained at last: at others it would look worse."""
        views = self.material.validation.shrink(side)
        if len(views.labels) == 0:
            return None
        return measure_accuracy(
            self.average.network,
            views,
            mean=self.material.mean,
            std=self.material.std,
            classes=len(self.material.classes),
        ).top1


def train(
    recipe: Recipe,
    material: Material,
    *,
    checkpoint_path: Path,
    resume: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Outcome:
    """Train a network.

    Args:
        recipe: How.
        material: On what.
        checkpoint_path: Written after each epoch.
        resume: Go on from `checkpoint_path` where it exists.
        clock: Gives seconds; a time budget is spent by it.

    Raises:
        CheckpointError: The checkpoint cannot be read or belongs to another run; or there is one
            and `resume` is not set.
    """
    if not resume and checkpoint_path.exists():
        raise CheckpointError(
            f"{str(checkpoint_path)!r} is the checkpoint of a run; "
            "go on with --resume, or choose another --out"
        )
    run = Run(recipe, material, clock=clock)
    if resume and checkpoint_path.exists():
        run.restore(read_checkpoint(checkpoint_path, recipe=recipe, classes=material.classes))
        say(f"going on after epoch {len(run.history)}")
    elif resume:
        warnings.warn(f"no checkpoint at {str(checkpoint_path)!r}, starting anew", stacklevel=2)
    while run.find_progress(0.0) < 1.0:
        run.train_epoch()
        write_checkpoint(checkpoint_path, run.capture())
        say(_describe(run.history[-1]))
    return Outcome(run.average.network, run.history, run.stopwatch.spent_s)


def make_generator(recipe: Recipe, epoch: int) -> Generator:
    """Make the source of all randomness of one epoch, so that a resumed run needs no other state."""
    return Generator().manual_seed(recipe.seed * _SEED_STEP + epoch)


def _find_loss(logits: Tensor, batch: Mixture, *, smoothing: float) -> Tensor:
    """Find the cross-entropy against the mixed labels."""
    own = F.cross_entropy(logits, batch.labels, label_smoothing=smoothing, reduction="none")
    other = F.cross_entropy(logits, batch.others, label_smoothing=smoothing, reduction="none")
    return (batch.shares * own + (1.0 - batch.shares) * other).mean()


def _describe(record: EpochRecord) -> str:
    validation = "" if record.validation is None else f"  validation {record.validation:6.2%}"
    return (
        f"epoch {record.epoch:3d}  {record.progress:5.1%}  {record.side} px  "
        f"loss {record.loss:.4f}{validation}  {record.spent_s:.0f} s"
    )

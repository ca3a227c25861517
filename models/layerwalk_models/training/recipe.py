"""Every number of a training run, as frozen data."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Final

PRECISIONS: Final = ("float32", "bf16")
OPTIMISERS: Final = ("sgd", "lamb")
LAMB_RATE: Final = 0.003
"""Rate that Linse's dissertation (2024), section 2.5.1, gives for LAMB with batches of 64."""
LAMB_WEIGHT_DECAY: Final = 1.0
"""Weight decay that goes with it there."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained.

    "Progress" runs from 0 at the start to 1 at the end. With `time_budget_min` unset it is the
    share of `epochs` that is done, and the run is reproducible bit by bit. With a budget it is the
    share of the budget that is spent: the run ends in time whatever else the machine does, but how
    many steps it takes, and so the weights, depend on the machine. A pause of the process counts as
    `training.schedule.LONGEST_STEP_S` at most.

    Attributes:
        architecture: Name in `training.architectures`.
        seed: Of the split, the first weights, the order of images and every augmentation.
        epochs: Length of the run; ignored under a time budget.
        time_budget_min: Length of the run in minutes, or None.
        batch_size: Images per step.
        sizes: (progress from which it holds, side in pixels); the last side is the network's input.
        channels: Of the network's input: 3, or 1 for grey images.
        optimiser: "sgd" (with Nesterov momentum) or "lamb".
        rate: Peak learning rate.
        momentum: Of SGD.
        weight_decay: On convolution and linear weights only, not on norms and biases.
        warm_up: Share of progress in which the rate rises linearly from zero.
        label_smoothing: Probability mass spread over all classes.
        average_decay: Decay per step of the running average of the weights that is shipped.
        crop_area: Smallest share of the image's area in a random crop, at the start and at the end.
        crop_ratio: Largest aspect ratio of a crop before it is squashed, either way.
        rotation_deg: Largest rotation, either way.
        flip: Share of images mirrored left to right.
        jitter: Largest relative change of brightness, contrast and saturation.
        grey: Share of images without colour.
        erase: Share of images with a rectangle blanked.
        cutmix: Share of images with a rectangle of another image pasted in (Yun et al. 2019).
        gentle_from: Progress from which `cutmix` and `erase` are off.
        test_share: Share of each class in the test part.
        validation_share: Share of the remaining images of each class in the validation part.
        precision: "float32" or "bf16" (mixed: autocast in the forward pass).
    """

    architecture: str
    seed: int = 0
    epochs: int = 90
    time_budget_min: float | None = None
    batch_size: int = 64
    sizes: tuple[tuple[float, int], ...] = ((0.0, 64), (0.45, 96), (0.8, 128))
    channels: int = 3
    optimiser: str = "sgd"
    rate: float = 0.06
    momentum: float = 0.9
    weight_decay: float = 5e-4
    warm_up: float = 0.03
    label_smoothing: float = 0.1
    average_decay: float = 0.995
    crop_area: tuple[float, float] = (0.3, 0.5)
    crop_ratio: float = 4 / 3
    rotation_deg: float = 10.0
    flip: float = 0.5
    jitter: float = 0.3
    grey: float = 0.05
    erase: float = 0.2
    cutmix: float = 0.4
    gentle_from: float = 0.85
    test_share: float = 0.2
    validation_share: float = 0.05
    precision: str = "float32"

    def __post_init__(self) -> None:
        """Check the numbers."""
        if self.epochs < 1 or self.batch_size < 2:
            raise ValueError(
                f"epochs must be at least 1 and batch_size at least 2, "
                f"got {self.epochs} and {self.batch_size}"
            )
        if self.time_budget_min is not None and not self.time_budget_min > 0:
            raise ValueError(f"time_budget_min must be positive, got {self.time_budget_min}")
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision must be one of {PRECISIONS}, got {self.precision!r}")
        if self.optimiser not in OPTIMISERS:
            raise ValueError(f"optimiser must be one of {OPTIMISERS}, got {self.optimiser!r}")
        if self.channels not in (1, 3):
            raise ValueError(f"channels must be 1 or 3, got {self.channels}")
        starts = [start for start, _ in self.sizes]
        if not starts or starts[0] != 0.0 or starts != sorted(starts) or starts[-1] >= 1.0:
            raise ValueError(f"sizes must start at progress 0 and rise below 1, got {self.sizes}")
        if min(side for _, side in self.sizes) < 16:
            raise ValueError(f"image sides must be at least 16 pixels, got {self.sizes}")
        for name in ("test_share", "validation_share"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name} must lie in [0, 1), got {getattr(self, name)}")
        if self.test_share == 0.0:
            raise ValueError("test_share must be above 0: the accuracy is measured on it")
        if not math.isfinite(self.rate) or self.rate <= 0:
            raise ValueError(f"rate must be positive and finite, got {self.rate}")

    @property
    def input_side(self) -> int:
        """Side in pixels of the images that the finished network takes."""
        return self.sizes[-1][1]

    def to_dict(self) -> dict[str, Any]:
        """Give every number, ready for JSON."""
        return asdict(self)

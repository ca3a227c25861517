"""Laws of the augmentation."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Generator, Tensor

from layerwalk_models.training import augmentation
from layerwalk_models.training.recipe import Recipe

STRONG = Recipe(architecture="resnet18_thin")
NONE = replace(
    STRONG, crop_ratio=1.0, rotation_deg=0.0, flip=0.0, jitter=0.0, grey=0.0, erase=0.0, cutmix=0.0
)
UNIT = ((0.0,) * 3, (1.0,) * 3)


def augment(
    images: Tensor, recipe: Recipe, *, least_area: float = 0.3, seed: int = 0
) -> augmentation.Mixture:
    count = len(images)
    return augmentation.augment(
        images,
        torch.ones(count),
        torch.arange(count),
        recipe=recipe,
        side=images.shape[-1],
        least_area=least_area,
        gentle=False,
        normalisation=UNIT,
        generator=Generator().manual_seed(seed),
    )


def make_noise(count: int, side: int = 24) -> Tensor:
    generator = Generator().manual_seed(1)
    return torch.randint(0, 256, (count, 3, side, side), generator=generator, dtype=torch.uint8)


def test_nothing_asked_for_changes_nothing() -> None:
    images = make_noise(4)
    batch = augment(images, NONE, least_area=1.0)
    torch.testing.assert_close(batch.images, images / 255.0, atol=1e-4, rtol=0)
    assert torch.equal(batch.shares, torch.ones(4))


@pytest.mark.parametrize(
    "change",
    [
        {"crop_ratio": 1.3},
        {"rotation_deg": 10.0},
        {"jitter": 0.3},
    ],
)
def test_one_image_many_times_becomes_as_many_different_images(change: dict[str, float]) -> None:
    """Draws are independent per image: a draw shared by the batch would make them equal."""
    images = make_noise(1).expand(8, -1, -1, -1)
    result = augment(images, replace(NONE, **change), least_area=1.0).images
    for first in range(8):
        for second in range(first):
            assert (result[first] - result[second]).abs().max() > 1e-3


@pytest.mark.parametrize(("name", "share"), [("flip", 0.5), ("erase", 0.2), ("grey", 0.3)])
def test_a_share_of_the_images_is_changed(name: str, share: float) -> None:
    images = make_noise(1).expand(400, -1, -1, -1)
    result = augment(images, replace(NONE, **{name: share}), least_area=1.0).images
    changed = ((result - images[0] / 255.0).abs().amax(dim=(1, 2, 3)) > 1e-3).float().mean()
    assert abs(changed - share) < 0.08  # more than three standard deviations of 400 draws


def test_the_same_seed_gives_the_same_batch() -> None:
    images = make_noise(6)
    first, second = augment(images, STRONG), augment(images, STRONG)
    assert torch.equal(first.images, second.images)
    assert not torch.equal(first.images, augment(images, STRONG, seed=1).images)


def test_crops_stay_inside_and_keep_the_asked_share_of_the_area() -> None:
    aspects = torch.full((500,), 1.5)
    recipe = replace(STRONG, rotation_deg=0.0)
    maps = augmentation.draw_crops(
        aspects, least_area=0.25, recipe=recipe, generator=Generator().manual_seed(0)
    )
    corners = torch.tensor([[-1.0, -1, 1], [1, 1, 1]]).T
    assert (maps @ corners).abs().max() <= 1.0 + 1e-6
    areas = (maps[:, 0, 0] * maps[:, 1, 1]).abs()
    assert 0.2 < areas.min() < 0.3  # a crop that is too wide for its image loses some area
    assert areas.max() > 0.9


def test_a_rotation_is_one_in_pixels_of_the_original_not_of_the_squashed_canvas() -> None:
    """Lengths measured in the original image must be those of an isotropic scale and rotation."""
    aspects = torch.tensor([2.0, 0.5, 1.3])
    recipe = replace(NONE, rotation_deg=30.0)
    maps = augmentation.draw_crops(
        aspects, least_area=0.3, recipe=recipe, generator=Generator().manual_seed(3)
    )
    linear = maps[:, :, :2].clone()
    linear[:, 0] *= aspects.unsqueeze(1)  # canvas x in units of the original's half height
    steps = linear.norm(dim=1)  # how far one output unit to the right, and down, leads
    torch.testing.assert_close(steps[:, 0], steps[:, 1])
    torch.testing.assert_close((linear[:, :, 0] * linear[:, :, 1]).sum(1), torch.zeros(3))


def test_shares_of_pasted_images_are_counted_in_pixels() -> None:
    images = torch.zeros(64, 3, 20, 20, dtype=torch.uint8)
    images[::2] = 255
    batch = augment(images, replace(NONE, cutmix=0.7), least_area=1.0)
    assert 0.4 < (batch.shares < 1).float().mean() < 0.95
    for image, label, other, share in zip(
        batch.images, batch.labels, batch.others, batch.shares, strict=True
    ):
        own, pasted = (1.0 - float(index % 2) for index in (label, other))
        expected = share * own + (1 - share) * pasted
        torch.testing.assert_close(image.mean(), expected, atol=1e-4, rtol=0)


def test_gentle_batches_hold_no_rectangles() -> None:
    images = make_noise(16)
    batch = augmentation.augment(
        images,
        torch.ones(16),
        torch.arange(16),
        recipe=replace(NONE, erase=1.0, cutmix=1.0),
        side=24,
        least_area=1.0,
        gentle=True,
        normalisation=UNIT,
        generator=Generator().manual_seed(0),
    )
    torch.testing.assert_close(batch.images, images / 255.0, atol=1e-4, rtol=0)

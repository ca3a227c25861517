"""Random changes are what SciPy and NumPy make of the same draws, and each image's are its own."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from layerwalk.maximisation.transforms import NUMBERS, Draw, Moves, blend
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.recipes import RECIPES, Transforms

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)
Numbers = npt.NDArray[np.float64]

WITH_EVERYTHING = Transforms(
    way="view", pad_px=3, jitter_px=3, rotate_deg=20, rotate_share=0.7, scale=(0.8, 1.3),
    scale_share=0.7, blur_sigma=(0.0, 1.5), roll_px=4, roll_share=0.5, crops=2,
    crop_share=(0.9, 0.4), noise=0.1,
)  # fmt: skip


def _images(count: int, shape: tuple[int, int, int], *, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, *shape, generator=generator)


def _numbers(count: int = 1, *, seed: int = 0, **fixed: float) -> Numbers:
    """Uniform numbers; those named (by `Draw`) are as told."""
    numbers = np.random.default_rng(seed).random((count, NUMBERS))
    for name, value in fixed.items():
        numbers[:, Draw[name]] = value
    return numbers


def _seen(image: Numbers, source: Callable[[Numbers, Numbers], tuple[Numbers, Numbers]]) -> Numbers:
    """Look at `[H, W]` through a map from new to old places (x, y from the middle), by SciPy."""
    height, width = image.shape
    y, x = np.mgrid[:height, :width].astype(np.float64)
    old_x, old_y = source(x - (width - 1) / 2, y - (height - 1) / 2)
    places = np.array([old_y + (height - 1) / 2, old_x + (width - 1) / 2])
    seen: Numbers = ndimage.map_coordinates(image, places, order=1, mode="nearest")
    return seen


@pytest.mark.parametrize("size", [(8, 8), (31, 47), (64, 40)])
def test_shift_turn_and_size_are_what_scipy_makes_of_them(size: tuple[int, int]) -> None:
    image = _images(1, (3, *size))
    moves = Moves(
        Transforms(jitter_px=3, rotate_deg=40, scale=(0.5, 2)), shape=(3, *size), reference_px=None
    )
    angle, scale, right, down = math.radians(40 * 0.5), 0.5 + 1.5 * 0.6, 3, -3
    numbers = _numbers(ANGLE=0.75, SCALE=0.6, JITTER_X=0.999, JITTER_Y=0.0)

    moved = moves.step(image, numbers)[0]

    def source(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
        x, y = x / scale, y / scale
        x, y = math.cos(angle) * x - math.sin(angle) * y, math.sin(angle) * x + math.cos(angle) * y
        return x - right, y - down

    for plane, old in zip(moved, image[0], strict=True):
        np.testing.assert_allclose(plane, _seen(old.double().numpy(), source), atol=2e-4)


@pytest.mark.parametrize("recipe", ["walk", "proxygrad"])
def test_a_turned_picture_has_no_corner_from_elsewhere(recipe: str) -> None:
    transforms = RECIPES[recipe].transforms.model_copy(
        update={"rotate_share": 1.0, "scale_share": 1.0, "rotate_deg": 45.0, "roll_share": 0.0}
    )
    moves = Moves(transforms, shape=(3, 60, 90), reference_px=224)
    image = torch.full((20, 3, 60, 90), 2.5)
    image[:, 1] = torch.linspace(5.0, 6.0, 90)

    moved = moves.step(image, _numbers(20))

    assert torch.allclose(moved[:, 0], torch.tensor(2.5), atol=1e-5)
    assert moved[:, 1].min() > 5 - 1e-4
    assert moved[:, 1].max() < 6 + 1e-4


def test_a_view_with_padding_has_grey_beyond_its_border_whatever_the_normalisation() -> None:
    moves = Moves(
        Transforms(way="view", pad_px=2, scale=(0.5, 0.5)),
        shape=(3, 40, 40), mean=MEAN, std=STD,
    )  # fmt: skip
    seen = moves.views(torch.full((1, 3, 40, 40), 9.0), _numbers())[0]
    picture = seen * torch.tensor(STD).view(3, 1, 1) + torch.tensor(MEAN).view(3, 1, 1)

    assert torch.allclose(picture[:, :9], torch.tensor(0.5), atol=1e-5)
    assert torch.allclose(picture[:, :, 31:], torch.tensor(0.5), atol=1e-5)
    assert torch.allclose(seen[:, 11:29, 11:29], torch.tensor(9.0), atol=1e-5)


@pytest.mark.parametrize(("sigma", "taps"), [(0.5, 5), (1.2, 5), (2.0, 9)])
def test_blur_is_scipys_gaussian(sigma: float, taps: int) -> None:
    image = _images(2, (1, 20, 33))
    moves = Moves(
        Transforms(blur_sigma=(sigma, sigma), blur_px=taps), shape=(1, 20, 33), reference_px=224
    )
    soft = moves.step(image, _numbers(2))
    for got, old in zip(soft[:, 0], image[:, 0], strict=True):
        expected = ndimage.gaussian_filter(
            old.double().numpy(), sigma, mode="nearest", radius=taps // 2
        )
        np.testing.assert_allclose(got, expected, atol=4e-3)  # taps under 1/1000 are left out


def test_blur_leaves_its_sigma_to_each_image() -> None:
    image = _images(1, (2, 12, 12)).expand(3, -1, -1, -1)
    moves = Moves(Transforms(blur_sigma=(0.0, 1.0)), shape=(2, 12, 12))
    numbers = _numbers(3)
    numbers[:, Draw.SIGMA] = 0.0, 0.5, 0.9
    soft = moves.step(image, numbers)
    rough = [float((one - image[0]).norm()) for one in soft]

    assert rough[0] == 0
    assert 0 < rough[1] < rough[2]


@given(
    x=st.floats(0, 1, exclude_max=True),
    y=st.floats(0, 1, exclude_max=True),
    side=st.integers(5, 40),
)
@settings(max_examples=30, deadline=None)
def test_rolls_go_around_the_edges_by_whole_pixels(x: float, y: float, side: int) -> None:
    image = torch.arange(side * 7.0).reshape(1, 1, side, 7)
    moves = Moves(Transforms(roll_px=3), shape=(1, side, 7))
    rolled = moves.step(image, _numbers(ROLL_X=x, ROLL_Y=y))
    right, down = math.floor(7 * x) - 3, math.floor(7 * y) - 3

    np.testing.assert_array_equal(rolled[0, 0], np.roll(image[0, 0].numpy(), (down, right), (0, 1)))


@pytest.mark.parametrize(("progress", "side"), [(0.0, 0.8), (0.5, 0.5), (1.0, 0.2)])
def test_crops_shrink_with_the_run_and_stay_inside(progress: float, side: float) -> None:
    ramp = torch.stack(torch.meshgrid(torch.arange(50.0), torch.arange(80.0), indexing="ij"))
    moves = Moves(
        Transforms(way="view", crops=64, crop_share=(0.8, 0.2)), shape=(2, 50, 80)
    )  # fmt: skip
    views = moves.views(ramp[None], _numbers(64), progress=progress)

    for plane, length in ((0, 50), (1, 80)):
        seen = views[:, plane]
        low, high = seen.flatten(1).amin(1), seen.flatten(1).amax(1)
        assert torch.allclose(high - low, torch.tensor(side * (length - 1.0)), atol=1.0)
        assert low.min() >= 0
        assert high.max() <= length - 1
        middles = (low + high) / 2 / (length - 1)
        assert abs(float(middles.mean()) - 0.5) < 0.06
        assert float(middles.std()) > 0.05


def test_noise_is_of_the_picture() -> None:
    moves = Moves(Transforms(way="view", noise=0.08), shape=(3, 64, 64), mean=MEAN, std=STD)
    noise = moves.views(torch.zeros(4, 3, 64, 64), _numbers(4))

    deviation = noise.std(dim=(0, 2, 3)) * torch.tensor(STD)
    assert torch.allclose(deviation, torch.tensor(0.08), rtol=0.03)
    assert abs(float(noise[0].flatten() @ noise[1].flatten()) / noise[0].numel()) < 0.01


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 9, 25)])
def test_an_image_comes_out_the_same_in_any_batch(shape: tuple[int, int, int]) -> None:
    images, numbers = _images(7, shape), _numbers(14)
    view = Moves(WITH_EVERYTHING, shape=shape, reference_px=64)
    step = Moves(RECIPES["walk"].transforms, shape=shape, reference_px=64)
    together = view.views(images, numbers, progress=0.3)
    stepped = blend(step.step(images, numbers[:7]), 0.05, mean=MEAN, std=STD)

    for index in range(7):
        alone = slice(index, index + 1)
        pair = slice(2 * index, 2 * index + 2)
        assert torch.equal(view.views(images[alone], numbers[pair], progress=0.3), together[pair])
        one = blend(step.step(images[alone], numbers[alone]), 0.05, mean=MEAN, std=STD)
        assert torch.equal(one, stepped[alone])


def test_images_of_a_batch_are_not_moved_alike() -> None:
    images = _images(1, (3, 32, 32)).expand(40, -1, -1, -1)
    moved = Moves(RECIPES["proxygrad"].transforms, shape=(3, 32, 32)).step(images, _numbers(40))
    assert len({one.numpy().tobytes() for one in moved}) == 40


@pytest.mark.parametrize(
    ("share", "changes"),
    [
        (0.3, Transforms(rotate_deg=10, rotate_share=0.3)),
        (0.05, Transforms(scale=(1.0, 1.05), scale_share=0.05)),
        (0.3 * 120 / 121, Transforms(roll_px=5, roll_share=0.3)),
        (1 - 0.269 / 0.5, Transforms(blur_sigma=(0.0, 0.5))),
    ],
)
def test_as_many_images_are_changed_as_the_recipe_says(share: float, changes: Transforms) -> None:
    images = _images(4000, (1, 8, 8))
    moved = Moves(changes, shape=(1, 8, 8)).step(images, _numbers(4000))
    changed = float((moved != images).flatten(1).any(dim=1).float().mean())
    assert abs(changed - share) < 4 * math.sqrt(share * (1 - share) / 4000)


@pytest.mark.parametrize(("side", "most"), [(224, 10), (112, 5), (32, 1), (8, 1), (448, 20)])
def test_lengths_grow_with_the_image(side: int, most: int) -> None:
    image = torch.arange(float(side)).expand(1, 1, side, side)
    moves = Moves(Transforms(roll_px=10), shape=(1, side, side), reference_px=224)
    rolled = moves.step(image, _numbers(ROLL_X=0.9999))
    assert rolled[0, 0, 0, most] == 0


def test_nothing_drawn_gives_the_same_images_back() -> None:
    images = _images(5, (3, 16, 16))
    moves = Moves(RECIPES["walk"].transforms, shape=(3, 16, 16))
    numbers = _numbers(5, IS_TURNED=0.9, IS_SCALED=0.9, IS_ROLLED=0.9, SIGMA=0.1)
    assert moves.step(images, numbers) is images


def test_images_that_are_given_stay_as_they_are() -> None:
    images = _images(6, (3, 16, 16))
    before = images.clone()
    Moves(RECIPES["walk"].transforms, shape=(3, 16, 16)).step(images, _numbers(6, IS_ROLLED=0.0))
    assert torch.equal(images, before)


def test_gradients_flow_through_views() -> None:
    moves = Moves(WITH_EVERYTHING, shape=(2, 8, 9), mean=(0.4, 0.5), std=(0.2, 0.3))
    images = _images(2, (2, 8, 9)).double().requires_grad_(True)
    weights, aside = _images(4, (2, 8, 9), seed=1).double(), _images(2, (2, 8, 9), seed=2).double()
    numbers = _numbers(4, seed=3)

    def value(x: torch.Tensor) -> torch.Tensor:
        return (weights * moves.views(x, numbers, progress=0.5) ** 2).sum()

    (gradient,) = torch.autograd.grad(value(images), images)
    with torch.no_grad():
        slope = (value(images + 1e-5 * aside) - value(images - 1e-5 * aside)) / 2e-5
    torch.testing.assert_close((gradient * aside).sum(), slope, rtol=1e-6, atol=1e-6)
    assert (gradient.flatten(1).abs().amax(dim=1) > 0).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_moved_by_whole_coordinates(dtype: torch.dtype) -> None:
    images = _images(3, (3, 200, 200))
    moves = Moves(Transforms(rotate_deg=30), shape=(3, 200, 200))
    numbers = _numbers(3)
    moved = moves.step(images.to(dtype), numbers)
    assert moved.dtype == dtype
    assert torch.allclose(moved.float(), moves.step(images, numbers), atol=0.05)


def test_shapes_that_do_not_fit_are_told() -> None:
    with pytest.raises(InvalidRequestError, match=r"shape \[784\], expected images"):
        Moves(Transforms(roll_px=1), shape=(784,))
    with pytest.raises(InvalidRequestError, match="mean of 2 numbers for inputs"):
        Moves(Transforms(), shape=(3, 8, 8), mean=(0.5, 0.5))
    with pytest.raises(InvalidRequestError, match=r"expected \[2, 13\]"):
        Moves(Transforms(), shape=(3, 8, 8)).step(torch.zeros(2, 3, 8, 8), np.zeros((3, NUMBERS)))


class TestBlend:
    def test_a_share_comes_from_the_image_with_the_datas_mean_and_deviation(self) -> None:
        images = 3 * _images(4, (3, 20, 30)) + 7
        got = blend(images, 0.05, mean=MEAN, std=STD)
        for one, old in zip(got.numpy(), images.double().numpy(), strict=True):
            expected = 0.95 * old + 0.05 * (old - old.mean()) / old.std()
            np.testing.assert_allclose(one, expected, atol=1e-4)

    @pytest.mark.parametrize("value", [0.0, 0.37, -250.0])
    def test_a_constant_image_is_shifted_and_never_nan(self, value: float) -> None:
        got = blend(torch.full((2, 3, 9, 9), value), 0.05, mean=MEAN, std=STD)
        assert torch.allclose(got, torch.tensor(0.95 * value), atol=1e-5 * (1 + abs(value)))

    def test_where_nobody_told_the_data_it_is_the_middle_of_the_picture(self) -> None:
        images = 5 * _images(2, (1, 16, 16)) - 3
        for _ in range(300):
            images = blend(images, 0.05)
        assert torch.allclose(images.mean(dim=(1, 2, 3)), torch.tensor(0.5), atol=1e-4)
        assert torch.allclose(images.flatten(1).std(dim=1), torch.tensor(0.25), atol=1e-3)

    def test_vectors_are_blended_too(self) -> None:
        got = blend(torch.tensor([[1.0, 3.0]]), 1.0, mean=(0.0,), std=(1.0,))
        assert got.tolist() == [[-1.0, 1.0]]

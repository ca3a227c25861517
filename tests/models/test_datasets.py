"""Laws of the datasets that come with the product."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import label as find_components

from layerwalk_models import samples
from layerwalk_models.dashes import LENGTH_PX, make_dashes
from layerwalk_models.datasets import BUILT_IN, ImageDataset, open_dataset
from layerwalk_models.errors import DatasetError


@pytest.mark.parametrize("spec", sorted(BUILT_IN))
def test_built_in_datasets_are_the_same_each_time(spec: str) -> None:
    first, second = open_dataset(spec), open_dataset(spec)
    assert first.name == spec
    assert len(first) == len(set(first.names)) > 0
    assert (first.names, first.labels) == (second.names, second.labels)
    for index in (0, len(first) - 1):
        item = first.item(index)
        assert item.image.dtype == np.uint8
        assert item.image.ndim in (2, 3)
        assert not item.image.flags.writeable
        assert np.array_equal(item.image, second.item(index).image)


def test_an_unknown_dataset_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(DatasetError, match="'digit' is neither one of dashes, digits, samples"):
        open_dataset("digit")


def test_labels_outside_the_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="label 2 and 2 classes"):
        ImageDataset("x", ("a", "b"), ("0",), (2,), lambda _: np.zeros((1, 1), np.uint8))


def test_dashes_are_five_long_one_thick_and_counted_right() -> None:
    """Counted by connected components, which knows nothing of how they were drawn."""
    images, labels = make_dashes(seed=3, count=60)
    for image, label in zip(images, labels, strict=True):
        parts, count = find_components(image, np.ones((3, 3)))
        shapes = []
        for part in range(1, count + 1):
            rows, columns = np.nonzero(parts == part)
            shapes.append((np.ptp(rows) + 1, np.ptp(columns) + 1))
            assert len(rows) == LENGTH_PX
        flat, upright = shapes.count((1, LENGTH_PX)), shapes.count((LENGTH_PX, 1))
        assert flat + upright == count
        assert flat != upright
        assert label == (0 if flat > upright else 1)


def test_two_line_kernels_solve_the_dashes() -> None:
    """Equation 6.1 with the kernels of equation 6.2 classifies every image (section 6.1)."""
    torch = pytest.importorskip("torch")
    images, labels = make_dashes()
    assert len(images) == 1024
    line = torch.tensor([[-1.0, -1, -1], [2, 2, 2], [-1, -1, -1]])
    kernels = torch.stack([line, line.T]).unsqueeze(1)
    values = torch.from_numpy(images.copy()).float().unsqueeze(1)
    response = torch.conv2d(values, kernels, padding=1).relu().sum(dim=(2, 3))
    answer = (response[:, 0] < response[:, 1]).int().tolist()
    assert tuple(answer) == labels


def test_photographs_are_colour_pictures_of_a_useful_size() -> None:
    photographs = samples.load_photographs()
    assert len(photographs) >= 5
    for name, image, _ in photographs:
        assert image.ndim == 3, name
        assert min(image.shape[:2]) >= 256, name
        assert image.std() > 20, name
    names = [name for name, _, _ in photographs]
    assert len(set(names)) == len(names)
    assert photographs[0][2] == "motorbike", "the demo begins with one that is classified right"


def test_digits_use_the_whole_grey_range_and_their_labels_fit() -> None:
    digits = samples.load_digits()
    assert len(digits) == 1797
    assert {label for _, _, label in digits} == set("0123456789")
    stack = np.stack([image for _, image, _ in digits])
    assert (stack.min(), stack.max()) == (0, 255)

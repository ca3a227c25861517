"""Laws of the split into training, validation and test."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from layerwalk_models.errors import DatasetError
from layerwalk_models.folders import Listing
from layerwalk_models.training.split import Split, split_listing


def make_listing(sizes: dict[str, int]) -> Listing:
    classes = tuple(sorted(sizes))
    files, labels = [], []
    for label, name in enumerate(classes):
        for number in range(sizes[name]):
            files.append(f"top/{name}/{number:03d}.jpg")
            labels.append(label)
    return Listing(Path("data"), classes, tuple(files), tuple(labels))


def split(listing: Listing, seed: int = 0) -> Split:
    return split_listing(listing, seed=seed, test_share=0.2, validation_share=0.1)


def test_parts_are_disjoint_complete_and_stratified() -> None:
    listing = make_listing({"a": 100, "b": 31, "c": 2})
    parts = split(listing)
    everything = parts.training + parts.validation + parts.test
    assert sorted(everything) == list(range(133))
    counts = [
        [sum(listing.labels[i] == label for i in part) for label in range(3)]
        for part in (parts.training, parts.validation, parts.test)
    ]
    assert counts == [[72, 23, 1], [8, 2, 0], [20, 6, 1]]


def test_the_split_is_the_written_rule() -> None:
    """Worked out here from the sentence in the module, not with the module."""
    listing = make_listing({"a": 10, "b": 5})
    names = sorted(
        (f"{n:03d}.jpg" for n in range(10)),
        key=lambda name: hashlib.sha256(f"7/a/{name}".encode()).hexdigest(),
    )
    test_names = {listing.files[i] for i in split(listing, seed=7).test}
    assert {name for name in test_names if "/a/" in name} == {f"top/a/{n}" for n in names[:2]}


def test_a_class_is_split_alike_whatever_the_others_are() -> None:
    alone = make_listing({"b": 40})
    beside = make_listing({"a": 17, "b": 40})
    assert {alone.files[i] for i in split(alone).test} == {
        beside.files[i] for i in split(beside).test if "/b/" in beside.files[i]
    }


def test_seeds_give_different_splits_and_one_seed_the_same() -> None:
    listing = make_listing({"a": 100})
    assert split(listing, seed=1) == split(listing, seed=1)
    assert split(listing, seed=1).test != split(listing, seed=2).test


def test_a_class_of_one_image_is_an_error_that_names_it() -> None:
    with pytest.raises(DatasetError, match="class 'b' has 1 image"):
        split(make_listing({"a": 10, "b": 1}))


def test_images_without_classes_are_an_error() -> None:
    with pytest.raises(DatasetError, match="no class folders"):
        split(Listing(Path("data"), (), ("x.png",), (None,)))

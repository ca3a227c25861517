"""Which images are for training, validation and test.

The rule, exactly: within each class, images are ordered by the SHA-256 digest of the UTF-8 text
`<seed>/<class folder>/<file name>`. The first `round(test_share * n)` of a class's n images are
its test part, at least one; of the remaining m the first `round(validation_share * m)` are its
validation part; the others are its training part. (`round` is Python's: halves go to the even
number.) So the split depends on names and seed alone, not on a library's random numbers, and a
class's split does not change when another class does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..errors import DatasetError
from ..folders import Listing


@dataclass(frozen=True, slots=True)
class Split:
    """Indices into a listing, each part sorted."""

    training: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]


def split_listing(
    listing: Listing, *, seed: int, test_share: float, validation_share: float
) -> Split:
    """Split the images of `listing` by the rule above.

    Raises:
        DatasetError: The listing has no classes, or a class is too small for a test and a
            training image.
    """
    if not listing.classes:
        raise DatasetError(
            f"{str(listing.source)!r} holds images but no class folders; expected one per class"
        )
    members: list[list[int]] = [[] for _ in listing.classes]
    for index, label in enumerate(listing.labels):
        assert label is not None  # a listing with classes labels every image
        members[label].append(index)
    training: list[int] = []
    validation: list[int] = []
    test: list[int] = []
    for name, indices in zip(listing.classes, members, strict=True):
        order = sorted(indices, key=lambda index: _digest(seed, name, listing.files[index]))
        tests = max(1, round(test_share * len(order)))
        checks = round(validation_share * (len(order) - tests))
        if len(order) - tests - checks < 1:
            raise DatasetError(
                f"class {name!r} has {len(order)} image(s), expected at least 2: "
                "one for training and one for the test"
            )
        test += order[:tests]
        validation += order[tests : tests + checks]
        training += order[tests + checks :]
    return Split(tuple(sorted(training)), tuple(sorted(validation)), tuple(sorted(test)))


def _digest(seed: int, class_name: str, file: str) -> bytes:
    text = f"{seed}/{class_name}/{PurePosixPath(file).name}"
    return hashlib.sha256(text.encode()).digest()

"""Laws of the IDX format."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from layerwalk_models import idx
from layerwalk_models.datasets import open_dataset
from layerwalk_models.errors import DatasetError

HEADER = b"\0\0\x08\x02" + (2).to_bytes(4, "big") + (3).to_bytes(4, "big")


@pytest.mark.parametrize("name", ["a-idx3-ubyte", "a-idx3-ubyte.gz"])
@pytest.mark.parametrize("shape", [(7,), (2, 3), (4, 5, 6), (0, 3), (1, 1, 1, 3)])
def test_what_is_written_is_read(tmp_path: Path, name: str, shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    idx.write_idx(tmp_path / name, values)
    back = idx.read_idx(tmp_path / name)
    assert back.dtype == np.uint8
    assert np.array_equal(back, values)


def test_a_file_made_by_hand_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(HEADER + bytes([1, 2, 3, 4, 5, 6]))
    assert idx.read_idx(path).tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no IDX file"),
        (b"\0\0\x08", "no IDX file"),
        (b"\x89PNG\r\n", "no IDX file"),
        (b"\0\0\x0d\x01" + bytes(8), "number type 0x0d, expected 0x08"),
        (b"\0\0\x08\x00", "no axes"),
        (b"\0\0\x08\x03" + bytes(5), "ends in its header: 9 bytes, expected 16"),
        (b"\0\0\x08\xff" + bytes(5), "ends in its header"),
        (HEADER + bytes(5), r"holds 5 bytes of numbers, its shape \(2, 3\) needs 6"),
        (HEADER + bytes(7), "holds 7 bytes of numbers"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "holds 0 bytes of numbers"),
    ],
)
def test_a_hostile_header_is_an_error_not_a_crash(
    tmp_path: Path, data: bytes, message: str
) -> None:
    for name, content in (("x", data), ("x.gz", gzip.compress(data))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DatasetError, match=message):
            idx.read_idx(tmp_path / name)


def test_a_damaged_gzip_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    whole = gzip.compress(HEADER + bytes(6))
    for data in (b"plain", whole[:-9], whole[:12] + b"\xff\xff" + whole[14:]):
        path.write_bytes(data)
        with pytest.raises(DatasetError):
            idx.read_idx(path)


def test_a_gzip_bomb_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(bytes(5000)))
    with pytest.raises(DatasetError, match="more than 1000 bytes"):
        idx.read_idx(path, max_bytes=1000)


def test_labels_are_found_beside_their_images(tmp_path: Path) -> None:
    images = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
    idx.write_idx(tmp_path / "t10k-images-idx3-ubyte.gz", images)
    idx.write_idx(tmp_path / "t10k-labels-idx1-ubyte.gz", np.array([2, 0, 1], np.uint8))
    dataset = open_dataset(str(tmp_path / "t10k-images-idx3-ubyte.gz"))
    assert (len(dataset), dataset.classes, dataset.labels) == (3, ("0", "1", "2"), (2, 0, 1))
    assert np.array_equal(dataset.item(2).image, images[2])
    with pytest.raises(IndexError, match="images 0 to 2, got 3"):
        dataset.item(3)


def test_labels_that_do_not_fit_are_an_error(tmp_path: Path) -> None:
    idx.write_idx(tmp_path / "images-idx3", np.zeros((3, 4, 5), np.uint8))
    idx.write_idx(tmp_path / "labels-idx1", np.zeros(2, np.uint8))
    with pytest.raises(DatasetError, match=r"shape \(2,\), expected \(3,\)"):
        open_dataset(str(tmp_path / "images-idx3"))


@pytest.mark.parametrize("shape", [(5,), (0, 4, 5), (2, 0, 5), (2, 3, 4, 5)])
def test_an_array_that_is_no_images_is_an_error(tmp_path: Path, shape: tuple[int, ...]) -> None:
    idx.write_idx(tmp_path / "x", np.zeros(shape, np.uint8))
    with pytest.raises(DatasetError, match="has shape"):
        open_dataset(str(tmp_path / "x"))

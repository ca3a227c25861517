"""Laws of folders of class folders."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from layerwalk_models.datasets import open_dataset, said_by_people
from layerwalk_models.errors import DatasetError
from layerwalk_models.folders import list_images
from layerwalk_models.pictures import decode_picture, fit_centre, squash


def write_image(
    path: Path, colour: tuple[int, int, int], size_wh: tuple[int, int] = (6, 4)
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size_wh, colour).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "animals"
    write_image(root / "dog" / "b.png", (10, 0, 0))
    write_image(root / "dog" / "a.png", (20, 0, 0))
    write_image(root / "ant" / "deep" / "c.PNG", (30, 0, 0))
    write_image(root / ".hidden" / "d.png", (40, 0, 0))
    (root / "dog" / "notes.txt").write_text("no image")
    return root


def zip_folder(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*"), reverse=True):  # the order inside must not matter
            archive.write(file, f"top/{file.relative_to(folder).as_posix()}")
    return path


def test_images_come_sorted_with_their_class(folder: Path) -> None:
    dataset = open_dataset(str(folder))
    assert dataset.classes == ("ant", "dog")
    assert dataset.names == ("ant/deep/c.PNG", "dog/a.png", "dog/b.png")
    assert [dataset.item(index).label for index in range(3)] == [0, 1, 1]
    item = dataset.item(1)
    assert item.image.shape == (4, 6, 3)
    assert item.image[0, 0].tolist() == [20, 0, 0]
    assert not item.image.flags.writeable


def test_a_zip_file_with_a_folder_around_gives_the_same(folder: Path, tmp_path: Path) -> None:
    plain, packed = list_images(folder), list_images(zip_folder(folder, tmp_path / "z.zip"))
    assert packed.classes == plain.classes
    assert packed.labels == plain.labels
    assert packed.files == tuple(f"top/{file}" for file in plain.files)
    assert [packed.read(i) for i in range(3)] == [plain.read(i) for i in range(3)]
    assert list(packed.read_all(range(3))) == list(plain.read_all(range(3)))


def test_zip_files_of_every_kind_are_read_from_several_threads(tmp_path: Path) -> None:
    kinds = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA)
    contents = {f"ant/{place}.png": bytes([place]) * (place * 900 + 1) for place in range(9)}
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for place, (name, data) in enumerate(contents.items()):
            archive.writestr(name, data, compress_type=kinds[place % 3])
    listing = list_images(tmp_path / "z.zip")
    with ThreadPoolExecutor(4) as pool:
        for index, data in enumerate(pool.map(listing.read, list(range(9)) * 5)):
            assert data == contents[listing.files[index % 9]]


def test_a_zip_file_that_is_damaged_or_another_by_now_is_said(tmp_path: Path) -> None:
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ant/a.png", b"much the same " * 50)
    listing = list_images(path)
    whole = path.read_bytes()
    for damaged in (whole[:60] + b"?" + whole[61:], b"no zip file" + whole[11:], whole[:20], b""):
        path.write_bytes(damaged)
        with pytest.raises(DatasetError, match=r"cannot read 'ant/a\.png'"):
            listing.read(0)
    path.unlink()
    with pytest.raises(DatasetError, match="cannot read"):
        listing.read(0)


def test_caltech101_is_called_as_people_do() -> None:
    folders = tuple(read_names())
    assert said_by_people((*folders, "accordion"))[-1] == "accordion"
    assert "face close-up" in said_by_people(folders)
    assert said_by_people(("Faces", "accordion")) == ("Faces", "accordion")  # some other set


def read_names() -> dict[str, str]:
    text = resources.files("layerwalk_models").joinpath("names/caltech101.json").read_text()
    found: dict[str, str] = json.loads(text)
    return found


def test_a_folder_of_images_alone_has_no_classes(tmp_path: Path) -> None:
    write_image(tmp_path / "x.png", (1, 2, 3))
    dataset = open_dataset(str(tmp_path))
    assert (dataset.classes, dataset.names, dataset.item(0).label) == ((), ("x.png",), None)


def test_one_single_class_folder_is_a_class(tmp_path: Path) -> None:
    write_image(tmp_path / "only" / "x.png", (1, 2, 3))
    assert list_images(tmp_path).classes == ("only",)


def test_a_class_folder_without_images_is_an_error_that_names_it(folder: Path) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(DatasetError, match=r"class folder 'empty' in .* holds no image"):
        list_images(folder)


def test_loose_images_beside_class_folders_are_an_error(folder: Path) -> None:
    write_image(folder / "loose.png", (0, 0, 0))
    with pytest.raises(DatasetError, match=r"loose images such as 'loose\.png'"):
        list_images(folder)


@pytest.mark.parametrize("name", ["missing", "text.zip", "empty"])
def test_what_is_no_dataset_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.zip").write_text("not a zip file")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match=name.replace(".", r"\.")):
        list_images(tmp_path / name)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_a_broken_image_is_an_error_that_names_it(
    tmp_path: Path, suffix: str, share: float
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(noise).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DatasetError, match=rf"a\.{suffix}"):
        open_dataset(str(tmp_path)).item(0)


@pytest.mark.parametrize("size_wh", [(8193, 1), (1, 8193), (10_000, 10_000), (60_000, 60_000)])
def test_a_huge_image_is_refused_before_it_is_decoded(size_wh: tuple[int, int]) -> None:
    """A PNG of a header alone, so whoever decoded it would complain about something else."""
    header = b"IHDR" + struct.pack(">2I5B", *size_wh, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header
    data += struct.pack(">I", zlib.crc32(header)) + struct.pack(">I", 0) + b"IDAT"
    with pytest.raises(DatasetError, match=r"'wide\.png'.* expected at most 8192"):
        decode_picture(data, "wide.png")


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "I;16"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("image.jpg" if mode == "CMYK" else "image.png")
    Image.new(mode, (5, 3)).save(path)
    assert decode_picture(path.read_bytes(), "image").shape == (3, 5, 3)


def test_a_rotated_photograph_stands_upright(tmp_path: Path) -> None:
    image = Image.new("RGB", (6, 4))
    exif = image.getexif()
    exif[0x0112] = 6  # orientation: turn right to see it upright
    image.save(tmp_path / "turned.jpg", exif=exif)
    assert decode_picture((tmp_path / "turned.jpg").read_bytes(), "t").shape == (6, 4, 3)


def test_the_centre_is_kept_and_the_long_side_is_cut() -> None:
    picture = np.zeros((10, 30, 3), np.uint8)
    picture[:, 10:20] = 200
    assert (fit_centre(picture, (10, 10)) == 200).all()
    assert fit_centre(picture, (20, 20)).shape == (20, 20, 3)
    assert fit_centre(picture, (7, 31)).shape == (7, 31, 3)
    squashed = squash(picture, 12)
    assert squashed.shape == (12, 12, 3)
    assert squashed[6, 6, 0] >= 195  # bicubic overshoots a little
    assert squashed[6, 0, 0] <= 5

"""Image files: sizes before decoding, every kind upright and in three colours, hostile ones out."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from layerwalk.inputs.headers import image_size
from layerwalk.inputs.pictures import decode_image, fit, normalise, picture_input
from layerwalk_shared.errors import InputError, LayerwalkError, TooLargeError
from layerwalk_shared.messages import InputSpec

GRADIENT = np.stack(
    np.broadcast_arrays(
        np.linspace(0, 255, 40)[:, None], np.linspace(0, 255, 60)[None, :], np.full((1, 1), 90.0)
    ),
    axis=2,
).astype(np.uint8)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png_header(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        checked = name + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def decode(data: bytes, side: int = 8192) -> np.ndarray:
    return decode_image(data, largest_side=side, needed_hw=(32, 32))


KINDS = {
    "PNG": {},
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"lossless": True},
    "lossy WEBP": {"quality": 95},
    "progressive JPEG": {"quality": 95, "progressive": True},
}


@pytest.mark.parametrize("name", KINDS)
def test_the_size_is_known_and_the_pixels_come_back(name: str) -> None:
    kind = name.rsplit(maxsplit=1)[-1]
    data = encoded(Image.fromarray(GRADIENT), kind, **KINDS[name])
    assert image_size(data) == (kind, 60, 40)
    pixels = decode(data)
    assert pixels.shape == (40, 60, 3)
    assert np.abs(pixels.astype(int) - GRADIENT).mean() < (0.1 if kind == "PNG" else 3)


def test_webp_with_transparency_and_animation_has_its_size_too() -> None:
    frame = Image.fromarray(GRADIENT).convert("RGBA")
    frame.putalpha(128)
    data = encoded(frame, "WEBP", save_all=True, append_images=[frame.rotate(180)], duration=40)
    assert image_size(data) == ("WEBP", 60, 40)
    assert decode(data).shape == (40, 60, 3)


@pytest.mark.parametrize("before", [0xC4, 0xC8, 0xCC, 0xDB, 0xE1, 0xFE])
def test_a_jpeg_has_its_size_behind_tables_and_comments(before: int) -> None:
    table = bytes([0xFF, before]) + struct.pack(">H", 9) + b"\x01\x02\x03\x04\x05\x06\x07"
    frame = b"\xff\xff\xc2" + struct.pack(">HBHHB", 11, 8, 40, 60, 1) + bytes(3)
    assert image_size(b"\xff\xd8" + table + frame) == ("JPEG", 60, 40)


@pytest.mark.parametrize("data", [png_header(100_000, 100_000), png_header(8193, 1)])
def test_a_bomb_is_refused_without_allocating(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError, match="at most 8192"):
            decode(data)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"GIF89a\x01\x00\x01\x00",
        b"\x89PNG\r\n\x1a\n",
        png_header(10, 10)[:20],
        png_header(0, 10),
        png_header(10, 10),
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\x00\x04",
        b"\xff\xd8\xff\xe0\x00\x00\xff",
        b"RIFF\x00\x00\x00\x00WEBPVP8X",
        b"RIFF\x00\x00\x00\x00WEBPABCD" + bytes(40),
    ],
)
def test_what_is_no_image_gets_a_sentence(data: bytes) -> None:
    with pytest.raises(InputError):
        decode(data)


@given(st.sampled_from(list(KINDS)), st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_file_is_an_image_or_an_input_error(name: str, data) -> None:
    kind = name.rsplit(maxsplit=1)[-1]
    whole = encoded(Image.fromarray(GRADIENT[:12, :12]), kind, **KINDS[name])
    cut = data.draw(st.integers(0, len(whole)))
    broken = bytearray(whole[:cut])
    for _ in range(data.draw(st.integers(0, 4))):
        if broken:
            broken[data.draw(st.integers(0, len(broken) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        assert decode(bytes(broken), side=64).dtype == np.uint8
    except LayerwalkError as error:
        assert str(error)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_stand_upright_as_their_exif_says(orientation: int) -> None:
    stored = Image.fromarray(GRADIENT)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(stored, "PNG", exif=exif)
    grid = GRADIENT
    expected = {
        1: grid,
        2: grid[:, ::-1],
        3: grid[::-1, ::-1],
        4: grid[::-1],
        5: grid.transpose(1, 0, 2),
        6: np.rot90(grid, -1),
        7: np.rot90(grid, 2).transpose(1, 0, 2),
        8: np.rot90(grid, 1),
    }[orientation]
    assert (decode(data) == expected).all()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16"])
def test_every_mode_becomes_eight_bits_of_grey_or_rgb(mode: str) -> None:
    if mode == "I;16":
        wide = (np.arange(40 * 60).reshape(40, 60) * 27).astype(np.uint16)
        image, grey = Image.fromarray(wide), wide / 257
    else:
        image = Image.fromarray(GRADIENT).convert(mode)
        grey = np.asarray(image.convert("L"))
    data = encoded(image, "JPEG" if mode == "CMYK" else "PNG")
    pixels = decode(data)
    assert pixels.dtype == np.uint8
    assert pixels.shape in ((40, 60), (40, 60, 3))
    shown = pixels if pixels.ndim == 2 else np.asarray(Image.fromarray(pixels).convert("L"))
    assert np.abs(shown.astype(float) - grey).mean() < 4


def test_what_is_transparent_is_white() -> None:
    image = np.zeros((4, 4, 4), np.uint8)
    image[:2] = (200, 10, 20, 255)
    pixels = decode(encoded(Image.fromarray(image), "PNG"))
    assert (pixels[:2] == (200, 10, 20)).all()
    assert (pixels[2:] == 255).all()


def test_a_large_photo_is_decoded_at_a_reduced_size_that_is_still_enough() -> None:
    big = Image.fromarray(GRADIENT).resize((2400, 1600), Image.Resampling.BICUBIC)
    data = encoded(big, "JPEG", quality=95)
    reduced = decode_image(data, largest_side=8192, needed_hw=(100, 100))
    assert min(reduced.shape[:2]) >= 300
    assert max(reduced.shape[:2]) < 2400
    full = fit(np.asarray(big), (100, 100), colours=3).astype(int)
    assert np.abs(fit(reduced, (100, 100), colours=3) - full).max() <= 4


@pytest.mark.parametrize(
    ("size_hw", "shape_hw"),
    [((40, 60), (40, 40)), ((60, 40), (20, 20)), ((10, 10), (30, 20)), ((3, 900), (7, 9))],
)
def test_a_picture_covers_the_input_and_is_cropped_in_the_middle(
    size_hw: tuple[int, int], shape_hw: tuple[int, int]
) -> None:
    height, width = size_hw
    ramp = np.linspace(-1, 1, width)[None, :] * np.ones((height, 1))
    picture = np.rint(ramp * 100 + 120).astype(np.uint8)
    fitted = fit(picture, shape_hw, colours=1)
    assert fitted.shape == shape_hw
    row = fitted[shape_hw[0] // 2].astype(float)
    assert abs(row.mean() - 120) < 3
    share = shape_hw[1] / (width * max(shape_hw[0] / height, shape_hw[1] / width))
    assert abs((row[-1] - row[0]) / 200 - share) < 0.15


def test_our_networks_get_the_pixels_that_they_were_evaluated_on() -> None:
    from layerwalk_models.pictures import fit_centre

    picture = np.random.default_rng(4).integers(0, 256, (171, 260, 3), dtype=np.uint8)
    assert (fit(picture, (128, 128), colours=3) == fit_centre(picture, (128, 128))).all()


def test_a_picture_of_the_right_size_is_not_resampled_and_is_normalised() -> None:
    spec = InputSpec(kind="image", shape=(3, 40, 60), mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.5))
    values = picture_input(GRADIENT, spec)
    expected = (GRADIENT / 255 - np.array(spec.mean)) / np.array(spec.std)
    np.testing.assert_allclose(values, expected.transpose(2, 0, 1), atol=1e-6)
    assert values.dtype == np.float32


def test_grey_networks_take_luma_and_colour_networks_take_grey_pictures() -> None:
    grey = picture_input(GRADIENT, InputSpec(kind="image", shape=(1, 40, 60)))
    luma = GRADIENT @ np.array([0.299, 0.587, 0.114]) / 255
    np.testing.assert_allclose(grey[0], luma, atol=1.5 / 255)
    colour = picture_input(GRADIENT[:, :, 0], InputSpec(kind="image", shape=(3, 40, 60)))
    assert (colour[0] == colour[1]).all()
    assert (colour[0] == colour[2]).all()


def test_without_mean_and_std_values_stay_in_zero_to_one() -> None:
    planes = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 2, 2)
    assert normalise(planes, InputSpec(kind="image", shape=(3, 2, 2))) is planes


def test_a_network_of_vectors_takes_no_picture() -> None:
    with pytest.raises(InputError, match=r"vector inputs of shape \[12\]"):
        picture_input(GRADIENT, InputSpec(kind="vector", shape=(12,)))

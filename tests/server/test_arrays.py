"""NPY files: the header is believed only where the bytes bear it out; nothing is unpickled."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn

from layerwalk.inputs.arrays import MAGIC, array_input, read_npy
from layerwalk.inputs.noise import noise
from layerwalk_shared.errors import InputError
from layerwalk_shared.messages import NoiseInput


def saved(array: np.ndarray, **options: object) -> bytes:
    stream = BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def with_header(text: str, content: bytes = b"") -> bytes:
    head = text.encode("latin-1") + b"\n"
    return MAGIC + bytes([1, 0]) + struct.pack("<H", len(head)) + head + content


@given(
    hn.arrays(
        st.sampled_from(["<f4", ">f4", "<f2", "<f8", "<i8", "|u1", "|b1", ">i2"]),
        hn.array_shapes(min_dims=0, max_dims=4, max_side=5),
    ),
    st.sampled_from("CF"),
)
@settings(max_examples=60, deadline=None)
def test_what_numpy_saves_comes_back(array: np.ndarray, order: str) -> None:
    array = np.array(array, order=order)
    found = read_npy(saved(array))
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


class Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return (pytest.fail, ("it was unpickled",))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (saved(np.array([Bomb()], object), allow_pickle=True), "unpickle"),
        (saved(np.array(["a"])), "real numbers"),
        (saved(np.zeros(2, complex)), "real numbers"),
        (saved(np.zeros(2, [("a", "f4"), ("b", "f4")])), "real numbers"),
        (b"", "not an NPY"),
        (b"\x93NUMPY", "not an NPY"),
        (MAGIC + bytes([9, 9, 0, 0]), "version"),
        (with_header("not a dict"), "not an NPY"),
        (with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}"), "8 bytes"),
        (
            with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999, 9999999)}"),
            "but 0 bytes follow",
        ),
        (with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, -4)}", b"1234" * 4),
         "claims shape"),
        (saved(np.zeros(3, np.float32)) + b"more", "claims shape"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_meant_gets_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read_npy(data)


@given(st.binary(max_size=300), st.integers(0, 200), st.integers(0, 255))
@settings(max_examples=150, deadline=None)
def test_damaged_headers_raise_only_input_errors(noise: bytes, place: int, value: int) -> None:
    whole = bytearray(saved(np.zeros((3, 4), np.float32)))
    whole[min(place, len(whole) - 1)] = value
    for data in (bytes(whole), MAGIC + b"\x01\x00" + noise):
        try:
            found = read_npy(data)
        except InputError:
            continue
        assert found.nbytes <= len(data)


def test_an_array_fits_with_and_without_a_batch_axis() -> None:
    values = np.random.default_rng(0).normal(size=(3, 4, 5))
    for given_ in (values, values[None]):
        made = array_input(given_, (3, 4, 5), is_integer=False)
        assert made.dtype == np.float32
        assert (made == values.astype(np.float32)).all()


def test_another_shape_is_refused_with_both_shapes() -> None:
    with pytest.raises(InputError, match=r"\[3, 5, 4\].*takes \[3, 4, 5\] or \[1, 3, 4, 5\]"):
        array_input(np.zeros((3, 5, 4)), (3, 4, 5), is_integer=False)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    values = np.zeros((2, 2), np.float32)
    values[1, 0] = bad
    with pytest.raises(InputError, match="1 of 4 values NaN or infinite"):
        array_input(values, (2, 2), is_integer=False)


def test_values_beyond_float32_are_refused() -> None:
    with pytest.raises(InputError, match="float32"):
        array_input(np.full((2,), 1e300), (2,), is_integer=False)


def test_ids_stay_whole() -> None:
    made = array_input(np.array([1, 2**40]), (2,), is_integer=True)
    assert made.dtype == np.int64
    assert made.tolist() == [1, 2**40]
    with pytest.raises(InputError, match="whole numbers"):
        array_input(np.array([1.0, 2.0]), (2,), is_integer=True)


def test_noise_is_what_its_message_says_and_the_same_for_the_same_seed() -> None:
    shape = (3, 200, 200)
    gaussian = noise(NoiseInput(seed=5), shape)
    assert (gaussian == noise(NoiseInput(seed=5), shape)).all()
    assert not (gaussian == noise(NoiseInput(seed=6), shape)).all()
    assert gaussian.dtype == np.float32
    assert 0 <= gaussian.min() < gaussian.max() <= 1
    assert abs(gaussian.mean() - 0.5) < 0.005
    inner = gaussian[(gaussian > 0) & (gaussian < 1)]
    assert abs(((inner > 0.25) & (inner < 0.75)).sum() / gaussian.size - 0.6827) < 0.01
    uniform = noise(NoiseInput(noise="uniform", amplitude=0.2), shape)
    assert 0.3 <= uniform.min() < 0.301
    assert 0.699 < uniform.max() <= 0.7
    constant = noise(NoiseInput(noise="constant", amplitude=0.75), shape)
    assert (constant == np.float32(0.75)).all()

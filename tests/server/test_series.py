"""Tables: columns by name, rows cut, what is no number named by line and column."""

from __future__ import annotations

import csv
from io import StringIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from layerwalk.inputs.series import read_csv, rows_needed, series_input
from layerwalk_shared.errors import InputError
from layerwalk_shared.messages import InputSpec

SERIES = InputSpec(kind="series", shape=(3, 2))


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 12), st.integers(1, 5)),
        elements=st.floats(-1e30, 1e30, allow_nan=False),
    ),
    st.sampled_from((",", ";", "\t")),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read(values, delimiter, has_names) -> None:  # type: ignore[no-untyped-def]
    stream = StringIO()
    writer = csv.writer(stream, delimiter=delimiter)
    names = [f"column {at}" for at in range(values.shape[1])]
    if has_names:
        writer.writerow(names)
    writer.writerows([[repr(float(one)) for one in row] for row in values])
    table = read_csv(stream.getvalue().encode())
    assert (table.values == values).all()
    assert table.names == (tuple(names) if has_names else ())
    assert not table.is_cut


def test_only_the_rows_that_are_needed_are_looked_at() -> None:
    table = read_csv(b"1,2\n3,4\nnothing to see here\n", most_rows=2)
    assert table.values.tolist() == [[1, 2], [3, 4]]
    assert table.is_cut


def test_a_byte_order_mark_empty_lines_and_quotes_do_no_harm() -> None:
    table = read_csv('\ufeff\n"speed, km/h",height\n\n"1",2\n\n'.encode())
    assert table.names == ("speed, km/h", "height")
    assert table.values.tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "without a row of numbers"),
        (b"a,b\n", "without a row of numbers"),
        (b"a,b\n1,2\n3,nan\n", "line 3, column 2 ('b'): 'nan' is not finite"),
        (b"1,2\n3,\n", "line 2, column 2: '' is no number"),
        (b"a,b\n1,inf\n", "line 2, column 2 ('b'): 'inf' is not finite"),
        (b"1,2\nx,4\n", "line 2, column 1: 'x' is no number"),
        (b"1,2\n3\n", "line 2 has 1 columns, those before it 2"),
        (b"1,2\n\xff\n", "byte 4 is no UTF-8"),
        (b'1,"2\n3,4\n', "line "),
        (b"1,1e999\n", "line 1, column 2: '1e999' is not finite"),
    ],
)
def test_what_is_no_table_of_numbers_names_the_place(data: bytes, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        read_csv(data)
    assert sentence in str(refused.value)


def test_rows_are_steps_of_time_whichever_axis_time_is() -> None:
    table = read_csv(b"1,2\n3,4\n5,6\n7,8\n")
    assert series_input(table, SERIES).tolist() == [[1, 2], [3, 4], [5, 6]]
    turned = InputSpec(kind="series", shape=(2, 3), time_axis=1)
    assert series_input(table, turned).tolist() == [[1, 3, 5], [2, 4, 6]]
    flat = InputSpec(kind="series", shape=(2,))
    assert series_input(read_csv(b"1\n2\n"), flat).tolist() == [1, 2]


def test_columns_are_chosen_by_name_and_normalised_by_column() -> None:
    spec = SERIES.model_copy(
        update={"names": ("b", "a"), "mean": (10.0, 0.0), "std": (2.0, 4.0), "shape": (1, 2)}
    )
    found = series_input(read_csv(b"time,a,b\n0,8,14\n"), spec)
    assert found.tolist() == [[2, 2]]
    with pytest.raises(InputError, match="without column 'b'; it has time, a"):
        series_input(read_csv(b"time,a\n0,8\n"), spec)


def test_a_vector_of_too_many_rows_is_not_read_to_its_end() -> None:
    spec = InputSpec(kind="vector", shape=(3,))
    table = read_csv(b"1\n2\n3\nand so on\n", most_rows=rows_needed(spec))
    with pytest.raises(InputError, match="more than 3 rows, the network takes one row or one"):
        series_input(table, spec)


def test_a_vector_is_one_row_or_one_column() -> None:
    spec = InputSpec(kind="vector", shape=(3,), names=("x", "y", "z"))
    for data in (b"1,2,3\n", b"1\n2\n3\n", b"z,y,w,x\n3,2,9,1\n"):
        assert series_input(read_csv(data), spec).tolist() == [1, 2, 3]
    with pytest.raises(InputError, match=r"2 rows and 2 columns.*one column of 3"):
        series_input(read_csv(b"1,2\n3,4\n"), spec)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"1,2,3\n", "3 columns, the network takes 2"),
        (b"1,2\n3,4\n", "2 rows, the network takes 3"),
        (b"1,2\n3,4\n5,1e300\n", "beyond float32"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        series_input(read_csv(data), SERIES)


def test_a_network_that_takes_no_table_says_so() -> None:
    with pytest.raises(InputError, match="takes image inputs"):
        series_input(read_csv(b"1,2\n"), InputSpec(kind="image", shape=(3, 2, 2)))

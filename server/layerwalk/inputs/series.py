"""Time series and vectors as tables: CSV text to values, values to what a network takes."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from io import StringIO

import numpy as np
from numpy.typing import NDArray

from layerwalk_shared.errors import InputError
from layerwalk_shared.messages import InputSpec

DELIMITERS = ",;\t"
MAX_COLUMNS = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Numbers of a file.

    Attributes:
        values: `[rows, columns]`, finite.
        names: of the columns, or ().
        is_cut: the file has more rows.
    """

    values: NDArray[np.float64]
    names: tuple[str, ...]
    is_cut: bool = False


def read_csv(data: bytes, *, most_rows: int | None = None) -> Table:
    """Return the numbers of a CSV file in UTF-8: commas, semicolons or tabs.

    The first line is taken for names where something in it is no number. Empty lines are passed
    over.

    Args:
        data: the file.
        most_rows: rows to read; the rest is not looked at.

    Raises:
        InputError: it is no such text, lines differ in length, or something is no finite number;
            the message names the line and the column.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"CSV file: byte {error.start} is no UTF-8") from error
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: tuple[str, ...] = ()
    rows: list[list[float]] = []
    width = 0
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if most_rows is not None and len(rows) >= most_rows:
                return Table(np.array(rows), names, is_cut=True)
            if not width:
                width = len(cells)
                if width > MAX_COLUMNS:
                    raise InputError(f"CSV file of {width} columns: at most {MAX_COLUMNS}")
                if not all(_is_number(cell) for cell in cells):
                    names = tuple(cell.strip() for cell in cells)
                    continue
            if len(cells) != width:
                raise InputError(
                    f"CSV file: line {reader.line_num} has {len(cells)} columns, "
                    f"those before it {width}"
                )
            rows.append(
                [_number(cell, reader.line_num, at, names) for at, cell in enumerate(cells)]
            )
    except csv.Error as error:
        raise InputError(f"CSV file: line {reader.line_num}: {error}") from error
    if not rows:
        raise InputError("CSV file without a row of numbers")
    return Table(np.array(rows), names)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(cell: str, line: int, column: int, names: tuple[str, ...]) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
        problem = "is no number"
    else:
        problem = "is not finite"
    if not math.isfinite(value):
        name = f" ({names[column]!r})" if names else ""
        raise InputError(f"CSV file: line {line}, column {column + 1}{name}: {cell!r} {problem}")
    return value


def series_input(table: Table, spec: InputSpec) -> NDArray[np.float32]:
    """Return the input values of a table: its columns chosen, its first rows, normalised.

    Args:
        table: rows are steps of time. Where it and the network name columns, those are chosen, and
            others left out.
        spec: `series` of `[T]`, `[T, D]` or `[D, T]` (`time_axis` 1), or `vector`: one row or one
            column.

    Raises:
        InputError: the network takes no series; columns or rows are missing; a value is beyond
            float32.
    """
    values = table.values
    if spec.kind == "vector" and len(spec.shape) == 1:
        return _narrowed(_vector(table, spec), spec)
    length, width = series_shape(spec)
    if spec.names and table.names:
        missing = [name for name in spec.names if name not in table.names]
        if missing:
            raise InputError(
                f"CSV file without column {missing[0]!r}; it has {', '.join(table.names)}"
            )
        values = values[:, [table.names.index(name) for name in spec.names]]
    if values.shape[1] != width:
        raise InputError(f"CSV file of {values.shape[1]} columns, the network takes {width}")
    if len(values) < length:
        raise InputError(f"CSV file of {len(values)} rows, the network takes {length}")
    values = values[:length]
    if spec.mean and spec.std:
        values = (values - np.array(spec.mean)) / np.array(spec.std)
    if len(spec.shape) == 2 and spec.time_axis == 1:
        values = values.T
    return _narrowed(values, spec)


def series_shape(spec: InputSpec) -> tuple[int, int]:
    """Return (steps, columns) of the series that a network takes.

    Raises:
        InputError: it takes none.
    """
    if spec.kind != "series" or len(spec.shape) not in (1, 2):
        raise InputError(
            f"this network takes {spec.kind} inputs of shape {list(spec.shape)}, no table of numbers"
        )
    if len(spec.shape) == 1:
        return spec.shape[0], 1
    return spec.shape[spec.time_axis], spec.shape[1 - spec.time_axis]


def rows_needed(spec: InputSpec) -> int:
    """Return how many rows of a table a network may take; no more are read."""
    return spec.shape[0] if spec.kind == "vector" else series_shape(spec)[0]


def _vector(table: Table, spec: InputSpec) -> NDArray[np.float64]:
    values = table.values
    if table.is_cut:
        raise InputError(
            f"CSV file of more than {len(values)} rows, the network takes one row or one column of "
            f"{spec.shape[0]} numbers"
        )
    if len(values) == 1 and spec.names and table.names and set(spec.names) <= set(table.names):
        values = values[:, [table.names.index(name) for name in spec.names]]
    if 1 not in values.shape or values.size != spec.shape[0]:
        raise InputError(
            f"CSV file of {values.shape[0]} rows and {values.shape[1]} columns, the network takes "
            f"one row or one column of {spec.shape[0]} numbers"
        )
    return values


def _narrowed(values: NDArray[np.float64], spec: InputSpec) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        made: NDArray[np.float32] = np.ascontiguousarray(values, np.float32).reshape(spec.shape)
    if not np.isfinite(made).all():
        raise InputError("CSV file with values beyond float32")
    return made

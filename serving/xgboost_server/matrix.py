"""Rows of features as XGBoost wants them: float32, one width, NaN for a missing value, never infinite."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from xgboost_server import errors

Matrix: TypeAlias = npt.NDArray[np.float32]
"""n_rows × n_columns; predictions are n_rows or n_rows × n_outputs."""

Matrix64: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.int64]

FLOAT32_OVERFLOW = float(2**128 - 2**103)
"""The smallest magnitude that rounds to infinity in float32."""


def from_float64(values: Matrix64, *, first_row: int) -> Matrix:
    """The same rows in float32. Raises PayloadError naming a cell that float32 cannot hold.

    XGBoost would refuse such a cell in a DMatrix, and the whole batch with it; so it never gets there.
    ``first_row`` is the number of the first row within the request, from 1.
    """
    too_big = np.abs(values) >= FLOAT32_OVERFLOW
    if too_big.any():
        row, column = (int(index) for index in np.argwhere(too_big)[0])
        raise _infinite(first_row - 1 + row, column, values[row, column])
    return values.astype(np.float32)


class Sparse:
    """Rows of which only the values that are there are held: a few bytes may stand for a row of any width.

    Row i has values[starts[i]:starts[i + 1]] in columns[starts[i]:starts[i + 1]], no column twice. Slices share
    the arrays; only `widen` spends memory on what is missing.
    """

    __slots__ = ("_columns", "_starts", "_values", "shape")

    def __init__(self, starts: Indices, columns: Indices, values: Matrix, *, width: int) -> None:
        self._starts = starts
        self._columns = columns
        self._values = values
        self.shape = (len(starts) - 1, width)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> "Sparse":
        start, stop, _ = rows.indices(len(self))
        return Sparse(self._starts[start : stop + 1], self._columns, self._values, width=self.shape[1])

    def fill(self, rows: Matrix) -> None:
        """Write what there is into ``rows``, of as many rows and at least as many columns."""
        starts = self._starts
        held = slice(int(starts[0]), int(starts[-1]))
        places = np.repeat(np.arange(len(self)), np.diff(starts))
        rows[places, self._columns[held]] = self._values[held]


Rows: TypeAlias = "Matrix | Sparse"
"""What codecs read, of any width."""


def sparse(starts: Indices, columns: Indices, values: Matrix64, *, width: int) -> Sparse:
    """The rows, checked. Raises PayloadError naming a cell that float32 cannot hold or that is there twice.

    ``columns`` are from 0 and below 2**31, ``width`` is above all of them; errors count from 1.
    """
    rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    for index in np.flatnonzero(np.abs(values) >= FLOAT32_OVERFLOW)[:1]:
        raise _infinite(int(rows[index]), int(columns[index]), values[index])
    cells = rows * width + columns
    order = np.argsort(cells, kind="stable")
    for index in np.flatnonzero(np.diff(cells[order]) == 0)[:1]:
        row, column = int(rows[order[index]]), int(columns[order[index]])
        raise errors.PayloadError(f"row {row + 1}, column {column + 1} is there twice")
    return Sparse(starts, columns, values.astype(np.float32), width=width)


def _infinite(row: int, column: int, value: float) -> errors.PayloadError:
    return errors.PayloadError(
        f"row {row + 1}, column {column + 1}: {float(value)!r} is infinite as a 32-bit float"
    )


def too_wide(columns: int, width: int) -> errors.EvaluationError:
    """Why rows of so many columns are not for a model of this width."""
    return errors.EvaluationError(
        f"Feature size of inference data {columns} is not consistent "
        f"with feature size of trained model {width}."
    )


def widen(rows: Rows, width: int) -> Matrix:
    """``rows`` with exactly ``width`` columns, absent ones missing. Raises EvaluationError if there are more.

    Needed because XGBoost from 3.1 can answer wrongly for rows that are narrower than its model.
    """
    count, columns = rows.shape
    if columns == width and isinstance(rows, np.ndarray):
        return rows
    if columns > width:
        raise too_wide(columns, width)
    widened = np.full((count, width), np.nan, dtype=np.float32)
    if isinstance(rows, Sparse):
        rows.fill(widened)
    else:
        widened[:, :columns] = rows
    return widened

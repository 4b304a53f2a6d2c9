"""Rows of features as XGBoost wants them: float32, one width, NaN for a missing value, never infinite."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from xgboost_server import errors

Matrix: TypeAlias = npt.NDArray[np.float32]
"""n_rows × n_columns; predictions are n_rows or n_rows × n_outputs."""

Matrix64: TypeAlias = npt.NDArray[np.float64]

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
        raise errors.PayloadError(
            f"row {first_row + row}, column {column + 1}: "
            f"{float(values[row, column])!r} is infinite as a 32-bit float"
        )
    return values.astype(np.float32)


def widen(rows: Matrix, width: int) -> Matrix:
    """``rows`` with exactly ``width`` columns, absent ones missing. Raises EvaluationError if there are more.

    Needed because XGBoost from 3.1 can answer wrongly for rows that are narrower than its model.
    """
    count, columns = rows.shape
    if columns == width:
        return rows
    if columns > width:
        raise errors.EvaluationError(
            f"Feature size of inference data {columns} is not consistent "
            f"with feature size of trained model {width}."
        )
    widened = np.full((count, width), np.nan, dtype=np.float32)
    widened[:, :columns] = rows
    return widened

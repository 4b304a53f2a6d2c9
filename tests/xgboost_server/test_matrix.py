"""Rows as XGBoost wants them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xgboost_server import errors, matrix


@given(st.floats(allow_nan=False, width=64))
def test_a_number_is_refused_exactly_when_float32_makes_it_infinite(value: float) -> None:
    with np.errstate(over="ignore"):
        narrowed = np.float32(value)
    values = np.array([[0.0, value, np.nan]])
    if np.isinf(narrowed):
        with pytest.raises(errors.PayloadError, match="row 7, column 2"):
            matrix.from_float64(values, first_row=7)
    else:
        assert matrix.from_float64(values, first_row=1)[0, 1] == narrowed


def test_the_limit_is_where_float32_rounds_to_infinity() -> None:
    below = np.nextafter(matrix.FLOAT32_OVERFLOW, 0)
    assert np.isfinite(matrix.from_float64(np.array([[below]]), first_row=1)).all()
    with pytest.raises(errors.PayloadError):
        matrix.from_float64(np.array([[matrix.FLOAT32_OVERFLOW]]), first_row=1)


def test_missing_columns_are_missing_values() -> None:
    widened = matrix.widen(np.array([[1, 2]], dtype=np.float32), 4)
    assert widened.dtype == np.float32
    np.testing.assert_array_equal(widened, [[1, 2, np.nan, np.nan]])


def test_too_many_columns_cannot_be_evaluated() -> None:
    with pytest.raises(
        errors.EvaluationError,
        match=r"^Unable to evaluate payload provided: Feature size of inference data 3 is not consistent",
    ) as caught:
        matrix.widen(np.zeros((1, 3), dtype=np.float32), 2)
    assert caught.value.status == 400


def a_sparse() -> matrix.Sparse:
    """[[-, 1, -], [2, -, 3], [-, -, -]]."""
    starts, columns, values = [0, 1, 3, 3], [1, 2, 0], [1.0, 3.0, 2.0]
    return matrix.sparse(np.array(starts), np.array(columns), np.array(values), width=3)


def test_sparse_rows_are_widened_with_missing_values() -> None:
    nan = np.nan
    right = [[nan, 1, nan, nan], [2, nan, 3, nan], [nan] * 4]
    np.testing.assert_array_equal(matrix.widen(a_sparse(), 4), right)
    for start in range(4):
        for stop in range(start, 4):
            part = a_sparse()[start:stop]
            assert len(part) == stop - start
            np.testing.assert_array_equal(
                matrix.widen(part, 3), np.array(right)[start:stop, :3].reshape(-1, 3)
            )


def test_sparse_rows_with_too_many_columns_cannot_be_evaluated() -> None:
    with pytest.raises(errors.EvaluationError, match="Feature size of inference data 3 "):
        matrix.widen(a_sparse(), 2)


@pytest.mark.parametrize(
    ("columns", "values", "said"),
    [
        pytest.param([0, 1, 1], [1, 1, 1], "row 2, column 2 is there twice", id="twice"),
        pytest.param([0, 1, 2], [1, 1, -np.inf], "row 2, column 3: -inf is infinite", id="infinite"),
        pytest.param([0, 1, 2], [1, 1e39, np.inf], r"row 2, column 2: 1e\+39 is infinite", id="too big"),
    ],
)
def test_a_sparse_cell_that_cannot_be_is_named(columns: list[int], values: list[float], said: str) -> None:
    with pytest.raises(errors.PayloadError, match=said):
        matrix.sparse(np.array([0, 1, 3]), np.array(columns), np.array(values, dtype=np.float64), width=3)

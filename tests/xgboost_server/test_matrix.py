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

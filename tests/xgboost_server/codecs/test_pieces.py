"""Answers piece by piece."""

import numpy as np
import pytest

from xgboost_server.codecs import pieces


@pytest.mark.parametrize("rows", [1, pieces.ROWS, pieces.ROWS + 1, 3 * pieces.ROWS])
def test_the_pieces_are_all_rows_in_order_and_none_is_large(rows: int) -> None:
    predictions = np.arange(rows, dtype=np.float32)
    parts = list(pieces.of(predictions))
    assert max(map(len, parts)) <= pieces.ROWS
    np.testing.assert_array_equal(np.concatenate(parts), predictions)

"""Rows as JSON values."""

from typing import Any

import numpy as np
import pytest

from xgboost_server import errors
from xgboost_server.codecs import instances


@pytest.mark.parametrize(
    "item",
    [
        pytest.param([1, None, 2.5], id="list"),
        pytest.param({"features": [1, None, 2.5]}, id="features"),
        pytest.param({"data": {"features": {"values": [1, None, 2.5]}}}, id="common data format"),
        pytest.param({"features": [1, None, 2.5], "label": 4, "id": "x"}, id="other keys are ignored"),
    ],
)
def test_a_row_is_read_in_each_form(item: Any) -> None:
    (block,) = instances.blocks([item])
    assert block.tobytes() == np.array([[1, np.nan, 2.5]], dtype=np.float32).tobytes()


@pytest.mark.parametrize("item", [None, 5, "x", {}, {"features": 5}, {"data": {"features": {"keys": [1]}}}])
def test_anything_else_is_refused_with_the_forms(item: Any) -> None:
    with pytest.raises(errors.PayloadError, match=r"row 2: must be a list of numbers: \[1.0, null, …\] or"):
        list(instances.blocks([[1], item]))


def test_a_block_is_bounded_and_rows_count_on() -> None:
    items: list[Any] = [[1.0] * 1000 for _ in range(40)]
    assert [len(block) for block in instances.blocks(items)] == [16, 16, 8]
    items[39] = [1.0] * 999 + [True]
    with pytest.raises(errors.PayloadError, match="row 40, column 1000: true is not a number"):
        list(instances.blocks(items))

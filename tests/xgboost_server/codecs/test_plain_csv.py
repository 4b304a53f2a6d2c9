"""The fast way of CSV: what it reads is what `float` reads of each cell, and what it can't read it leaves alone."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xgboost_server import matrix
from xgboost_server.codecs import plain_csv

JSON_NUMBER = st.from_regex(r"\A-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?\Z")
LARGE = st.sampled_from(["5e307", "6e307", "-5e307", "5.0E+307", "1e308", "1e309", "3.4028236e38", "9" * 30])
STRANGE = st.sampled_from(
    ["[1", "1]", "[1]", "[1,2]", "null", "true", '"1"', "{}", "nan", "+1", ".5", "1.", " ", "007", "1_0", "x"]
)
CELL = st.one_of(JSON_NUMBER, st.just(""), LARGE, STRANGE)


def number(cell: str) -> float:
    return float(cell) if cell.strip() and "_" not in cell else math.nan


@given(width=st.integers(1, 5), data=st.data())
def test_plain_numbers_and_empty_cells_are_read_to_the_bit(width: int, data: st.DataObject) -> None:
    cell = JSON_NUMBER.filter(lambda text: abs(float(text)) < matrix.FLOAT32_OVERFLOW)
    rows = data.draw(
        st.lists(st.lists(cell | st.just(""), min_size=width, max_size=width), min_size=2, max_size=6)
    )
    got = plain_csv.read("\n".join(map(",".join, rows)).encode(), width)
    right = np.array([list(map(number, row)) for row in rows], dtype=np.float64).astype(np.float32)
    assert got is not None
    assert got.shape == right.shape
    assert np.array_equal(got, right, equal_nan=True)


@given(
    columns=st.integers(1, 4), rows=st.lists(st.lists(CELL, min_size=1, max_size=5), min_size=1, max_size=5)
)
def test_whatever_else_is_there_nothing_wrong_is_read(columns: int, rows: list[list[str]]) -> None:
    text = "\n".join(map(",".join, rows))
    got = plain_csv.read(text.encode(), columns)
    if got is None:
        return
    right = [list(map(number, line.split(","))) for line in text.split("\n")]
    assert {len(row) for row in right} == {columns}
    assert np.array_equal(got, np.array(right, dtype=np.float64).astype(np.float32), equal_nan=True)
    assert not np.isinf(got).any()


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        pytest.param(b"1,2\n,3,4,5", 3, id="a narrow row and a wide one that make up for each other"),
        pytest.param(b"1,2,5e307\n3,4,5", 3, id="the end of a row as a cell"),
        pytest.param(b"1,5e307,2\n3", 2, id="the end of a row in a row's place"),
        pytest.param(b"1,6e307\n,2", 2, id="the empty cell as a cell"),
        pytest.param(b"1,60000e303\n3,4", 2, id="the same in other words"),
        pytest.param(b"1,2\n[3,4]", 2, id="a list"),
        pytest.param(b"1,2\ntrue,4", 2, id="a word of JSON"),
        pytest.param(b"true", 1, id="a word of JSON alone"),
        pytest.param(b"1,2\n1e39,4", 2, id="too large for float32"),
        pytest.param(b"1e39", 1, id="too large for float32, alone"),
        pytest.param(b"1,2\n" + b"9" * 40 + b",4", 2, id="too many digits"),
        pytest.param(b"1,2", 3, id="too few"),
        pytest.param(b"1,2\n\n3,4", 2, id="a blank line"),
        pytest.param(b"\xff\n1", 1, id="no text"),
    ],
)
def test_what_is_not_plain_is_left_to_others(text: bytes, columns: int) -> None:
    assert plain_csv.read(text, columns) is None


def test_a_line_that_is_longer_than_any_block_is_read() -> None:
    values = np.arange(100_000, dtype=np.float32)
    got = plain_csv.read(b"\n".join([",".join(map(repr, values.tolist())).encode()] * 2), len(values))
    assert np.array_equal(np.asarray(got), np.stack([values, values]))

"""libsvm in; answers never are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xgboost_server import errors, matrix
from xgboost_server.codecs import text_libsvm

VALUES = st.one_of(st.just(float("nan")), st.floats(width=32, allow_nan=False, allow_infinity=False))
ROWS = st.integers(1, 6).flatmap(
    lambda columns: st.lists(st.lists(VALUES, min_size=columns, max_size=columns), min_size=1, max_size=6)
)


def read(body: bytes, width: int = 0) -> matrix.Matrix:
    (rows,) = text_libsvm.decode(body)
    return matrix.widen(rows, width or rows.shape[1])


def bits(rows: matrix.Matrix) -> bytes:
    """NaN is NaN, whatever its payload, and both zeros are one."""
    return bytes((np.where(np.isnan(rows), np.float32("nan"), rows) + np.float32(0)).tobytes())


@given(
    rows=ROWS,
    base=st.sampled_from([0, 1]),
    label=st.sampled_from([b"", b"1 ", b"-0.5 ", b"2,3 "]),
    newline=st.sampled_from([b"\n", b"\r\n"]),
)
def test_what_is_written_is_read_back_to_the_bit(
    rows: list[list[float]], base: int, label: bytes, newline: bytes
) -> None:
    rows[0][0] = 1.0  # else nothing would tell from where the indices count
    lines = []
    for row in rows:
        tokens = (b"%d:%r" % (i + base, value) for i, value in enumerate(row) if not np.isnan(value))
        lines.append((label or b"0 ") + b" ".join(tokens))
    right = np.array(rows, dtype=np.float64).astype(np.float32)
    assert bits(read(newline.join(lines), len(rows[0]))) == bits(right)


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        pytest.param(b"0:1 2:3", [[1, np.nan, 3]], id="from 0"),
        pytest.param(b"1:1 3:3", [[1, np.nan, 3]], id="from 1"),
        pytest.param(b"1 2:3 3:1", [[np.nan, 3, 1]], id="from 1, the first feature never there"),
        pytest.param(b"1 0:3\n0 1:4", [[3, np.nan], [np.nan, 4]], id="labels"),
        pytest.param(b"2:1 1:0", [[0, 1]], id="any order; a zero is a zero"),
        pytest.param(b"1:nan 2:5", [[np.nan, 5]], id="nan is missing"),
        pytest.param(b"1:1\n\n0\n1:2\n", [[1], [np.nan], [np.nan], [2]], id="rows without features"),
        pytest.param(b"1:16777217 2:0.1", [[16777216, np.float32(0.1)]], id="by way of float64"),
        pytest.param(b"1 1:2\t2:3  ", [[2, 3]], id="tabs and blanks"),
    ],
)
def test_features_are_read_wherever_they_stand_and_the_rest_are_missing(
    body: bytes, rows: list[list[float]]
) -> None:
    assert bits(read(body)) == bits(np.array(rows, dtype=np.float64).astype(np.float32))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b" \n", "there is no index:value", id="nothing"),
        pytest.param(b"1,2,3\n4,5,6", "there is no index:value .if it is another format, name it", id="csv"),
        pytest.param(b"1:2\n0 qid:3 1:4", "row 2: 'qid:3' is not index:value", id="query"),
        pytest.param(b"0 1:2 5", "row 1: '5' is not index:value", id="a second label"),
        pytest.param(b"0 1:2 # 7:1", "row 1: '#' is not index:value", id="comment"),
        pytest.param(b"0 1:2\n# 7:1", "row 2: '#' is not index:value", id="line of comment"),
        pytest.param(b"#0 1:2", "row 1: '#0' is not index:value", id="row in a comment"),
        pytest.param(b"0 1:2#", "row 1: '1:2#' is not index:value", id="comment at a value"),
        pytest.param(b"0 1:2:3", "row 1: '1:2:3' is not index:value", id="two colons"),
        pytest.param(b"0 1:x", "row 1: '1:x' is not", id="text"),
        pytest.param(b"0 -1:2", "row 1: '-1:2' is not", id="negative index"),
        pytest.param(b"0 1:1_0", "row 1: '1:1_0' is not", id="underscore"),
        pytest.param(b"0 2147483648:1", "row 1: '2147483648:1' is not", id="index beyond all models"),
        pytest.param(b"0 99999999999999999999:1", "row 1: '9+:1' is not", id="index beyond 64 bits"),
        pytest.param(b"0:1\n0:1 1:2 1:3", "row 2, column 2 is there twice", id="index twice"),
        pytest.param(b"1:1\n2:1e39", r"row 2, column 2: 1e\+39 is infinite", id="too big"),
        pytest.param(b"1:-inf", "row 1, column 1: -inf is infinite", id="infinity"),
        pytest.param(b"0 " + b"y" * 99 + b":1", "'" + "y" * 40 + "…' is", id="long text is cut"),
    ],
)
def test_what_is_no_token_is_refused_with_its_place(body: bytes, said: str) -> None:
    with pytest.raises(errors.PayloadError, match=said):
        read(body)


def test_a_huge_index_costs_no_memory_until_the_model_refuses_it() -> None:
    (rows,) = text_libsvm.decode(b"0:1\n" * 1000 + b"2147483647:1")
    assert rows.shape == (1001, 2**31)
    with pytest.raises(errors.EvaluationError, match="Feature size of inference data 2147483648 is not"):
        matrix.widen(rows, 5)

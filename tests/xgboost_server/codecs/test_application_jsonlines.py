"""JSON Lines in and out."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xgboost_server import errors, matrix
from xgboost_server.codecs import application_jsonlines

VALUES = st.one_of(
    st.none(), st.integers(-(2**53), 2**53), st.floats(width=32, allow_nan=False, allow_infinity=False)
)
ROWS = st.integers(1, 6).flatmap(
    lambda columns: st.lists(st.lists(VALUES, min_size=columns, max_size=columns), min_size=1, max_size=6)
)


def read(body: bytes) -> matrix.Matrix:
    return np.concatenate(list(application_jsonlines.decode(body)))


@given(rows=ROWS, named=st.booleans(), newline=st.sampled_from(["\n", "\r\n"]), last=st.booleans())
def test_what_python_writes_is_read_back_to_the_bit(
    rows: list[list[float | None]], named: bool, newline: str, last: bool
) -> None:
    right = np.array(rows, dtype=np.float64).astype(np.float32)
    lines = [json.dumps({"features": row} if named else row) for row in rows]
    assert (read((newline.join(lines) + newline * last).encode()) + 0).tobytes() == (right + 0).tobytes()


@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [b"[1,2]", b'{"features":[1,null]}', b"[", b"{}", b"", b"1", b"null", b'["x",1]']
            ),
            st.binary(max_size=10),
        ),
        max_size=5,
    )
)
def test_any_lines_are_rows_or_refused(lines: list[bytes]) -> None:
    try:
        rows = read(b"\n".join(lines))
    except errors.PayloadError:
        return
    assert rows.ndim == 2
    assert not np.isinf(rows).any()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b" \n", "row 1: not JSON", id="nothing"),
        pytest.param(b"[1]\n[2", "row 2: not JSON", id="truncated"),
        pytest.param(b"[1]\n\n[2]", "row 2: not JSON", id="blank line inside"),
        pytest.param(b"[1, 2],[3]\n[4]", "row 1: not JSON", id="two rows in a line"),
        pytest.param(b"1\n2", "row 1: must be a list", id="numbers"),
        pytest.param(b"[1, 2]\n[3]", "row 2 has 1 values, row 1 has 2", id="ragged"),
        pytest.param(b'[1]\n{"features": ["x"]}', 'row 2, column 1: "x" is not a number', id="text"),
        pytest.param(b"[1]\n[1e39]", r"row 2, column 1: 1e\+39 is infinite", id="too big"),
    ],
)
def test_what_is_no_row_of_numbers_is_refused_with_its_place(body: bytes, said: str) -> None:
    with pytest.raises(errors.PayloadError, match=said):
        read(body)


def test_an_answer_is_a_score_a_line() -> None:
    predictions = np.array([[0.5, np.nan], [1, 2]], dtype=np.float32)
    assert application_jsonlines.encode(predictions) == b'{"score":[0.5,null]}\n{"score":[1.0,2.0]}\n'
    assert application_jsonlines.encode(predictions[:, 0]) == b'{"score":0.5}\n{"score":1.0}\n'


def test_selected_values_are_an_object_a_line() -> None:
    selected = [{"predicted_label": 1.0, "probability": float("nan")}, {"predicted_label": 0.0}]
    assert application_jsonlines.encode_selected([selected]) == (
        b'{"predicted_label":1.0,"probability":null}\n{"predicted_label":0.0}\n'
    )

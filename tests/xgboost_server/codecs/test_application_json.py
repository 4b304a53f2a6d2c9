"""JSON in and out."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xgboost_server import errors, matrix
from xgboost_server.codecs import application_json

VALUES = st.one_of(
    st.none(), st.integers(-(2**53), 2**53), st.floats(width=32, allow_nan=False, allow_infinity=False)
)
ROWS = st.integers(1, 6).flatmap(
    lambda columns: st.lists(st.lists(VALUES, min_size=columns, max_size=columns), min_size=1, max_size=6)
)
DOCUMENTS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["instances", "features", "x"]), inner, max_size=2),
    ),
    max_leaves=12,
)


def read(body: bytes | str) -> matrix.Matrix:
    return np.concatenate(list(application_json.decode(body if isinstance(body, bytes) else body.encode())))


@given(rows=ROWS, named=st.booleans())
def test_what_python_writes_is_read_back_to_the_bit(rows: list[list[float | None]], named: bool) -> None:
    right = np.array(rows, dtype=np.float64).astype(np.float32)
    document = {"instances": [{"features": row} if named else row for row in rows]}
    assert (read(json.dumps(document)) + 0).tobytes() == (right + 0).tobytes()


@given(st.one_of(DOCUMENTS, DOCUMENTS.map(lambda content: {"instances": content})))
def test_any_document_is_rows_or_refused(document: object) -> None:
    try:
        rows = read(json.dumps(document))
    except errors.PayloadError:
        return
    assert rows.ndim == 2
    assert not np.isinf(rows).any()


@given(st.binary(max_size=50))
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(errors.PayloadError, match="Loading json data failed with Exception, please ensure"):
        read(b"?" + body)


@pytest.mark.parametrize(
    ("document", "rows"),
    [
        pytest.param('{"instances": [[1, 2], [3, null]]}', [[1, 2], [3, np.nan]], id="instances"),
        pytest.param("[[1, 2], [3, 4]]", [[1, 2], [3, 4]], id="just rows"),
        pytest.param("[1, null]", [[1, np.nan]], id="just one row"),
        pytest.param('[{"features": [1, 2]}]', [[1, 2]], id="just rows with features"),
        pytest.param('{"instances": [{"features": [1]}, [2]]}', [[1], [2]], id="both forms"),
        pytest.param(
            '{"instances": [{"data": {"features": {"values": [1, 2]}}}]}', [[1, 2]], id="common data format"
        ),
        pytest.param("[[NaN, 1], [2, NaN]]", [[np.nan, 1], [2, np.nan]], id="NaN, as Python writes it"),
    ],
)
def test_rows_are_read_in_each_form(document: str, rows: list[list[float]]) -> None:
    assert read(document).tobytes() == np.array(rows, dtype=np.float32).tobytes()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param("{", "not JSON", id="truncated"),
        pytest.param("[]", "there is no row", id="empty list"),
        pytest.param("[[], []]", "row 1 has no values", id="empty rows"),
        pytest.param('"rows"', "it must be {", id="text"),
        pytest.param('[1, "x"]', 'row 1, column 2: "x" is not a number', id="one row with text"),
        pytest.param('{"instances": []}', "there is no row", id="no rows"),
        pytest.param('{"instances": 5}', "it must be {", id="no list"),
        pytest.param('{"instances": [1, 2]}', "row 1: must be a list", id="flat list"),
        pytest.param('{"instances": [{"date": [1]}]}', "row 1: must be a list", id="other key"),
        pytest.param('{"instances": [[1, 2], [3]]}', "row 2 has 1 values, row 1 has 2", id="ragged"),
        pytest.param('{"instances": [[1, "2"]]}', 'row 1, column 2: "2" is not a number', id="text"),
        pytest.param('{"instances": [[true]]}', "row 1, column 1: true is not a number", id="boolean"),
        pytest.param('{"instances": [[1], [[2]]]}', r"row 2, column 1: \[2\] is not a number", id="nested"),
        pytest.param("[[1NaN]]", "not JSON", id="NaN within a number"),
        pytest.param("[[-NaN]]", "not JSON", id="negative NaN"),
        pytest.param("[[Infinity]]", "not JSON", id="infinity"),
        pytest.param('{"instances": [[1, 1e39]]}', r"row 1, column 2: 1e\+39 is infinite", id="too big"),
    ],
)
def test_what_is_no_row_of_numbers_is_refused_with_its_place(body: str, said: str) -> None:
    with pytest.raises(errors.PayloadError, match=said):
        read(body)


def test_many_rows_come_in_blocks_and_keep_count() -> None:
    rows: list[list[object]] = [[float(number), None] for number in range(20000)]
    assert len(list(application_json.decode(json.dumps({"instances": rows}).encode()))) == 3
    rows[19999][1] = "x"
    with pytest.raises(errors.PayloadError, match='row 20000, column 2: "x"'):
        read(json.dumps({"instances": rows}))


def test_an_answer_has_a_score_for_each_row() -> None:
    assert json.loads(application_json.encode(np.array([0.1, 1], dtype=np.float32))) == {
        "predictions": [{"score": float(np.float32(0.1))}, {"score": 1.0}]
    }


def test_several_outputs_are_a_list_and_what_is_not_finite_is_null() -> None:
    written = application_json.encode(np.array([[0.5, np.nan, np.inf]], dtype=np.float32))
    assert json.loads(written) == {"predictions": [{"score": [0.5, None, None]}]}


def test_selected_values_are_the_predictions() -> None:
    selected = [{"predicted_label": 1, "probabilities": [0.25, 0.75], "predicted_score": float("nan")}]
    assert json.loads(application_json.encode_selected([selected])) == {
        "predictions": [{"predicted_label": 1, "probabilities": [0.25, 0.75], "predicted_score": None}]
    }

"""CSV in and out."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies

from xgboost_server import errors, matrix
from xgboost_server.codecs import text_csv

FLOATS = st.floats(width=32, allow_nan=True, allow_infinity=False)
MATRICES = numpy_strategies.arrays(
    np.float32, numpy_strategies.array_shapes(min_dims=2, max_dims=2, max_side=8), elements=FLOATS
)


def read(body: bytes) -> matrix.Matrix:
    return np.concatenate(list(text_csv.decode(body)))


def bits(rows: matrix.Matrix) -> bytes:
    """NaN is NaN, whatever its payload, and both zeros are one."""
    return bytes((np.where(np.isnan(rows), np.float32("nan"), rows) + np.float32(0)).tobytes())


@given(
    rows=MATRICES,
    delimiter=st.sampled_from(",\t;|"),
    newline=st.sampled_from(["\n", "\r\n"]),
    last=st.booleans(),
)
def test_what_python_writes_is_read_back_to_the_bit(
    rows: matrix.Matrix, delimiter: str, newline: str, last: bool
) -> None:
    lines = [delimiter.join("nan" if np.isnan(v) else repr(v) for v in row) for row in rows.tolist()]
    assert bits(read((newline.join(lines) + newline * last).encode())) == bits(rows)


@given(
    st.lists(
        st.from_regex(rb"\A[+-]?[0-9]{0,25}\.?[0-9]{0,25}([eE][+-]?[0-9]{1,2})?\Z"), min_size=1, max_size=6
    )
)
def test_the_fast_way_reads_numbers_as_float_does(cells: list[bytes]) -> None:
    try:
        wide = np.array([[float(cell) if cell else np.nan for cell in cells]], dtype=np.float64)
        right = matrix.from_float64(wide, first_row=1)
    except (ValueError, errors.PayloadError):
        with pytest.raises(errors.PayloadError):
            read(b",".join(cells))
    else:
        if any(cells):
            assert bits(read(b",".join(cells))) == bits(right)


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        pytest.param(b"1,2\n3,4", [[1, 2], [3, 4]], id="plain"),
        pytest.param(b"\n1,2\n\n", [[1, 2]], id="blank lines around"),
        pytest.param(b"1,,3", [[1, np.nan, 3]], id="empty cell"),
        pytest.param(b",,\n1,2,3", [[np.nan] * 3, [1, 2, 3]], id="row of empty cells"),
        pytest.param(b"1, ,3", [[1, np.nan, 3]], id="blank cell"),
        pytest.param(b"+1,.5,5.,007, 8", [[1, 0.5, 5, 7, 8]], id="numbers that JSON does not know"),
        pytest.param(b"1\t\t3", [[1, np.nan, 3]], id="tabs"),
        pytest.param(b"\t2\t3", [[np.nan, 2, 3]], id="tabs, first cell empty"),
        pytest.param(b"1 2 3\n4 5 6", [[1, 2, 3], [4, 5, 6]], id="blanks"),
        pytest.param(b"1;2", [[1, 2]], id="semicolons"),
        pytest.param(b"1#2#3", [[1, 2, 3]], id="sniffed"),
        pytest.param(b"5", [[5]], id="one cell"),
        pytest.param(b"-1.5e-3\n2", [[-1.5e-3], [2]], id="one column"),
        pytest.param(b"16777217,0.1", [[16777216, np.float32(0.1)]], id="by way of float64"),
        pytest.param(b"3.4028235e+38,-3e38", [[3.4028235e38, -3e38]], id="the biggest"),
    ],
)
def test_rows_are_read_however_cells_are_spelled_and_separated(body: bytes, rows: list[list[float]]) -> None:
    assert bits(read(body)) == bits(np.array(rows, dtype=np.float64).astype(np.float32))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b"\r\n \n", "there is no row", id="nothing"),
        pytest.param(
            b"a,b\n1,2", r"row 1, column 1: 'a' is not a number \(send rows of numbers only", id="header"
        ),
        pytest.param(b"1,2\n3,x", "row 2, column 2: 'x' is not a number$", id="text"),
        pytest.param(b"1,2\n3", "row 2 has 1 column, row 1 has 2 columns", id="narrower"),
        pytest.param(b"1\n2,3", "row 2, column 1|row 2 has 2 columns, row 1 has 1 column", id="wider"),
        pytest.param(b"1,2\n\n3,4", "row 2 has 1 column", id="blank line inside"),
        pytest.param(b"1;2;3\n4,5;6", "row 2 has 2 columns, row 1 has 3", id="another delimiter, narrower"),
        pytest.param(b"1;2;3\n4;5,6", "row 2 has 2 columns", id="another delimiter, narrower at the end"),
        pytest.param(b"1 2 3\n4,,6", "row 2 has 1 column", id="commas where there were blanks"),
        pytest.param(b"1;2\n3;4,5", "row 2, column 2: '4,5' is not a number", id="comma in a cell"),
        pytest.param(b"1,inf", "row 1, column 2: inf is infinite", id="infinity"),
        pytest.param(
            b"1,2\n-1e39,4", r"row 2, column 1: -1e\+39 is infinite as a 32-bit float", id="too big"
        ),
        pytest.param(b"1,1e999", "row 1, column 2: inf is infinite", id="too big for 64 bits"),
        pytest.param(b"1_000,2", "column 1: '1_000' is not a number", id="underscore"),
        pytest.param(b"1_000", "column 1: '1_000' is not a number", id="underscore, one column"),
        pytest.param(b"true,1", "column 1: 'true' is not a number", id="JSON in a cell"),
        pytest.param(b"[1],2", "column 1: '\\[1\\]' is not a number", id="JSON list in a cell"),
        pytest.param(b'"1",2', "column 1: '\"1\"' is not a number", id="quotes"),
        pytest.param(b"1,\xff", "column 2: '\ufffd' is not a number", id="no text"),
        pytest.param(b"1," + b"y" * 99, "'" + "y" * 40 + "…' is", id="long text is cut"),
    ],
)
def test_what_is_no_number_is_refused_with_its_place(body: bytes, said: str) -> None:
    with pytest.raises(errors.PayloadError, match=said):
        read(body)


def test_large_bodies_come_in_blocks_and_keep_count() -> None:
    line = b"1.5," * 20 + b"2\n"
    body = line * 5000
    blocks = list(text_csv.decode(body))
    assert len(blocks) > 3
    assert sum(len(block) for block in blocks) == 5000
    with pytest.raises(errors.PayloadError, match="row 5001, column 3: 'x'"):
        read(body + line.replace(b"1.5,1.5,1.5", b"1.5,1.5,x", 1))
    with pytest.raises(errors.PayloadError, match="row 5001 has 22 columns, row 1 has 21 columns"):
        read(body + b"1," + line)


@pytest.mark.parametrize("cell", [b"nan", b".5", b"+1", b"007", b" "])
def test_what_is_read_slowly_comes_in_small_blocks_and_keeps_count(cell: bytes) -> None:
    line = cell + b",1" * 9 + b"\n"
    count = 60 * 1024 // len(line)
    blocks = list(text_csv.decode(line * count))
    assert max(map(len, blocks)) * len(line) < 4096
    rows = np.concatenate(blocks)
    assert (len(rows), bool((rows[:, 1:] == 1).all())) == (count, True)
    with pytest.raises(errors.PayloadError, match=f"row {count + 1}, column 1: 'x' is not a number"):
        read(line * count + b"x" + b",1" * 9)


def test_windows_lines_are_read_as_fast_wherever_a_cell_is_empty() -> None:
    body = b"1,,3,\r\n" * 9000 + b"4,5,6,\r\n"
    blocks = list(text_csv.decode(body))
    assert len(blocks) == 1, "what is read cell by cell comes in smaller ones"
    last = np.array([[1, np.nan, 3, np.nan], [4, 5, 6, np.nan]], dtype=np.float32)
    assert bits(blocks[0][-2:]) == bits(last)
    assert bits(read(body * 5)) == bits(np.concatenate([blocks[0]] * 5))


@pytest.mark.parametrize("body", [b"1\r2,3", b"1,2\r3", b"1,2\n3,4\r5\n7,"])
def test_a_carriage_return_alone_ends_no_row(body: bytes) -> None:
    with pytest.raises(errors.PayloadError, match=r"\\r.*is not a number"):
        read(body)


@given(MATRICES)
def test_answers_are_the_widened_floats(predictions: matrix.Matrix) -> None:
    written = text_csv.encode(predictions)
    assert written.endswith(b"\n")
    assert bits(
        np.array([line.split(b",") for line in written.splitlines()], dtype=np.float64).astype(np.float32)
    ) == (bits(predictions))


@given(MATRICES)
def test_each_number_is_written_as_python_writes_it(predictions: matrix.Matrix) -> None:
    lines = [",".join(map(repr, row)) for row in predictions.tolist()]
    assert text_csv.encode(predictions).decode() == "\n".join(lines) + "\n"


@pytest.mark.parametrize("value", [1e-4, 9.9e-5, 1e-5, 1e-7, 9.9e15, 1e16, 123456.0, -0.0, np.inf, np.nan])
def test_small_and_large_numbers_are_written_as_python_writes_them(value: float) -> None:
    predictions = np.array([0.5, value], dtype=np.float32)
    right = "".join(f"{number!r}\n" for number in predictions.tolist())
    assert text_csv.encode(predictions).decode() == right


def test_one_output_is_one_number_a_line() -> None:
    assert text_csv.encode(np.array([0.1, 1], dtype=np.float32)) == b"0.10000000149011612\n1.0\n"


def test_several_outputs_are_joined_and_in_batch_mode_a_list() -> None:
    predictions = np.array([[0.25, 0.75], [1, 0]], dtype=np.float32)
    assert text_csv.encode(predictions) == b"0.25,0.75\n1.0,0.0\n"
    assert text_csv.encode_batch(predictions) == b"[0.25, 0.75]\n[1.0, 0.0]\n"
    assert text_csv.encode_batch(predictions[:, 0]) == text_csv.encode(predictions[:, 0])


def test_selected_values_are_cells_and_lists_are_quoted() -> None:
    selected: list[dict[str, Any]] = [
        {"predicted_label": 1, "probabilities": [0.25, 0.75], "x": float("nan")},
        {"a": 0.5},
    ]
    assert text_csv.encode_selected([selected]) == b'1,"[0.25, 0.75]",nan\n0.5'
    assert text_csv.encode_selected_batch([selected]) == b'1,"[0.25, 0.75]",nan\n0.5\n'

"""recordio-protobuf in and out, against Amazon's own writer."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from grpc_tools import protoc
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies

from tests.xgboost_server.recordings import record
from xgboost_server import errors, matrix
from xgboost_server.codecs import record_pb2, recordio, recordio_protobuf

FLOATS = st.floats(width=32, allow_nan=True, allow_infinity=False)
MATRICES = numpy_strategies.arrays(
    np.float32, numpy_strategies.array_shapes(min_dims=2, max_dims=2, max_side=8), elements=FLOATS
)
SERVING = Path(recordio_protobuf.__file__).resolve().parents[2]


def read(body: bytes) -> matrix.Matrix:
    blocks = list(recordio_protobuf.decode(body))
    return np.concatenate([matrix.widen(block, block.shape[1]) for block in blocks])


def bits(rows: matrix.Matrix) -> bytes:
    """NaN is NaN, whatever its payload, and both zeros are one."""
    return bytes((np.where(np.isnan(rows), np.float32("nan"), rows) + np.float32(0)).tobytes())


def a_record(kind: str = "float32_tensor", **fields: Any) -> bytes:
    written = record_pb2.Record()
    tensor = getattr(written.features["values"], kind)
    tensor.SetInParent()
    for name, values in fields.items():
        getattr(tensor, name).extend(values)
    return written.SerializeToString()


def test_the_generated_module_is_what_protoc_makes_of_the_definition(tmp_path: Path) -> None:
    source = "xgboost_server/codecs/record.proto"
    arguments = [f"-I{SERVING}", f"--python_out={tmp_path}", f"--pyi_out={tmp_path}", str(SERVING / source)]
    assert protoc.main(["protoc", *arguments]) == 0
    for name in ("record_pb2.py", "record_pb2.pyi"):
        assert (tmp_path / source).with_name(name).read_text() == (SERVING / source).with_name(
            name
        ).read_text()


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("float32", record.dense()),
        ("float64", record.dense()),
        ("int32", record.whole()),
        ("labels", record.dense()),
        ("sparse32", np.where(record.sparse() == 0, np.nan, record.sparse())),
        ("sparse64", np.where(record.sparse() == 0, np.nan, record.sparse())),
    ],
)
def test_what_amazons_writer_wrote_is_read_to_the_bit(name: str, rows: "np.typing.NDArray[Any]") -> None:
    body = (record.FOLDER / f"{name}.recordio").read_bytes()
    assert bits(read(body)) == bits(rows.astype(np.float32))


@given(
    rows=MATRICES,
    kind=st.sampled_from(["float32_tensor", "float64_tensor"]),
    has_shape=st.booleans(),
    is_sparse=st.booleans(),
)
def test_what_is_written_is_read_back_to_the_bit(
    rows: matrix.Matrix, kind: str, has_shape: bool, is_sparse: bool
) -> None:
    records = []
    for row in rows.tolist():
        fields = {"shape": [len(row)]} if has_shape or is_sparse else {}
        keys = [index for index, value in enumerate(row) if not np.isnan(value)]
        if is_sparse:
            fields |= {"keys": keys, "values": [row[key] for key in keys]}
        else:
            fields["values"] = row
        records.append(a_record(kind, **fields))
    assert bits(read(recordio.write(records))) == bits(rows)


@given(MATRICES)
def test_answers_are_labels_that_hold_the_float32(predictions: matrix.Matrix) -> None:
    for answer in (predictions, predictions[:, 0]):
        records = list(recordio.read(recordio_protobuf.encode(answer)))
        found = [record_pb2.Record.FromString(content).label["score"].float32_tensor for content in records]
        assert bits(
            np.array([tensor.values for tensor in found], dtype=np.float32).reshape(answer.shape)
        ) == (bits(answer))


def test_selected_values_are_labels_by_key() -> None:
    selected: list[dict[str, Any]] = [
        {"predicted_label": 1, "probabilities": [0.25, 0.75]},
        {"predicted_label": float("nan")},
    ]
    one, two = recordio.read(recordio_protobuf.encode_selected([selected]))
    labels = record_pb2.Record.FromString(one).label
    assert {key: list(labels[key].float32_tensor.values) for key in labels} == {
        "predicted_label": [1.0],
        "probabilities": [0.25, 0.75],
    }
    assert np.isnan(record_pb2.Record.FromString(two).label["predicted_label"].float32_tensor.values[0])


@given(st.binary(max_size=60), st.integers(0, 300), st.integers(0, 255))
def test_damaged_records_are_rows_or_refused(noise: bytes, at: int, byte: int) -> None:
    whole = (record.FOLDER / "sparse64.recordio").read_bytes()
    damaged = bytearray(whole)
    damaged[at % len(whole)] = byte
    for body in (noise, recordio.write([noise]), whole[:at], bytes(damaged)):
        try:
            blocks = list(recordio_protobuf.decode(body))
            rows = np.concatenate([matrix.widen(block, 1000) for block in blocks])
        except errors.RequestError:
            continue
        assert rows.ndim == 2
        assert not np.isinf(rows).any()


NONE = record_pb2.Record().SerializeToString()
TWO = a_record(values=[1, 2])


@pytest.mark.parametrize(
    ("records", "rows"),
    [
        pytest.param([TWO, a_record("int32_tensor", values=[3, -4])], [[1, 2], [3, -4]], id="mixed types"),
        pytest.param(
            [TWO, a_record(keys=[1], values=[0], shape=[2])], [[1, 2], [np.nan, 0]], id="dense and sparse"
        ),
        pytest.param(
            [a_record(keys=[3], values=[5]), a_record(keys=[0], values=[6])],
            [[np.nan, np.nan, np.nan, 5], [6, np.nan, np.nan, np.nan]],
            id="sparse without shape",
        ),
        pytest.param([a_record(shape=[3])], [[np.nan] * 3], id="a shape and nothing in it"),
        pytest.param([a_record(values=[1, 2], shape=[1, 2])], [[1, 2]], id="a matrix of one row"),
    ],
)
def test_dense_and_sparse_records_are_read_as_rows_of_one_width(
    records: list[bytes], rows: list[list[float]]
) -> None:
    assert bits(read(recordio.write(records))) == bits(np.array(rows, dtype=np.float32))


@pytest.mark.parametrize(
    ("records", "said"),
    [
        pytest.param([], "there is no record", id="nothing"),
        pytest.param([TWO, b"\xff"], "record 2 is no protobuf message of the type Record", id="no message"),
        pytest.param([NONE], "record 1 has no features under the key 'values'", id="no features"),
        pytest.param([a_record("bytes", value=[b"x"])], "record 1 holds bytes where a tensor", id="bytes"),
        pytest.param([a_record()], "record 1 has no values", id="no values"),
        pytest.param([TWO, a_record(values=[1])], "record 2 has 1 columns, record 1 has 2", id="ragged"),
        pytest.param(
            [a_record(values=[1, 2], shape=[3])], "has 2 values, its shape has room for 3", id="shape"
        ),
        pytest.param([a_record(keys=[1], values=[1, 2])], "record 1 has 1 keys and 2 values", id="keys"),
        pytest.param(
            [a_record(keys=[3], values=[1], shape=[3])], "has the key 3, but only 3 columns", id="key"
        ),
        pytest.param([a_record(keys=[2**40], values=[1])], "has the key 1099511627776", id="huge key"),
        pytest.param([a_record(shape=[2**20, 2**20])], "has a shape of 2147483648 values or more", id="huge"),
        pytest.param(
            [a_record(keys=[1, 1], values=[1, 2])], "row 1, column 2 is there twice", id="key twice"
        ),
        pytest.param(
            [TWO, a_record("float64_tensor", values=[1, 1e39])],
            r"row 2, column 2: 1e\+39 is inf",
            id="too big",
        ),
    ],
)
def test_what_is_no_row_is_refused_with_its_place(records: list[bytes], said: str) -> None:
    with pytest.raises(errors.PayloadError, match=said):
        read(recordio.write(records))


def test_many_rows_come_in_blocks_and_keep_count() -> None:
    records = [a_record(values=[1.0] * 100)] * 1000
    assert [len(block) for block in recordio_protobuf.decode(recordio.write(records))] == [655, 345]
    records[999] = a_record(values=[1.0] * 99 + [float("inf")])
    with pytest.raises(errors.PayloadError, match="row 1000, column 100: inf is infinite"):
        read(recordio.write(records))

"""Open Inference requests in, responses out."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies

from xgboost_server import errors, matrix
from xgboost_server.codecs import open_inference

CODES = {
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
    "BOOL": "|b1",
    "INT8": "<i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "UINT8": "<u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
}
SHAPES = numpy_strategies.array_shapes(min_dims=1, max_dims=2, max_side=6)
DOCUMENTS = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-2, 3), st.floats(), st.sampled_from(["FP32", "output-0"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["inputs", "outputs", "name", "shape", "datatype", "data", "parameters"]), inner
        ),
    ),
    max_leaves=10,
)


def tensors(datatype: str) -> st.SearchStrategy[Any]:
    """Arrays of values that float32 can hold."""
    kind = np.dtype(CODES[datatype])
    elements = None
    if kind.kind == "f":
        elements = st.floats(width=min(32, kind.itemsize * 8), allow_infinity=False)  # type: ignore[arg-type]
    return numpy_strategies.arrays(kind, SHAPES, elements=elements)


def read(body: bytes, length: bytes | None = None) -> matrix.Matrix:
    return np.concatenate(list(open_inference.decode(body, length).blocks()))


def a_request(tensor: dict[str, Any] | None = None, **members: Any) -> bytes:
    whole = {"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3, 4], **(tensor or {})}
    return json.dumps(
        {"inputs": [{key: value for key, value in whole.items() if value is not None}], **members}
    ).encode()


def bits(rows: "np.typing.NDArray[Any]") -> bytes:
    """NaN is NaN, whatever its payload, and both zeros are one."""
    single = rows.astype(np.float64).astype(np.float32)
    return bytes((np.where(np.isnan(single), np.float32("nan"), single) + np.float32(0)).tobytes())


@given(data=st.data(), datatype=st.sampled_from(sorted(CODES)), is_nested=st.booleans())
def test_json_and_binary_tensors_are_read_to_the_bit(
    data: st.DataObject, datatype: str, is_nested: bool
) -> None:
    tensor = data.draw(tensors(datatype))
    values = tensor.tolist() if is_nested else tensor.ravel().tolist()
    said = {"shape": list(tensor.shape), "datatype": datatype}
    text = json.dumps(values).replace("NaN", "null")
    right = bits(np.atleast_2d(tensor))
    assert bits(read(a_request({**said, "data": json.loads(text)}))) == right
    content = tensor.tobytes()
    head = a_request({**said, "data": None, "parameters": {"binary_data_size": len(content)}})
    assert bits(read(head + content, b"%d" % len(head))) == right


@given(st.one_of(DOCUMENTS, DOCUMENTS.map(lambda inner: {"inputs": [inner]})), st.binary(max_size=12))
def test_any_request_is_rows_or_refused(document: Any, noise: bytes) -> None:
    text = json.dumps(document).encode()
    for body, length in ((text, None), (text + noise, b"%d" % len(text)), (noise, None), (noise, b"3")):
        try:
            rows = read(body, length)
        except errors.PayloadError:
            continue
        assert rows.ndim == 2


def test_one_dimension_is_one_row() -> None:
    assert open_inference.decode(a_request({"shape": [4]}), None).shape == (1, 4)
    np.testing.assert_array_equal(read(a_request({"shape": [4]})), [[1, 2, 3, 4]])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b"{", "the request is not JSON", id="no JSON"),
        pytest.param(b"[]", "the request must be an object", id="list"),
        pytest.param(a_request(id=5), "id must be a string", id="id"),
        pytest.param(b"{}", "inputs must be a list of one tensor", id="no inputs"),
        pytest.param(b'{"inputs": [{}, {}]}', "inputs must be a list of one tensor", id="two inputs"),
        pytest.param(b'{"inputs": [5]}', "the input must be an object", id="input"),
        pytest.param(a_request({"name": 5}), "the input's name must be a string", id="name"),
        pytest.param(
            a_request({"datatype": "BYTES"}), "datatype must be one of FP16, FP32, FP64", id="datatype"
        ),
        pytest.param(a_request({"datatype": ["FP32"]}), "datatype must be one of", id="datatype, list"),
        pytest.param(a_request({"shape": [1, 2, 2]}), r"shape must be \[rows, features\]", id="three sides"),
        pytest.param(a_request({"shape": [0, 2]}), r"shape must be \[rows, features\]", id="no rows"),
        pytest.param(a_request({"shape": [2.0, 2]}), r"shape must be \[rows, features\]", id="fraction"),
        pytest.param(a_request({"shape": [True, 4]}), r"shape must be \[rows, features\]", id="boolean"),
        pytest.param(a_request({"shape": [2**20, 2**20]}), "shape has 2147483648 values or more", id="huge"),
        pytest.param(a_request({"shape": [3, 2]}), "the input has 4 values, its shape has 6", id="too few"),
        pytest.param(a_request({"data": None}), "the input must have data", id="no data"),
        pytest.param(a_request({"data": "1234"}), "the input must have data", id="text as data"),
        pytest.param(
            a_request({"data": [[1, 2, 3], [4]]}), "must be 2 lists of 2 values, as its shape", id="ragged"
        ),
        pytest.param(a_request({"data": [[1, 2], 3]}), "must be 2 lists of 2 values", id="half nested"),
        pytest.param(a_request({"data": [1, 2, "x", 4]}), 'row 2, column 1: "x" is no FP32', id="text"),
        pytest.param(a_request({"data": [1, 2, 3, True]}), "row 2, column 2: true is no FP32", id="boolean"),
        pytest.param(a_request({"data": [1, [2], 3, 4]}), r"row 1, column 2: \[2\] is no FP32", id="deep"),
        pytest.param(a_request({"data": [1, 2, 3, 1e39]}), r"row 2, column 2: 1e\+39 is infinite", id="inf"),
        pytest.param(
            a_request({"datatype": "INT8", "data": [1, 2, 128, 4]}), "row 2, column 1: 128", id="int8"
        ),
        pytest.param(
            a_request({"datatype": "UINT32", "data": [1, -2, 3, 4]}), "row 1, column 2: -2", id="uint32"
        ),
        pytest.param(
            a_request({"datatype": "INT64", "data": [1, 2.5, 3, 4]}), "row 1, column 2: 2.5 is no", id="int64"
        ),
        pytest.param(
            a_request({"datatype": "INT64", "data": [1, None, 3, 4]}), "column 2: null is no INT64", id="null"
        ),
        pytest.param(
            a_request({"datatype": "BOOL", "data": [True, 1, True, True]}),
            "column 2: 1 is no BOOL",
            id="bool",
        ),
        pytest.param(
            a_request(parameters=[]), "parameters of the request must be an object", id="parameters"
        ),
        pytest.param(a_request(outputs={}), "outputs must be a list", id="outputs"),
        pytest.param(a_request(outputs=[5]), "an output must be an object", id="output"),
        pytest.param(a_request(outputs=[{"name": "predict"}]), "the only output is output-0", id="no such"),
        pytest.param(
            a_request(outputs=[{"name": "output-0", "parameters": {"classification": 3}}]),
            "classification is not possible",
            id="classification",
        ),
    ],
)
def test_what_is_no_request_is_refused_with_the_reason(body: bytes, said: str) -> None:
    with pytest.raises(errors.PayloadError, match=said):
        read(body)


BINARY = a_request({"data": None, "parameters": {"binary_data_size": 16}})


@pytest.mark.parametrize(
    ("body", "length", "said"),
    [
        pytest.param(BINARY, b"-1", "must be a number of bytes of the body", id="negative"),
        pytest.param(
            BINARY, b"%d" % (len(BINARY) + 1), "must be a number of bytes of the body", id="too long"
        ),
        pytest.param(BINARY, None, "make 16 bytes, binary_data_size is 16, and 0 bytes follow", id="no tail"),
        pytest.param(BINARY + bytes(17), b"%d" % len(BINARY), "and 17 bytes follow the JSON", id="long tail"),
        pytest.param(a_request() + bytes(16), b"%d" % len(a_request()), "but the input has no", id="both"),
        pytest.param(
            a_request({"parameters": {"binary_data_size": 16}}),
            None,
            "has data and a binary_data",
            id="twice",
        ),
        pytest.param(
            a_request({"data": None, "parameters": {"binary_data_size": "16"}}),
            None,
            "size is '16'",
            id="text",
        ),
    ],
)
def test_lengths_of_binary_data_must_agree(body: bytes, length: bytes | None, said: str) -> None:
    with pytest.raises(errors.PayloadError, match=said):
        read(body, length)


def test_values_of_binary_tensors_are_checked_too() -> None:
    said = {"data": None, "parameters": {"binary_data_size": 4}, "datatype": "BOOL"}
    head = a_request(said)
    with pytest.raises(errors.PayloadError, match="row 2, column 1: 2 is no BOOL"):
        read(head + b"\0\1\2\1", b"%d" % len(head))
    head = a_request({**said, "datatype": "FP16", "shape": [2]})
    with pytest.raises(errors.PayloadError, match="row 1, column 2: inf is infinite"):
        read(head + np.array([1, np.inf], dtype="<f2").tobytes(), b"%d" % len(head))


@pytest.mark.parametrize(
    ("members", "is_binary"),
    [
        pytest.param({}, False, id="not asked"),
        pytest.param({"outputs": []}, False, id="no output named"),
        pytest.param({"parameters": {"binary_data_output": True}}, True, id="for all"),
        pytest.param(
            {"outputs": [{"name": "output-0", "parameters": {"binary_data": True}}]}, True, id="for it"
        ),
        pytest.param(
            {
                "parameters": {"binary_data_output": True},
                "outputs": [{"name": "output-0", "parameters": {"binary_data": False}}],
            },
            False,
            id="its own word beats that for all",
        ),
    ],
)
def test_a_response_has_the_predictions_as_asked_for(members: dict[str, Any], is_binary: bool) -> None:
    predictions = np.array([[0.1, np.nan], [1, 2]], dtype=np.float32)
    inference = open_inference.decode(a_request(id="42", **members), None)
    body, length = open_inference.encode("churn", inference, predictions)
    output: dict[str, Any] = {"name": "output-0", "datatype": "FP32", "shape": [2, 2]}
    if is_binary:
        assert length is not None
        assert body[length:] == predictions.tobytes()
        output["parameters"] = {"binary_data_size": 16}
    else:
        assert length is None
        output["data"] = [float(np.float32(0.1)), None, 1.0, 2.0]
    assert json.loads(body[:length]) == {"model_name": "churn", "id": "42", "outputs": [output]}


def test_many_values_come_in_blocks_and_keep_count() -> None:
    values: list[Any] = [1.5] * 40_000
    assert [
        len(block)
        for block in open_inference.decode(a_request({"shape": [40, 1000], "data": values}), None).blocks()
    ] == [
        16,
        16,
        8,
    ]
    values[39_999] = "x"
    with pytest.raises(errors.PayloadError, match='row 40, column 1000: "x"'):
        read(a_request({"shape": [40, 1000], "data": values}))

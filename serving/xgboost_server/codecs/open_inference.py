"""Open Inference Protocol (V2), REST: inference requests to rows, predictions to inference responses.

Source: https://github.com/kserve/open-inference-protocol, inference_rest.md; binary tensors as in its binary data
extension: they follow the JSON, whose length is in a header of its own.

There is one input, of whatever name, and its shape is n_rows × n_features or, for a single row, just n_features.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from xgboost_server import errors, matrix

INPUT = "input-0"
OUTPUT = "output-0"
DATATYPE = "FP32"
EXTENSIONS = ("binary_tensor_data",)
LENGTH_HEADER = "Inference-Header-Content-Length"

BLOCK_VALUES = 16 * 1024
"""Numbers that are converted in one go: bounds the time for which a worker thread holds the interpreter."""

_FLOATS = {"FP16": "<f2", "FP32": "<f4", "FP64": "<f8"}
_INTEGERS = {
    f"{kind}INT{bits}": f"<{kind.lower() or 'i'}{bits // 8}" for kind in ("", "U") for bits in (8, 16, 32, 64)
}
_TYPES: Mapping[str, "np.dtype[Any]"] = {
    name: np.dtype(code) for name, code in {**_FLOATS, **_INTEGERS, "BOOL": "|u1"}.items()
}
_JSON_TYPES = {
    **dict.fromkeys(_FLOATS, frozenset({float, int, type(None)})),
    **dict.fromkeys(_INTEGERS, frozenset({int})),
    "BOOL": frozenset({bool}),
}
_MAX_VALUES = 2**31


@dataclass(frozen=True, slots=True)
class Inference:
    """A request that was understood. ``shape`` is n_rows × n_columns; ``data`` are bytes or a flat list."""

    id: str | None
    shape: tuple[int, int]
    datatype: str
    data: memoryview | list[Any]
    wants_binary: bool

    def blocks(self) -> Iterator[matrix.Matrix]:
        """The rows, in order. Raises PayloadError naming row and column, from 1."""
        count, columns = self.shape
        step = max(1, BLOCK_VALUES // columns)
        for start in range(0, count, step):
            cells = slice(start * columns, min(start + step, count) * columns)
            values = self._numbers(cells).reshape(-1, columns)
            yield matrix.from_float64(values, first_row=start + 1)

    def _numbers(self, cells: slice) -> matrix.Matrix64:
        kind = _TYPES[self.datatype]
        if not isinstance(self.data, list):
            size = kind.itemsize
            numbers = np.frombuffer(self.data[cells.start * size : cells.stop * size], dtype=kind)
            self._check_range(numbers, cells.start)
            return numbers.astype(np.float64)
        values = self.data[cells]
        if not _JSON_TYPES[self.datatype].issuperset(map(type, values)):
            allowed = _JSON_TYPES[self.datatype]
            at = next(index for index, value in enumerate(values) if type(value) not in allowed)
            raise self._refused(values[at], cells.start + at)
        numbers = np.array(values, dtype=np.float64)
        self._check_range(numbers, cells.start)
        return numbers

    def _check_range(self, numbers: "np.typing.NDArray[Any]", first: int) -> None:
        if self.datatype in _FLOATS:
            return
        info = np.iinfo(_TYPES[self.datatype])
        low, high = (0, 1) if self.datatype == "BOOL" else (info.min, info.max)
        for at in np.flatnonzero((numbers < low) | (numbers > high))[:1]:
            raise self._refused(numbers[at].item(), first + int(at))

    def _refused(self, value: Any, at: int) -> errors.PayloadError:
        row, column = divmod(at, self.shape[1])
        shown = orjson.dumps(value).decode()
        return errors.PayloadError(f"row {row + 1}, column {column + 1}: {shown[:40]} is no {self.datatype}")


def decode(body: bytes, json_length: bytes | None) -> Inference:
    """The request; ``json_length`` is the header's value, None when there is none. Raises PayloadError."""
    length = _json_length(json_length, len(body))
    try:
        document = orjson.loads(memoryview(body)[:length])
    except orjson.JSONDecodeError as exc:
        raise errors.PayloadError(f"the request is not JSON: {exc}") from exc
    request = _object(document, "the request")
    name = request.get("id")
    if name is not None and not isinstance(name, str):
        raise errors.PayloadError("id must be a string")
    tensor = _single_input(request)
    shape = _shape(tensor.get("shape"))
    datatype = tensor.get("datatype")
    if not isinstance(datatype, str) or datatype not in _TYPES:
        raise errors.PayloadError(f"the input's datatype must be one of {', '.join(_TYPES)}")
    data = _data(tensor, shape, datatype, memoryview(body)[length:])
    return Inference(name, shape, datatype, data, _wants_binary(request))


def encode(model: str, inference: Inference, predictions: matrix.Matrix) -> tuple[bytes, int | None]:
    """The response, and how long the JSON in it is when binary data follows it."""
    output: dict[str, Any] = {"name": OUTPUT, "datatype": DATATYPE, "shape": list(predictions.shape)}
    response: dict[str, Any] = {"model_name": model, "outputs": [output]}
    if inference.id is not None:
        response["id"] = inference.id
    if not inference.wants_binary:
        output["data"] = predictions.ravel().tolist()
        return orjson.dumps(response), None
    data = predictions.astype("<f4", copy=False).tobytes()
    output["parameters"] = {"binary_data_size": len(data)}
    text = orjson.dumps(response)
    return text + data, len(text)


def _json_length(header: bytes | None, size: int) -> int:
    if header is None:
        return size
    if not re.fullmatch(rb"[0-9]{1,9}", header) or int(header) > size:
        raise errors.PayloadError(f"{LENGTH_HEADER} must be a number of bytes of the body, which has {size}")
    return int(header)


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise errors.PayloadError(f"{name} must be an object")
    return value


def _parameters(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    return _object(value.get("parameters", {}), f"parameters of {name}")


def _single_input(request: Mapping[str, Any]) -> dict[str, Any]:
    inputs = request.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1:
        raise errors.PayloadError("inputs must be a list of one tensor: a row or rows of all features")
    tensor = _object(inputs[0], "the input")
    if not isinstance(tensor.get("name"), str):
        raise errors.PayloadError("the input's name must be a string")
    return tensor


def _shape(value: Any) -> tuple[int, int]:
    sides = value if isinstance(value, list) else []
    if len(sides) not in (1, 2) or not all(type(side) is int and side >= 1 for side in sides):
        raise errors.PayloadError("the input's shape must be [rows, features] or, for one row, [features]")
    if math.prod(sides) >= _MAX_VALUES:
        raise errors.PayloadError(f"the input's shape has {_MAX_VALUES} values or more")
    return (1, sides[0]) if len(sides) == 1 else (sides[0], sides[1])


def _data(
    tensor: Mapping[str, Any], shape: tuple[int, int], datatype: str, tail: memoryview
) -> memoryview | list[Any]:
    size = _parameters(tensor, "the input").get("binary_data_size")
    data = tensor.get("data")
    if size is None:
        if len(tail):
            raise errors.PayloadError("binary data follows the JSON, but the input has no binary_data_size")
        return _flat(data, shape)
    if data is not None:
        raise errors.PayloadError("the input has data and a binary_data_size: one must go")
    expected = math.prod(shape) * _TYPES[datatype].itemsize
    if type(size) is not int or size != expected or size != len(tail):
        raise errors.PayloadError(
            f"the input's shape and datatype make {expected} bytes, binary_data_size is {size!r}, "
            f"and {len(tail)} bytes follow the JSON"
        )
    return tail


def _flat(data: Any, shape: tuple[int, int]) -> list[Any]:
    """The values row by row; they may come as one list or as a list a row."""
    if not isinstance(data, list):
        raise errors.PayloadError("the input must have data, a list of numbers, or binary data")
    values: list[Any] = data
    if data and isinstance(data[0], list):
        rows, columns = shape
        if len(data) != rows or not all(isinstance(row, list) and len(row) == columns for row in data):
            raise errors.PayloadError(
                f"the input's data must be {rows} lists of {columns} values, as its shape"
            )
        values = [value for row in data for value in row]
    if len(values) != math.prod(shape):
        raise errors.PayloadError(f"the input has {len(values)} values, its shape has {math.prod(shape)}")
    return values


def _wants_binary(request: Mapping[str, Any]) -> bool:
    wants = _parameters(request, "the request").get("binary_data_output", False)
    outputs = request.get("outputs", [])
    if not isinstance(outputs, list):
        raise errors.PayloadError("outputs must be a list")
    for output in outputs:
        if _object(output, "an output").get("name") != OUTPUT:
            raise errors.PayloadError(f"the only output is {OUTPUT}")
        parameters = _parameters(output, "an output")
        if "classification" in parameters:
            raise errors.PayloadError("classification is not possible: the output holds plain predictions")
        wants = parameters.get("binary_data", wants)
    return wants is True

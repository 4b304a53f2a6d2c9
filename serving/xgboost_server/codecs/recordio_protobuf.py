"""``application/x-recordio-protobuf``: a record a row, dense or sparse; answers as labels of records.

The row is the tensor under the key ``values`` of a record's features; labels of requests are ignored.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from google.protobuf import message

from xgboost_server import errors, matrix
from xgboost_server.codecs import pieces, record_pb2, recordio

NAMES = ("application/x-recordio-protobuf", "recordio-protobuf")
ANSWER_TYPE = "application/x-recordio-protobuf"

BLOCK_VALUES = 64 * 1024
"""Numbers that are checked in one go: bounds the time for which a worker thread holds the interpreter."""

_KEY = "values"
_MAX_WIDTH = 2**31
_TENSORS = ("float32_tensor", "float64_tensor", "int32_tensor")
_FAILED = "Loading recordio-protobuf data failed with Exception, please ensure data is in recordio-protobuf format: "


@dataclass(frozen=True, slots=True)
class _Row:
    """``columns`` is None for a dense row, ``width`` None for a sparse one that does not say how wide it is."""

    values: matrix.Matrix64
    columns: matrix.Indices | None
    width: int | None


def decode(body: bytes) -> Iterator[matrix.Rows]:
    """Blocks of rows, in order. Raises PayloadError naming the record, from 1, and what is wrong with it."""
    try:
        rows = [_row(record, number) for number, record in enumerate(recordio.read(body), 1)]
        _check_widths(rows)
        if all(row.columns is None for row in rows):
            yield from _dense(rows)
        else:
            yield _sparse(rows)
    except errors.PayloadError as exc:
        raise errors.PayloadError(f"{_FAILED}{exc}") from exc


def encode(predictions: matrix.Matrix) -> bytes:
    """A record a row, whose label ``score`` holds the row's outputs as float32."""
    return encode_selected([{"score": row} for row in piece.tolist()] for piece in pieces.of(predictions))


def encode_selected(selected: Iterable[Sequence[Mapping[str, Any]]]) -> bytes:
    """A record a row, with a float32 label for each of its keys; the rows are given in pieces."""
    return b"".join(recordio.write(map(_record, part)) for part in selected)


def _record(labels: Mapping[str, Any]) -> bytes:
    record = record_pb2.Record()
    for name, value in labels.items():
        record.label[name].float32_tensor.values.extend(value if isinstance(value, list) else [value])
    return record.SerializeToString()


def _row(content: bytes, number: int) -> _Row:
    try:
        record = record_pb2.Record.FromString(content)
    except message.DecodeError as exc:
        raise errors.PayloadError(f"record {number} is no protobuf message of the type Record") from exc
    if _KEY not in record.features:
        raise errors.PayloadError(f"record {number} has no features under the key {_KEY!r}")
    value = record.features[_KEY]
    kind = value.WhichOneof("value")
    if kind not in _TENSORS:
        raise errors.PayloadError(f"record {number} holds {kind or 'nothing'} where a tensor must be")
    tensor = getattr(value, kind)
    values = np.asarray(tensor.values).astype(np.float64)
    keys = np.asarray(tensor.keys)
    width = _size(tensor.shape, number) if tensor.shape else None
    if len(keys) == 0 and (len(values) > 0 or not width):
        return _dense_row(values, width, number)
    return _sparse_row(values, keys, width, number)


def _size(shape: Sequence[int], number: int) -> int:
    size = 1
    for side in shape:
        size *= side
        if size >= _MAX_WIDTH:
            raise errors.PayloadError(f"record {number} has a shape of {_MAX_WIDTH} values or more")
    return size


def _dense_row(values: matrix.Matrix64, width: int | None, number: int) -> _Row:
    if len(values) == 0:
        raise errors.PayloadError(f"record {number} has no values")
    if width is not None and width != len(values):
        raise errors.PayloadError(f"record {number} has {len(values)} values, its shape has room for {width}")
    return _Row(values, None, len(values))


def _sparse_row(values: matrix.Matrix64, keys: Any, width: int | None, number: int) -> _Row:
    if len(keys) != len(values):
        raise errors.PayloadError(f"record {number} has {len(keys)} keys and {len(values)} values")
    limit = _MAX_WIDTH if width is None else width
    if len(keys) and keys.max() >= limit:
        raise errors.PayloadError(f"record {number} has the key {keys.max()}, but only {limit} columns")
    return _Row(values, keys.astype(np.int64), width)


def _check_widths(rows: Sequence[_Row]) -> None:
    """Rows that say how wide they are must agree, as the rows of any format must."""
    if not rows:
        raise errors.PayloadError("there is no record")
    widths = [(number, row.width) for number, row in enumerate(rows, 1) if row.width is not None]
    for number, width in widths:
        first, expected = widths[0]
        if width != expected:
            raise errors.PayloadError(f"record {number} has {width} columns, record {first} has {expected}")


def _dense(rows: Sequence[_Row]) -> Iterator[matrix.Matrix]:
    step = max(1, BLOCK_VALUES // len(rows[0].values))
    for start in range(0, len(rows), step):
        block = np.stack([row.values for row in rows[start : start + step]])
        yield matrix.from_float64(block, first_row=start + 1)


def _sparse(rows: Sequence[_Row]) -> matrix.Sparse:
    columns = [np.arange(len(row.values)) if row.columns is None else row.columns for row in rows]
    widths = [row.width or (int(held.max()) + 1) for row, held in zip(rows, columns, strict=True)]
    return matrix.sparse(
        np.cumsum([0, *(len(held) for held in columns)]),
        np.concatenate(columns),
        np.concatenate([row.values for row in rows]),
        width=max(widths),
    )

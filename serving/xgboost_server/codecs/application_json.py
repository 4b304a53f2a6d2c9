"""``application/json``: rows as ``{"instances": [[…], …]}`` or ``{"instances": [{"features": […]}, …]}``.

``null`` is a missing value. AWS's container refuses JSON; this is the commonest complaint of its users.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import orjson

from xgboost_server import errors, matrix

NAMES = ("application/json",)
ANSWER_TYPE = "application/json"

BLOCK_VALUES = 16 * 1024
"""Numbers that are converted in one go: bounds the time for which a worker thread holds the interpreter."""

_VALUE_TYPES = frozenset({float, int, type(None)})
_FAILED = "Loading json data failed: "
_FORM = '{"instances": [[1.0, null, …], …]} or {"instances": [{"features": [1.0, …]}, …]}'


def check_parameters(parameters: Mapping[str, str]) -> None:
    """Whatever parameters there are (charset) change nothing: JSON is UTF-8."""
    del parameters


def decode(body: bytes) -> Iterator[matrix.Matrix]:
    """Blocks of rows, in order, all of one width. Raises PayloadError naming row and column, from 1."""
    instances = _instances(body)
    columns = len(_values(instances[0], 1))
    step = max(1, BLOCK_VALUES // max(1, columns))
    for start in range(0, len(instances), step):
        rows = [
            _checked(_values(item, number), number, columns)
            for number, item in enumerate(instances[start : start + step], start + 1)
        ]
        block = np.array(rows, dtype=np.float64)
        try:
            yield matrix.from_float64(block, first_row=start + 1)
        except errors.PayloadError as exc:
            raise _failed(str(exc)) from exc


def encode(predictions: matrix.Matrix) -> bytes:
    """``{"predictions": [{"score": …}, …]}``; a score is a list for several outputs, null for NaN."""
    return orjson.dumps({"predictions": [{"score": score} for score in predictions.tolist()]})


def _instances(body: bytes) -> list[Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise _failed(f"not JSON: {exc}") from exc
    instances = document.get("instances") if isinstance(document, dict) else None
    if not isinstance(instances, list):
        raise _failed(f"it must be {_FORM}")
    if not instances:
        raise _failed("instances: there is no row")
    return instances


def _values(item: object, row: int) -> list[Any]:
    values = item.get("features") if isinstance(item, dict) else item
    if not isinstance(values, list):
        raise _failed(f"row {row}: must be a list of numbers; the form is {_FORM}")
    return values


def _checked(values: list[Any], row: int, columns: int) -> list[Any]:
    if len(values) != columns:
        raise _failed(f"row {row} has {len(values)} values, row 1 has {columns}")
    if not _VALUE_TYPES.issuperset(map(type, values)):
        column = next(index for index, value in enumerate(values) if type(value) not in _VALUE_TYPES)
        shown = orjson.dumps(values[column]).decode()
        raise _failed(f"row {row}, column {column + 1}: {shown[:40]} is not a number")
    return values


def _failed(reason: str) -> errors.PayloadError:
    return errors.PayloadError(_FAILED + reason)

"""A row as JSON writes it, in `application_json` and `application_jsonlines`: ``null`` is a missing value.

The forms: ``[1.0, null, …]``, ``{"features": […]}`` and SageMaker's common data format
``{"data": {"features": {"values": […]}}}``.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import orjson

from xgboost_server import errors, matrix

FORMS = '[1.0, null, …] or {"features": [1.0, …]}'

BLOCK_VALUES = 16 * 1024
"""Numbers that are converted in one go: bounds the time for which a worker thread holds the interpreter."""

_VALUE_TYPES = frozenset({float, int, type(None)})


def blocks(items: Sequence[Any]) -> Iterator[matrix.Matrix]:
    """Blocks of rows, in order, all of one width. Raises PayloadError naming row and column, from 1.

    ``items`` are not empty.
    """
    columns = len(_values(items[0], 1))
    if not columns:
        raise errors.PayloadError("row 1 has no values")
    step = max(1, BLOCK_VALUES // columns)
    for start in range(0, len(items), step):
        rows = [
            _checked(_values(item, number), number, columns)
            for number, item in enumerate(items[start : start + step], start + 1)
        ]
        yield matrix.from_float64(np.array(rows, dtype=np.float64), first_row=start + 1)


def _values(item: Any, row: int) -> list[Any]:
    for key in ("data", "features", "values"):
        if isinstance(item, dict) and key in item:
            item = item[key]
    if not isinstance(item, list):
        raise errors.PayloadError(f"row {row}: must be a list of numbers: {FORMS}")
    return item


def _checked(values: list[Any], row: int, columns: int) -> list[Any]:
    if len(values) != columns:
        raise errors.PayloadError(f"row {row} has {len(values)} values, row 1 has {columns}")
    if not _VALUE_TYPES.issuperset(map(type, values)):
        column = next(index for index, value in enumerate(values) if type(value) not in _VALUE_TYPES)
        shown = orjson.dumps(values[column]).decode()
        raise errors.PayloadError(f"row {row}, column {column + 1}: {shown[:40]} is not a number")
    return values

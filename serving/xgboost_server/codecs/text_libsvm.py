"""``text/libsvm``: rows of ``index:value`` tokens, a label before them; what has no token is missing.

Read as AWS's container does: the label is ignored, every line is a row, and when the smallest index of the
request is 1 or more, all count from 1. It alone tells the two habits apart: rows counted from 0 none of which has
its first feature are read one column too far to the left, there as here.
"""

import array
from collections.abc import Iterator

import numpy as np

from xgboost_server import errors, matrix

NAMES = ("text/libsvm", "text/x-libsvm", "libsvm")

_MAX_INDEX = 2**31 - 1
_FAILED = "Loading libsvm data failed with Exception, please ensure data is in libsvm format:\n "


def decode(body: bytes) -> Iterator[matrix.Rows]:
    """All rows, sparse. Raises PayloadError naming row and token, from 1, of what is no index or number."""
    text = body.strip()
    starts, columns, values = array.array("q", [0]), array.array("q"), array.array("d")
    for row, line in enumerate(text.split(b"\n"), 1):
        _read(line, row, columns, values)
        starts.append(len(columns))
    if not columns:
        raise errors.PayloadError(
            f"{_FAILED}there is no index:value (if it is another format, name it in Content-Type)"
        )
    indices = np.frombuffer(columns, dtype=np.int64)
    if indices.min() >= 1:
        indices = indices - 1
    try:
        yield matrix.sparse(
            np.frombuffer(starts, dtype=np.int64),
            indices,
            np.frombuffer(values, dtype=np.float64),
            width=int(indices.max()) + 1,
        )
    except errors.PayloadError as exc:
        raise errors.PayloadError(f"{_FAILED}{exc}") from exc


def _read(line: bytes, row: int, columns: "array.array[int]", values: "array.array[float]") -> None:
    """Append the tokens of one line. A comment (``#``) is refused: AWS's container reads features in it."""
    tokens = line.split()
    if tokens and b":" not in tokens[0] and b"#" not in tokens[0]:
        del tokens[0]
    for token in tokens:
        try:
            index, value = token.split(b":")
            columns.append(int(index))
            values.append(float(value))
        except (ValueError, OverflowError):
            raise _refused(token, row) from None
        if not 0 <= columns[-1] <= _MAX_INDEX or b"_" in token:
            raise _refused(token, row)


def _refused(token: bytes, row: int) -> errors.PayloadError:
    text = token.decode("utf-8", "replace")
    shown = text if len(text) <= 40 else text[:40] + "…"
    return errors.PayloadError(f"{_FAILED}row {row}: {shown!r} is not index:value")

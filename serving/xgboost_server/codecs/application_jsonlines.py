"""``application/jsonlines``: a JSON value a line, each of them a row; answers likewise."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from xgboost_server import errors, matrix
from xgboost_server.codecs import application_json, instances

NAMES = ("application/jsonlines",)
ANSWER_TYPE = "application/jsonlines"

_FAILED = "Loading jsonlines data failed with Exception, please ensure data is in jsonlines format:\n "


def check_parameters(parameters: Mapping[str, str]) -> None:
    """Whatever parameters there are (charset) change nothing: JSON is UTF-8."""
    del parameters


def decode(body: bytes) -> Iterator[matrix.Matrix]:
    """Blocks of rows, in order, all of one width. Raises PayloadError naming row and column, from 1."""
    lines = body.strip().split(b"\n")
    try:
        yield from instances.blocks([_item(line, row) for row, line in enumerate(lines, 1)])
    except errors.PayloadError as exc:
        raise errors.PayloadError(f"{_FAILED}{exc}") from exc


def encode(predictions: matrix.Matrix) -> bytes:
    """``{"score": …}`` a line; a score is a list for several outputs, null when no finite number."""
    return b"".join(
        orjson.dumps({"score": score}, option=orjson.OPT_APPEND_NEWLINE) for score in predictions.tolist()
    )


def encode_selected(selected: Sequence[Mapping[str, Any]]) -> bytes:
    """The selected keys of a row a line; null for what does not apply."""
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in selected)


def _item(line: bytes, row: int) -> Any:
    try:
        return application_json.parse(line)
    except errors.PayloadError as exc:
        raise errors.PayloadError(f"row {row}: {exc}") from exc

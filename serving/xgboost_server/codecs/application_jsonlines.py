"""``application/jsonlines``: a JSON value a line, each of them a row; answers likewise."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from xgboost_server import errors, matrix
from xgboost_server.codecs import application_json, instances, pieces

NAMES = ("application/jsonlines",)
ANSWER_TYPE = "application/jsonlines"

_FAILED = "Loading jsonlines data failed with Exception, please ensure data is in jsonlines format:\n "


def decode(body: bytes) -> Iterator[matrix.Matrix]:
    """Blocks of rows, in order, all of one width. Raises PayloadError naming row and column, from 1."""
    lines = body.strip().split(b"\n")
    try:
        yield from instances.blocks([_item(line, row) for row, line in enumerate(lines, 1)])
    except errors.PayloadError as exc:
        raise errors.PayloadError(f"{_FAILED}{exc}") from exc


def encode(predictions: matrix.Matrix) -> bytes:
    """``{"score": …}`` a line; a score is a list for several outputs, null when no finite number."""
    return encode_selected([{"score": score} for score in piece.tolist()] for piece in pieces.of(predictions))


def encode_selected(selected: Iterable[Sequence[Mapping[str, Any]]]) -> bytes:
    """The selected keys of a row a line, given in pieces; null for what does not apply."""
    return b"".join(b"".join(map(_line, part)) for part in selected)


def _line(row: Mapping[str, Any]) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def _item(line: bytes, row: int) -> Any:
    try:
        return application_json.parse(line)
    except errors.PayloadError as exc:
        raise errors.PayloadError(f"row {row}: {exc}") from exc

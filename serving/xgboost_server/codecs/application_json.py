"""``application/json``: rows as ``{"instances": [row, …]}`` or just ``[row, …]``.

AWS's container refuses JSON; this is the commonest complaint of its users.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from xgboost_server import errors, matrix
from xgboost_server.codecs import instances, pieces

NAMES = ("application/json",)
ANSWER_TYPE = "application/json"

_FAILED = "Loading json data failed with Exception, please ensure data is in json format:\n "
_FORM = f'{{"instances": [row, …]}} or [row, …], a row being {instances.FORMS}'
_NAN = re.compile(rb"\bNaN\b")


def decode(body: bytes) -> Iterator[matrix.Matrix]:
    """Blocks of rows, in order, all of one width. Raises PayloadError naming row and column, from 1."""
    try:
        yield from instances.blocks(_items(parse(body)))
    except errors.PayloadError as exc:
        raise errors.PayloadError(f"{_FAILED}{exc}") from exc


def parse(text: bytes) -> Any:
    """What the JSON text says; ``NaN``, which Python writes for a missing value though JSON has none, is None.

    Raises PayloadError.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        reason = exc
    try:
        return orjson.loads(_NAN.sub(b"null", text))
    except orjson.JSONDecodeError:
        raise errors.PayloadError(f"not JSON: {reason}") from None


def encode(predictions: matrix.Matrix) -> bytes:
    """``{"predictions": [{"score": …}, …]}``; a score is a list for several outputs, null when no finite number."""
    return _predictions([{"score": score} for score in piece.tolist()] for piece in pieces.of(predictions))


def encode_selected(selected: Iterable[Sequence[Mapping[str, Any]]]) -> bytes:
    """``{"predictions": […]}`` with the selected keys of each row, given in pieces; null for what does not apply."""
    return _predictions(selected)


def _predictions(parts: Iterable[Sequence[Mapping[str, Any]]]) -> bytes:
    return b'{"predictions":[' + b",".join(orjson.dumps(part)[1:-1] for part in parts) + b"]}"


def _items(document: Any) -> list[Any]:
    items = document.get("instances") if isinstance(document, dict) else document
    if not isinstance(items, list):
        raise errors.PayloadError(f"it must be {_FORM}")
    if not items:
        raise errors.PayloadError("there is no row")
    is_one_row = isinstance(document, list) and not isinstance(items[0], list | dict)
    return [items] if is_one_row else items

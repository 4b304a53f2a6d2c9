"""``text/csv``: rows of numbers without header and label; answers as numbers, a row a line.

Numbers go text → float64 → float32, as in AWS's container; direct to float32 would round differently.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from xgboost_server import errors, matrix
from xgboost_server.codecs import pieces, plain_csv

NAMES = ("text/csv", "csv")
ANSWER_TYPE = "text/csv; charset=utf-8"

BLOCK_BYTES = 64 * 1024
"""Text that is read in one go: bounds the time for which a worker thread holds the interpreter."""

_CELLS_BYTES = 3 * 1024
"""The same for text that has to be read cell by cell, 20 times as slowly."""

_DELIMITERS = (b",", b"\t", b";", b"|", b" ", b":")
_IN_NUMBERS = b"+-._'\""
_FAILED = "Loading csv data failed with Exception, please ensure data is in csv format:\n "


def decode(body: bytes) -> Iterator[matrix.Matrix]:
    """Blocks of rows, in order, all of one width. An empty cell is missing (NaN).

    Raises PayloadError naming row and column, both from 1, of what is no number or infinite, and ragged rows.
    """
    text = body.strip(b"\r\n ")
    if not text:
        raise errors.PayloadError(f"{_FAILED}there is no row")
    first_line = text[: text.find(b"\n")] if b"\n" in text else text
    delimiter = _delimiter(first_line)
    columns = first_line.count(delimiter) + 1
    row = 1
    for block in _blocks(text, BLOCK_BYTES):
        rows = _read_plain(block, delimiter, columns)
        if rows is not None:
            yield rows
            row += len(rows)
            continue
        for part in _blocks(block, _CELLS_BYTES):
            rows = _read_cell_by_cell(part, delimiter, columns, row)
            yield rows
            row += len(rows)


def encode(predictions: matrix.Matrix) -> bytes:
    """One row a line, its outputs joined by commas; each float32 widened, in the shortest exact text."""
    if len(predictions) <= pieces.ROWS:
        return _lines(predictions)
    return b"".join(map(_lines, pieces.of(predictions)))


def _lines(predictions: matrix.Matrix) -> bytes:
    text = orjson.dumps(predictions.tolist())
    # JSON's numbers are Python's, the shortest exact ones, but for the smallest, the largest and NaN.
    if b"e" in text or b"0.0000" in text or b"null" in text:
        return _encode_unusual(predictions)
    if predictions.ndim == 1:
        return text[1:-1].replace(b",", b"\n") + b"\n"
    return text[2:-2].replace(b"],[", b"\n") + b"\n"


def _encode_unusual(predictions: matrix.Matrix) -> bytes:
    values = predictions.ravel().tolist()
    cells = orjson.dumps(values)[1:-1].decode().split(",")
    for index, cell in enumerate(cells):
        if "e" in cell or "0.0000" in cell or cell == "null":
            cells[index] = repr(values[index])
    width = max(1, len(cells) // max(1, len(predictions)))
    lines = (",".join(cells[start : start + width]) for start in range(0, len(cells), width))
    return "\n".join(lines).encode() + b"\n"


def encode_batch(predictions: matrix.Matrix) -> bytes:
    """As AWS's container writes for batch transform: like `encode`, but several outputs as ``[0.1, 0.9]``."""
    return b"".join(
        "".join(f"{row}\n" for row in piece.tolist()).encode() for piece in pieces.of(predictions)
    )


def encode_selected(selected: Iterable[Sequence[Mapping[str, Any]]]) -> bytes:
    """The selected values, in the order of their keys, a row a line; lists in quotes, no newline at the end.

    The rows are given in pieces.
    """
    return b"\n".join("\n".join(map(_selected_line, part)).encode() for part in selected)


def encode_selected_batch(selected: Iterable[Sequence[Mapping[str, Any]]]) -> bytes:
    """As `encode_selected`, with a newline at the end, as batch transform joins such answers."""
    return encode_selected(selected) + b"\n"


def _selected_line(row: Mapping[str, Any]) -> str:
    return ",".join(map(_selected_cell, row.values()))


def _selected_cell(value: Any) -> str:
    return f'"{value}"' if isinstance(value, list) else str(value)


def _delimiter(line: bytes) -> bytes:
    for candidate in _DELIMITERS:
        if candidate in line.strip():
            return candidate
    if _is_number(line):
        return b","
    try:
        sniffed = csv.Sniffer().sniff(line[:512].decode("utf-8", "replace")).delimiter.encode()
    except csv.Error:
        return b","
    return b"," if sniffed.isalnum() or sniffed in _IN_NUMBERS else sniffed


def _blocks(text: bytes, most: int) -> Iterator[bytes]:
    if len(text) <= most:
        yield text
        return
    start, size = 0, len(text)
    while start < size:
        end = text.find(b"\n", min(start + most, size))
        end = size if end < 0 else end
        yield text[start:end]
        start = end + 1


def _read_plain(block: bytes, delimiter: bytes, columns: int) -> matrix.Matrix | None:
    if delimiter != b",":
        if b"," in block:  # it would become a delimiter too
            return None
        block = block.replace(delimiter, b",")
    rows = plain_csv.read(block, columns)
    if rows is None and b"\r" in block:  # else it is white space to JSON; but the last cell may be empty
        rows = plain_csv.read(block.replace(b"\r\n", b"\n").removesuffix(b"\r"), columns)
    return rows


def _read_cell_by_cell(block: bytes, delimiter: bytes, columns: int, first_row: int) -> matrix.Matrix:
    number = _number if b"_" in block else float  # a call more for each cell would take as long again
    lines = enumerate(block.split(b"\n"), first_row)
    rows = [_values(line.rstrip(b"\r").split(delimiter), columns, row, number) for row, line in lines]
    try:
        return matrix.from_float64(np.array(rows, dtype=np.float64), first_row=first_row)
    except errors.PayloadError as exc:
        raise errors.PayloadError(f"{_FAILED}{exc}") from exc


def _values(cells: list[bytes], columns: int, row: int, number: Callable[[bytes], float]) -> list[float]:
    if len(cells) != columns:
        raise errors.PayloadError(f"{_FAILED}row {row} has {_count(len(cells))}, row 1 has {_count(columns)}")
    try:
        return [number(cell) if cell.strip() else np.nan for cell in cells]
    except ValueError:
        raise _not_a_number(cells, row) from None


def _not_a_number(cells: list[bytes], row: int) -> errors.PayloadError:
    column = next(index for index, cell in enumerate(cells) if cell.strip() and not _is_number(cell))
    text = cells[column].decode("utf-8", "replace")
    shown = text if len(text) <= 40 else text[:40] + "…"
    hint = " (send rows of numbers only, without a header)" if row == 1 else ""
    return errors.PayloadError(f"{_FAILED}row {row}, column {column + 1}: {shown!r} is not a number{hint}")


def _number(cell: bytes) -> float:
    if b"_" in cell:  # Python reads 1_000
        raise ValueError
    return float(cell)


def _is_number(cell: bytes) -> bool:
    try:
        _number(cell)
    except ValueError:
        return False
    return True


def _count(columns: int) -> str:
    return f"{columns} column" if columns == 1 else f"{columns} columns"

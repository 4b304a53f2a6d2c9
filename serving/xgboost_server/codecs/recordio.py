"""RecordIO, the frame around records: a magic number, the record's length, the record, zeros up to 4 bytes.

Source: Apache MXNet's RecordIO as SageMaker uses it, whole records only; all numbers are little-endian uint32.
"""

import struct
from collections.abc import Iterable, Iterator

from xgboost_server import errors

_MAGIC = 0xCED7230A
_HEAD = struct.Struct("<II")


def read(body: bytes) -> Iterator[bytes]:
    """The records. Raises PayloadError naming record, from 1, and byte, from 0, where there is none."""
    start, number, size = 0, 1, len(body)
    while start < size:
        if start + _HEAD.size > size:
            raise errors.PayloadError(f"record {number}: the head at byte {start} is cut off")
        magic, length = _HEAD.unpack_from(body, start)
        if magic != _MAGIC:
            raise errors.PayloadError(f"record {number}: no RecordIO magic number at byte {start}")
        begin = start + _HEAD.size
        start = begin + length + -length % 4
        if start > size:
            raise errors.PayloadError(
                f"record {number}: {length} bytes are announced, {size - begin} are left"
            )
        yield body[begin : begin + length]
        number += 1


def write(records: Iterable[bytes]) -> bytes:
    """The records, each in its frame."""
    parts: list[bytes] = []
    for record in records:
        parts += (_HEAD.pack(_MAGIC, len(record)), record, bytes(-len(record) % 4))
    return b"".join(parts)

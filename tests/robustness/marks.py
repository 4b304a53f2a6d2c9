"""Marks in bodies, so that whose they are is seen; one that was damaged on its way is none any more."""

import re
import zlib

_MARK = re.compile(rb"<([0-9]+)\.([0-9a-f]{8})>")


def of(number: int) -> bytes:
    """The mark of request ``number``."""
    digits = b"%d" % number
    return b"<%s.%08x>" % (digits, zlib.crc32(digits))


def within(data: bytes) -> set[bytes]:
    """The marks in ``data``."""
    return {
        b"<%s.%s>" % (number, check)
        for number, check in _MARK.findall(data)
        if zlib.crc32(number) == int(check, 16)
    }

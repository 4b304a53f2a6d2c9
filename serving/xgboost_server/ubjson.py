"""Universal Binary JSON as XGBoost writes it, walked without being built: is it whole, which version wrote it.

XGBoost reads past the end of a truncated file, and can crash there; so the walk comes before the load.
"""

import struct
from collections.abc import Sequence

_FIXED = {
    b"i": 1,
    b"U": 1,
    b"C": 1,
    b"I": 2,
    b"l": 4,
    b"d": 4,
    b"L": 8,
    b"D": 8,
    b"T": 0,
    b"F": 0,
    b"Z": 0,
    b"N": 0,
}
_INTEGERS = {b"i": ">b", b"U": ">B", b"I": ">h", b"l": ">i", b"L": ">q"}
_MAX_DEPTH = 64


class UbjsonError(ValueError):
    """The bytes are not one whole document; the message says where they stop to be."""


def version(content: bytes) -> tuple[int, ...] | None:
    """The integers under the root's key ``version``, None if there is no such list. Raises UbjsonError."""
    found = member(content, b"version")
    return None if found is None else _integers(found)


def member(content: bytes, name: bytes) -> bytes | None:
    """The value under a key of the root, as it is written; None if there is none. Raises UbjsonError."""
    return _Walk(content).member(name)


class _Walk:
    __slots__ = ("at", "content")

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def member(self, name: bytes) -> bytes | None:
        """To the end of the document even when found before: it has to be whole."""
        if self.take(1) != b"{":
            raise UbjsonError("it does not begin with an object")
        found = None
        while (key := self.key()) is not None:
            start = self.at
            self.skip_value(1)
            if key == name:
                found = self.content[start : self.at]
        return found

    def take(self, size: int) -> bytes:
        end = self.at + size
        if size < 0 or end > len(self.content):
            raise UbjsonError(f"it ends at byte {len(self.content)} in the middle of a value: truncated")
        taken = self.content[self.at : end]
        self.at = end
        return taken

    def skip(self, size: int) -> None:
        if size < 0 or self.at + size > len(self.content):
            raise UbjsonError(f"it ends at byte {len(self.content)} in the middle of a value: truncated")
        self.at += size

    def length(self) -> int:
        marker = self.take(1)
        layout = _INTEGERS.get(marker)
        if layout is None:
            raise UbjsonError(f"no length at byte {self.at - 1}")
        length: int = struct.unpack(layout, self.take(_FIXED[marker]))[0]
        return length

    def key(self) -> bytes | None:
        if self.content[self.at : self.at + 1] == b"}":
            self.at += 1
            return None
        return self.take(self.length())

    def skip_value(self, depth: int) -> None:
        marker = self.take(1)
        size = _FIXED.get(marker)
        if size is not None:
            self.skip(size)
        elif marker in (b"S", b"H"):
            self.skip(self.length())
        elif depth > _MAX_DEPTH:
            raise UbjsonError(f"nested deeper than {_MAX_DEPTH} at byte {self.at - 1}")
        elif marker == b"[":
            self.skip_array(depth + 1)
        elif marker == b"{":
            while self.key() is not None:
                self.skip_value(depth + 1)
        else:
            raise UbjsonError(f"unknown value at byte {self.at - 1}")

    def skip_array(self, depth: int) -> None:
        following = self.content[self.at : self.at + 1]
        if following == b"$":
            self.skip(1)
            size = _FIXED.get(self.take(1))
            if size is None or self.take(1) != b"#":
                raise UbjsonError(f"bad typed list at byte {self.at - 1}")
            self.skip(size * self.length())
        elif following == b"#":
            self.skip(1)
            for _ in range(self.length()):
                self.skip_value(depth)
        else:
            while self.content[self.at : self.at + 1] != b"]":
                self.skip_value(depth)
            self.skip(1)


def _integers(value: bytes) -> tuple[int, ...] | None:
    """The integers of a counted list ``[#…`` or a typed one ``[$l#…``."""
    walk = _Walk(value)
    if walk.take(1) != b"[":
        return None
    marker = None
    if value[1:2] == b"$":
        marker = value[2:3]
        walk.skip(2)
    if walk.take(1) != b"#":
        return None
    count = walk.length()
    numbers = []
    for _ in range(min(count, 8)):
        layout = _INTEGERS.get(marker or walk.take(1))
        if layout is None:
            return None
        numbers.append(struct.unpack(layout, walk.take(struct.calcsize(layout)))[0])
    return tuple(numbers)


def render(version: Sequence[int]) -> str:
    """``3.2.0``."""
    return ".".join(str(part) for part in version)

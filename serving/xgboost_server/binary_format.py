"""XGBoost's old binary model format, walked without being built: is it whole, which version wrote it.

Written by ``save_model`` up to 1.x and read up to 3.0. XGBoost loads a file that was cut off behind its trees, with
other predictions if it is DART; so the walk comes before the load. Sizes are those of XGBoost's C++ structs, little
endian; lists and strings have their length before them, in 8 bytes.
"""

import re
import struct
from dataclasses import dataclass

MAGIC = b"binf"
"""What a file begins with, from 1.0 on; before, it began with the parameters."""

FIRST_WITHOUT = (3, 1)
"""The first XGBoost that does not read the format."""

_LEARNER = struct.Struct("<f I i i i I I 108x")
_TREES = struct.Struct("<i 156x")
_TREE = struct.Struct("<4x i 12x i 124x")
_LINEAR_BYTES = 136
_NODE_BYTES = 20
_STATISTICS_BYTES = 16
_LENGTH = struct.Struct("<Q")
_NAME = re.compile(rb"[a-z]+(:[a-z0-9_]+)?")


class BinaryFormatError(ValueError):
    """The bytes are not one whole model; the message says why."""


@dataclass(frozen=True, slots=True)
class Header:
    """``version`` is (0, 0) for all that came before 1.0."""

    version: tuple[int, int]
    objective: str
    booster: str
    features: int


def is_binary(content: bytes) -> bool:
    """Whether it begins like a model of this format, with or without the magic bytes."""
    if content.startswith(MAGIC):
        return True
    try:
        _Walk(content).head()
    except BinaryFormatError:
        return False
    return True


def check(content: bytes) -> Header:
    """Walk over the whole model. Raises BinaryFormatError."""
    walk = _Walk(content)
    header, has_attributes, has_metrics = walk.head()
    if header.booster == "gblinear":
        walk.skip(_LINEAR_BYTES)
        walk.skip(4 * walk.length())
    elif header.booster in ("gbtree", "dart"):
        walk.trees(has_weights=header.booster == "dart")
    else:
        raise BinaryFormatError(f"unknown booster {header.booster!r}")
    if has_attributes:
        for _ in range(2 * walk.length()):
            walk.skip(walk.length())
    if has_metrics and header.version[0] > 0:  # before, a number may stand in front of them
        for _ in range(walk.length()):
            walk.skip(walk.length())
    return header


class _Walk:
    __slots__ = ("_at", "_content")

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = len(MAGIC) if content.startswith(MAGIC) else 0

    def head(self) -> tuple[Header, bool, bool]:
        """The header; whether attributes, and whether names of metrics, follow at the end."""
        _, features, _, attributes, metrics, major, minor = _LEARNER.unpack(self._take(_LEARNER.size))
        objective, booster = self._name(), self._name()
        return Header((major, minor), objective, booster, features), attributes != 0, metrics != 0

    def trees(self, *, has_weights: bool) -> None:
        (count,) = _TREES.unpack(self._take(_TREES.size))
        for _ in range(count):
            nodes, leaf_vector = _TREE.unpack(self._take(_TREE.size))
            self.skip(nodes * (_NODE_BYTES + _STATISTICS_BYTES))
            if leaf_vector > 1:  # 0 before 2.0, 1 from then on, when leaves have one value each
                self.skip(4 * self.length())
        self.skip(4 * count)
        if has_weights and count:
            self.skip(4 * self.length())

    def length(self) -> int:
        (length,) = _LENGTH.unpack(self._take(_LENGTH.size))
        return int(length)

    def skip(self, size: int) -> None:
        if size < 0 or self._at + size > len(self._content):
            raise BinaryFormatError(
                f"it ends at byte {len(self._content)} in the middle of a value: truncated"
            )
        self._at += size

    def _name(self) -> str:
        name = self._take(self.length())
        if not _NAME.fullmatch(name):
            raise BinaryFormatError(f"no name of an objective or a booster at byte {self._at - len(name)}")
        return name.decode()

    def _take(self, size: int) -> bytes:
        start = self._at
        self.skip(size)
        return self._content[start : self._at]

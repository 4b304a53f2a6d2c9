"""How much memory the container may use: cgroup v2 or v1."""

from pathlib import Path

_FILES = ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes")
_NO_LIMIT = 2**60
"""cgroup v1 says that there is no limit with a number beyond this."""


def find(root: Path = Path("/")) -> int | None:
    """The limit in bytes, None without one; ``root`` is where ``/sys`` is looked for."""
    for file in _FILES:
        try:
            limit = int((root / file).read_text())
        except (OSError, ValueError):  # no such file, or "max"
            continue
        if limit < _NO_LIMIT:
            return limit
    return None

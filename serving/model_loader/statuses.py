"""The HTTP status that obstore's text tells of, and whether it may be another one soon."""

import re

_STATUS = re.compile(r"non-2xx status code: (\d{3})")
_TRANSIENT = frozenset({"408", "425", "429"})


def find(text: str) -> str | None:
    """The three digits, None when there was no answer or a good one."""
    found = _STATUS.search(text)
    return found[1] if found else None


def may_pass(status: str) -> bool:
    """Whether another attempt may succeed."""
    return status in _TRANSIENT or status.startswith("5")

"""Data of any depth as plain dictionaries and lists, without nulls."""

from collections.abc import Mapping
from typing import Any


def of(value: Any) -> Any:
    """``value`` with every mapping a dict and every sequence a list; an entry that is null is left out of
    its map."""
    if isinstance(value, Mapping):
        return {key: of(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [of(item) for item in value]
    return value

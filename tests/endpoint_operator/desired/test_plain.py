from types import MappingProxyType
from typing import Any

from endpoint_operator.desired import plain


def test_becomes_dictionaries_and_lists_without_nulls_in_maps() -> None:
    value: Any = MappingProxyType({"a": ({"b": None, "c": 1},), "d": None, "e": [None, {}]})
    assert plain.of(value) == {"a": [{"c": 1}], "e": [None, {}]}


def test_leaves_single_values_alone() -> None:
    assert plain.of(None) is None
    assert plain.of("a") == "a"

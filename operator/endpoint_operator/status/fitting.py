"""The status as its schema takes it.

Much of what it says is said by others, at any length, and the API server refuses a whole status for one text that
is too long: every text is cut here, by the limit of its own field.
"""

from collections.abc import Mapping
from typing import Any

from endpoint_operator.api import status, structural

_SCHEMA = structural.schema(status.EndpointStatus, "status")


def fit(rendered: Mapping[str, Any]) -> dict[str, Any]:
    """The status with no text longer than the schema allows; characters are counted, as the API server does."""
    return {name: _fit(value, _SCHEMA["properties"][name]) for name, value in rendered.items()}


def _fit(value: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        most = schema.get("maxLength", len(value))
        return value if len(value) <= most else f"{value[: most - 1]}…"
    if isinstance(value, list):
        return [_fit(item, schema["items"]) for item in value]
    if isinstance(value, Mapping):
        return {name: _fit(item, schema["properties"][name]) for name, item in value.items()}
    return value

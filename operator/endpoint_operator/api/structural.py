"""From pydantic's JSON schema to the structural schema that Kubernetes accepts.

Kubernetes refuses `$ref`, `anyOf` with null and exclusive bounds, and cannot bound the cost of a CEL rule
over data without an upper limit: what cannot be expressed, or has no limit or description, is refused
here.
"""

from collections.abc import Mapping
from typing import Any

import pydantic

from endpoint_operator.api import fields

_KEPT = frozenset(
    {
        "description", "enum", "format", "maxItems", "maxLength", "maxProperties", "maximum", "minItems",
        "minLength", "minimum", "pattern", "required", "type", fields.INT_OR_STRING, fields.KEEP_UNKNOWN,
        fields.RULES, "x-kubernetes-list-type", "x-kubernetes-list-map-keys",
    }
)  # fmt: skip
_DROPPED = frozenset({"title", "propertyNames"})
_LIMITS = {"string": "maxLength", "array": "maxItems"}


class SchemaError(ValueError):
    """A model that cannot be a CRD's schema; the message names the field."""


def schema(model: type[pydantic.BaseModel], where: str) -> dict[str, Any]:
    """The structural schema of ``model``, which stands at the path ``where``. Raises SchemaError."""
    document = model.model_json_schema(by_alias=True)
    return _convert(document, document.get("$defs", {}), where)


def _convert(node: Mapping[str, Any], definitions: Mapping[str, Any], where: str) -> dict[str, Any]:
    node = _resolved(node, definitions, where)
    result: dict[str, Any] = {}
    for key, value in node.items():
        if key == "description":
            result[key] = " ".join(value.split())
        elif key in _KEPT:
            result[key] = _number(value) if isinstance(value, float) else value
        elif key == "properties":
            result[key] = {name: _field(item, definitions, f"{where}.{name}") for name, item in value.items()}
        elif key == "items":
            result[key] = _convert(value, definitions, f"{where}[]")
        elif key == "additionalProperties" and isinstance(value, Mapping):
            result[key] = _convert(value, definitions, f"{where}.*")
        elif key == "default" and isinstance(value, int | float):
            result[key] = _number(value)
        elif key not in _DROPPED | {"$defs", "default", "additionalProperties"}:
            raise SchemaError(f"{where}: {key} cannot be said in a CRD")
    _check_limits(result, where)
    return result


def _number(value: float) -> float:
    return int(value) if float(value).is_integer() else value


def _field(node: Mapping[str, Any], definitions: Mapping[str, Any], where: str) -> dict[str, Any]:
    result = _convert(node, definitions, where)
    if not result.get("description", "").endswith("."):
        raise SchemaError(f"{where}: needs a description in whole sentences")
    return result


def _resolved(node: Mapping[str, Any], definitions: Mapping[str, Any], where: str) -> dict[str, Any]:
    """``node`` with its reference and its only alternative put in place; what stands beside them wins."""
    rest = {key: value for key, value in node.items() if key not in ("$ref", "anyOf")}
    if "$ref" in node:
        target = definitions[node["$ref"].rpartition("/")[2]]
        return _resolved({**target, **rest}, definitions, where)
    if "anyOf" not in node or node.get(fields.INT_OR_STRING):
        return rest
    alternatives = [item for item in node["anyOf"] if item != {"type": "null"}]
    if len(alternatives) != 1:
        raise SchemaError(f"{where}: only one type of value can be said in a CRD")
    return _resolved({**alternatives[0], **rest}, definitions, where)


def _check_limits(node: Mapping[str, Any], where: str) -> None:
    limit = _LIMITS.get(node.get("type", ""), "")
    if "additionalProperties" in node:
        limit = "maxProperties"
        if "properties" in node:
            raise SchemaError(f"{where}: properties and additionalProperties exclude each other in a CRD")
    if node.get(fields.INT_OR_STRING):
        limit = "maxLength"
    if limit and limit not in node and "enum" not in node:
        raise SchemaError(f"{where}: needs {limit}")
    if not node.get("type") and not node.get(fields.INT_OR_STRING):
        raise SchemaError(f"{where}: needs a type")
    for key in node.get("x-kubernetes-list-map-keys", ()):
        if key not in node["items"].get("required", ()):
            raise SchemaError(f"{where}: {key} tells the entries apart and must be required")

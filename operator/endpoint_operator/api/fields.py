"""The building blocks of both kinds: the base model and the types that occur in more than one place.

A field's docstring is its description in the CRD: whole sentences, for somebody who trains models.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from endpoint_contract import variant_names

MAX_VARIANTS = 10
MAX_OVERRIDES = 2 * MAX_VARIANTS
"""Weights and counts may name the variants of the serving config and of the coming one."""

MAX_WEIGHT = 1e9
MAX_INSTANCES = 10_000
DNS_SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
QUANTITY = r"^([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?$"
KEEP_UNKNOWN = "x-kubernetes-preserve-unknown-fields"
INT_OR_STRING = "x-kubernetes-int-or-string"
RULES = "x-kubernetes-validations"


class Model(BaseModel):
    """A value on the wire: lowerCamel there, snake_case here; never changed; unknown fields are ignored."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        frozen=True,
        extra="ignore",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


VariantName = Annotated[str, Field(pattern=variant_names.PATTERN, max_length=variant_names.MAX_LENGTH)]
Weight = Annotated[float, Field(ge=0, le=MAX_WEIGHT, strict=True)]
InstanceCount = Annotated[int, Field(ge=0, le=MAX_INSTANCES, strict=True)]
ObjectName = Annotated[str, Field(pattern=DNS_SUBDOMAIN, min_length=1, max_length=253)]
Quantity = Annotated[
    int | str,
    Field(json_schema_extra={INT_OR_STRING: True, "minimum": 0, "pattern": QUANTITY, "maxLength": 32}),
]
Opaque = Annotated[Mapping[str, Any], Field(json_schema_extra={"type": "object", KEEP_UNKNOWN: True})]
"""An object whose fields Kubernetes itself checks when the pod is made."""


def rule(expression: str, message: str, *, path: str = "") -> dict[str, Any]:
    """One CEL rule. ``path`` names the field that the refusal points at, below the schema that has the
    rule."""
    document = {"rule": expression, "message": message}
    return {**document, "fieldPath": path} if path else document


def rules(*items: dict[str, Any]) -> dict[str, Any]:
    """CEL rules as the schema extension that carries them."""
    return {RULES: list(items)}


def map_by(key: str) -> dict[str, Any]:
    """A list whose entries are told apart by ``key``, so that two writers do not undo each other."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key]}


def keys_are_variant_names() -> dict[str, Any]:
    """The rule on a map by variantName: each key could be one."""
    pattern = variant_names.PATTERN
    return rules(
        rule(
            f"self.all(name, size(name) <= {variant_names.MAX_LENGTH} && name.matches('{pattern}'))",
            f"each key must be a variantName: at most {variant_names.MAX_LENGTH} letters, digits and "
            "hyphens, beginning and ending with a letter or digit",
        )
    )

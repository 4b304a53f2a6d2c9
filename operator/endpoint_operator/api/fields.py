"""The building blocks of both kinds: the base model and the types that occur in more than one place."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from endpoint_contract import variant_names

MAX_VARIANTS = 10
MAX_WEIGHT = 1e9
MAX_INSTANCES = 10_000
DNS_SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
QUANTITY = r"^([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$"


class Model(BaseModel):
    """A value on the wire: lowerCamel there, snake_case here; never changed; unknown fields are ignored."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        frozen=True,
        extra="ignore",
        allow_inf_nan=False,
    )


VariantName = Annotated[str, Field(pattern=variant_names.PATTERN, max_length=variant_names.MAX_LENGTH)]
Weight = Annotated[float, Field(ge=0, le=MAX_WEIGHT, strict=True)]
InstanceCount = Annotated[int, Field(ge=0, le=MAX_INSTANCES, strict=True)]
ObjectName = Annotated[str, Field(pattern=DNS_SUBDOMAIN, max_length=253)]
Quantity = Annotated[
    int | str,
    Field(
        json_schema_extra={
            "x-kubernetes-int-or-string": True,
            "pattern": QUANTITY,
            "maxLength": 32,
        }
    ),
]
Opaque = Annotated[
    Mapping[str, Any],
    Field(json_schema_extra={"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
]
"""An object whose fields Kubernetes itself checks when the pod is made."""

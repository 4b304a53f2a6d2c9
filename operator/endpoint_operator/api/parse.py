"""From an object as the API server delivers it to the models. Every refusal is an
`errors.InvalidResource`."""

from collections.abc import Mapping
from typing import Any, TypeVar

import pydantic

from endpoint_operator.api import endpoint as endpoint_kind
from endpoint_operator.api import endpoint_config as config_kind
from endpoint_operator.api import errors, fields

_Spec = TypeVar("_Spec", bound=fields.Model)


def endpoint(raw: Mapping[str, Any]) -> endpoint_kind.Endpoint:
    """The Endpoint in a decoded API object. Raises InvalidResource."""
    metadata = _metadata(raw)
    if not endpoint_kind.is_valid_name(metadata["name"]):
        raise errors.InvalidResource("metadata.name", "cannot be the name of a Service")
    return endpoint_kind.Endpoint(
        name=metadata["name"],
        namespace=metadata.get("namespace", "default"),
        uid=metadata.get("uid", ""),
        generation=metadata.get("generation", 0),
        annotations=dict(metadata.get("annotations") or {}),
        spec=_spec(endpoint_kind.EndpointSpec, raw),
        is_being_deleted="deletionTimestamp" in metadata,
    )


def endpoint_config(raw: Mapping[str, Any]) -> config_kind.EndpointConfig:
    """The EndpointConfig in a decoded API object. Raises InvalidResource."""
    metadata = _metadata(raw)
    return config_kind.EndpointConfig(
        name=metadata["name"],
        namespace=metadata.get("namespace", "default"),
        uid=metadata.get("uid", ""),
        generation=metadata.get("generation", 0),
        spec=_spec(config_kind.EndpointConfigSpec, raw),
    )


def _metadata(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = raw.get("metadata")
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("name"), str):
        raise errors.InvalidResource("metadata.name", "must be a string")
    return metadata


def _spec(model: type[_Spec], raw: Mapping[str, Any]) -> _Spec:
    try:
        return model.model_validate(raw.get("spec"))
    except pydantic.ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        raise errors.InvalidResource(_path(("spec", *first["loc"])), first["msg"]) from exc


def _path(location: tuple[str | int, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")

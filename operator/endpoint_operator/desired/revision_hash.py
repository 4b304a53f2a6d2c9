"""The hashes that tell one variant revision, and one roll-out, from another.

They cover what users wrote, in canonical form: the order of lists and maps, a quantity's spelling and a
field's written-out default change nothing; weights and counts are no part of a revision.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from endpoint_operator.api import endpoint_config as config_kind
from endpoint_operator.api import fields
from endpoint_operator.desired import names, quantities

_NOT_OF_THE_POD = frozenset({"initial_instance_count", "initial_variant_weight"})


def variant_hash(endpoint: str, variant: config_kind.ProductionVariant, *, restart: str) -> str:
    """10 hex digits over what the pods of ``variant`` are."""
    return _digest([endpoint, restart, _user_fields(variant)])


def content_hash(config: config_kind.EndpointConfig, revisions: Mapping[str, str], *, restart: str) -> str:
    """10 hex digits over a whole config as it is rolled out; ``revisions`` are the names by variantName."""
    variants = [
        [revisions[item.variant_name], item.initial_variant_weight, item.initial_instance_count]
        for item in config.spec.production_variants
    ]
    return _digest([config.name, restart, _sorted(variants)])


def _digest(content: object) -> str:
    return hashlib.sha256(_json(content).encode()).hexdigest()[: names.HASH_DIGITS]


def _user_fields(model: fields.Model) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if name in _NOT_OF_THE_POD or value == field.get_default(call_default_factory=True):
            continue
        canonical = (
            _quantities(value) if isinstance(model, config_kind.ResourceRequirements) else _canonical(value)
        )
        if canonical not in ({}, []):
            document[name] = canonical
    return document


def _canonical(value: Any) -> Any:
    if isinstance(value, fields.Model):
        return _user_fields(value)
    if isinstance(value, Mapping):
        return {key: _canonical(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return _sorted(_canonical(item) for item in value)
    return value


def _quantities(amounts: Mapping[str, int | str]) -> dict[str, str]:
    return {name: quantities.canonical(amount) for name, amount in amounts.items()}


def _sorted(items: Iterable[Any]) -> list[Any]:
    return sorted(items, key=_json)


def _json(content: object) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"))

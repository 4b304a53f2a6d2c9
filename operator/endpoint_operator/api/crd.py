"""The CustomResourceDefinitions of the two kinds, as plain dictionaries."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from endpoint_operator.api import endpoint, endpoint_config, fields, kinds, status, structural

_AGE = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}
_ENDPOINT_COLUMNS = (
    {"name": "Status", "type": "string", "jsonPath": ".status.endpointStatus"},
    {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
    # One string for all variants: a column over a list prints only the list's first element.
    {"name": "Weights", "type": "string", "jsonPath": ".status.weights"},
    {"name": "Variants", "type": "string", "jsonPath": ".status.variants"},
    {"name": "Config", "type": "string", "jsonPath": ".status.endpointConfigName"},
    {"name": "URL", "type": "string", "jsonPath": ".status.url", "priority": 1},
    _AGE,
)
_SERVICE_NAME = fields.rule(
    f"size(self.metadata.name) <= {endpoint.NAME_MAX_LENGTH} && "
    f"self.metadata.name.matches('{endpoint.NAME_PATTERN}')",
    "metadata.name must be at most 63 lower case letters, digits and hyphens, begin with a letter and end with a "
    "letter or digit: the endpoint's Service is called so",
)


def documents() -> tuple[dict[str, Any], ...]:
    """Both definitions. Raises structural.SchemaError for models that no CRD can express."""
    return (_endpoint(), _endpoint_config())


def _endpoint() -> dict[str, Any]:
    root = _root(
        "An Endpoint serves the model variants of an EndpointConfig at one address and splits the requests "
        "between them by weight.",
        {
            "spec": structural.schema(endpoint.EndpointSpec, "spec"),
            "status": structural.schema(status.EndpointStatus, "status"),
        },
    )
    return _definition(
        kinds.ENDPOINT,
        {**root, **fields.rules(_SERVICE_NAME)},
        {"subresources": {"status": {}}, "additionalPrinterColumns": list(_ENDPOINT_COLUMNS)},
    )


def _endpoint_config() -> dict[str, Any]:
    root = _root(
        "An EndpointConfig describes the model variants that Endpoints can serve. It never changes: another set of "
        "variants is another EndpointConfig.",
        {"spec": structural.schema(endpoint_config.EndpointConfigSpec, "spec")},
    )
    return _definition(kinds.ENDPOINT_CONFIG, root, {"additionalPrinterColumns": [_AGE]})


def _root(description: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    # spec is required: the rule that forbids changing it would not see it removed and added again.
    return {
        "type": "object",
        "description": description,
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string", "description": "Version of this kind's schema."},
            "kind": {"type": "string", "description": "Name of this kind."},
            "metadata": {"type": "object"},
            **properties,
        },
    }


def _definition(kind: kinds.Kind, root: Mapping[str, Any], extras: Mapping[str, Any]) -> dict[str, Any]:
    version = {
        "name": kinds.VERSION,
        "served": True,
        "storage": True,
        **extras,
        "schema": {"openAPIV3Schema": root},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": kind.crd_name,
            "annotations": {kinds.SCHEMA_REVISION: revision([version])},
        },
        "spec": {
            "group": kinds.GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind.kind,
                "listKind": f"{kind.kind}List",
                "singular": kind.singular,
                "plural": kind.plural,
                "shortNames": [kind.short_name],
                "categories": [kinds.CATEGORY],
            },
            "versions": [version],
        },
    }


def revision(versions: Sequence[Mapping[str, Any]]) -> str:
    """10 hex digits over the versions of a CRD as we write it: equal exactly when nothing in them differs."""
    return hashlib.sha256(json.dumps(versions, sort_keys=True).encode()).hexdigest()[:10]


def schema_revisions() -> dict[str, str]:
    """The revision that this program knows of each CRD, by the CRD's name."""
    return {
        item["metadata"]["name"]: item["metadata"]["annotations"][kinds.SCHEMA_REVISION]
        for item in documents()
    }

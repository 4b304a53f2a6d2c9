"""The metadata that every object of an endpoint is given."""

from collections.abc import Mapping
from typing import Any

from endpoint_operator.desired import owner as owners


def of(
    name: str,
    owner: owners.Owner,
    labels: Mapping[str, str],
    *,
    annotations: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Metadata of an object called ``name`` that belongs to ``owner``."""
    document: dict[str, Any] = {
        "name": name,
        "namespace": owner.namespace,
        "labels": dict(labels),
        "ownerReferences": [owners.reference(owner)],
    }
    return {**document, "annotations": dict(annotations)} if annotations else document

"""The Endpoint as the owner of everything that is made for it."""

from dataclasses import dataclass
from typing import Any

from endpoint_operator.api import endpoint as endpoint_kind
from endpoint_operator.api import kinds


@dataclass(frozen=True, slots=True)
class Owner:
    """Which Endpoint an object is made for. Its children go with it, by Kubernetes' garbage collection."""

    name: str
    namespace: str
    uid: str


def of(endpoint: endpoint_kind.Endpoint) -> Owner:
    """The owner that ``endpoint`` is."""
    return Owner(name=endpoint.name, namespace=endpoint.namespace, uid=endpoint.uid)


def reference(owner: Owner) -> dict[str, Any]:
    """The ownerReference that names the Endpoint as controller; it never holds up the Endpoint's deletion."""
    return {
        "apiVersion": kinds.API_VERSION,
        "kind": kinds.ENDPOINT.kind,
        "name": owner.name,
        "uid": owner.uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }


def owns(owner: Owner, observed: dict[str, Any]) -> bool:
    """Whether ``observed``, as the API server delivers it, is controlled by this very Endpoint."""
    references = observed.get("metadata", {}).get("ownerReferences") or []
    return any(entry.get("controller") and entry.get("uid") == owner.uid for entry in references)

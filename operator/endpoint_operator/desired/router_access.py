"""What the routers of one endpoint may read: its route table, and the addresses of its model servers.

Owned by the Endpoint, so that they outlive the operator's Helm release as long as the Endpoint does.
"""

from collections.abc import Iterable
from typing import Any

from endpoint_operator.desired import labels, metadata, names
from endpoint_operator.desired.owner import Owner

_READ = ["get", "list", "watch"]
_RBAC = "rbac.authorization.k8s.io"


def service_account(owner: Owner) -> dict[str, Any]:
    """The account of the pods of all variants that name none of their own."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": _metadata(owner),
        "automountServiceAccountToken": False,
    }


def role(owner: Owner) -> dict[str, Any]:
    """Reading the route table's ConfigMap by its name, and the namespace's EndpointSlices."""
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "Role",
        "metadata": _metadata(owner),
        "rules": [
            {
                "apiGroups": [""],
                "resources": ["configmaps"],
                "resourceNames": [names.routes(owner.name)],
                "verbs": _READ,
            },
            {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": _READ},
        ],
    }


def role_binding(owner: Owner, service_accounts: Iterable[str] = ()) -> dict[str, Any]:
    """The binding of the Role to the endpoint's own account and to ``service_accounts``, the variants'
    own."""
    accounts = sorted({names.router(owner.name), *service_accounts})
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": _metadata(owner),
        "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": names.router(owner.name)},
        "subjects": [
            {"kind": "ServiceAccount", "name": account, "namespace": owner.namespace} for account in accounts
        ],
    }


def _metadata(owner: Owner) -> dict[str, Any]:
    return metadata.of(names.router(owner.name), owner, labels.endpoint(owner.name))

"""Reads RBAC rules as the set of single rights that they grant."""

from typing import Any

READ = frozenset({"get", "list", "watch"})
WRITE = frozenset({"create", "update", "patch", "delete"})


def granted(role: dict[str, Any]) -> dict[str, frozenset[str]]:
    """Verbs by ``resource.group``, such as ``deployments.apps`` and ``pods``; only of rules without names."""
    rights: dict[str, frozenset[str]] = {}
    for rule in role["rules"]:
        for group in rule["apiGroups"] if "resourceNames" not in rule else ():
            for resource in rule["resources"]:
                name = f"{resource}.{group}" if group else resource
                rights[name] = rights.get(name, frozenset()) | frozenset(rule["verbs"])
    return rights


def named(role: dict[str, Any]) -> list[tuple[str, tuple[str, ...], frozenset[str]]]:
    """(resource, names, verbs) of the rules that hold for named objects only."""
    return [
        (resource, tuple(rule["resourceNames"]), frozenset(rule["verbs"]))
        for rule in role["rules"]
        if "resourceNames" in rule
        for resource in rule["resources"]
    ]


OPERATOR = {
    "endpoints.pointsman.dev": READ,
    "endpointconfigs.pointsman.dev": READ,
    "endpoints/status.pointsman.dev": frozenset({"patch", "update"}),
    "configmaps": READ | WRITE,
    "services": READ | WRITE,
    "serviceaccounts": READ | WRITE,
    "pods": READ,
    "events": frozenset({"create", "get", "patch"}),
    "deployments.apps": READ | WRITE,
    "deployments/scale.apps": frozenset({"get", "patch", "update"}),
    "controllerrevisions.apps": READ | WRITE,
    "roles.rbac.authorization.k8s.io": READ | WRITE,
    "rolebindings.rbac.authorization.k8s.io": READ | WRITE,
    "endpointslices.discovery.k8s.io": READ,
}
"""All that the operator may do in a namespace that it serves: each right added here needs a reason."""

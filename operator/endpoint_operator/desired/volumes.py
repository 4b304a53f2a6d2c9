"""The volumes of a variant's pod. Model code never gets the routers' token, and nobody else writes the
model."""

from typing import Any

MODEL = "model"
MODEL_IDENTITY = "model-identity"
MODEL_CLAIM = "model-claim"
MODEL_CACHE = "model-cache"
ROUTER_STATE = "router-state"
ROUTER_TOKEN = "router-token"

TOKEN_SECONDS = 3607
"""As Kubernetes' own token mounts ask for; the kubelet renews it in time."""


def of_pod(revision: str, *, claim: str = "", cache_host_path: str = "") -> list[dict[str, Any]]:
    """All volumes of a pod of ``revision``; ``claim`` holds its model, if a PersistentVolumeClaim does."""
    volumes: list[dict[str, Any]] = [
        {"name": MODEL, "emptyDir": {}},
        # Optional: the first pods of a revision find none, and what they load becomes the identity.
        {"name": MODEL_IDENTITY, "configMap": {"name": revision, "optional": True}},
        {"name": ROUTER_STATE, "emptyDir": {}},
        {"name": ROUTER_TOKEN, "projected": {"sources": _token_sources()}},
    ]
    if claim:
        source = {"claimName": claim, "readOnly": True}
        volumes.append({"name": MODEL_CLAIM, "persistentVolumeClaim": source})
    if cache_host_path:
        # Made if it is missing, so that pods start on new nodes; then it is root's, and loaders go without it.
        host = {"path": cache_host_path, "type": "DirectoryOrCreate"}
        volumes.append({"name": MODEL_CACHE, "hostPath": host})
    return volumes


def mount(volume: str, path: str, *, read_only: bool = False) -> dict[str, Any]:
    """A mount of ``volume`` in a container."""
    return {"name": volume, "mountPath": path, **({"readOnly": True} if read_only else {})}


def _token_sources() -> list[dict[str, Any]]:
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    return [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": TOKEN_SECONDS}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]

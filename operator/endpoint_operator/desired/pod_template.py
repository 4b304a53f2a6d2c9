"""The pod of a variant revision: a model loader, a router as native sidecar, and the model server."""

from typing import Any

from endpoint_contract import labels as words
from endpoint_contract import model_claim, pod_environment, ports
from endpoint_operator.api import endpoint_config as config_kind
from endpoint_operator.desired import containers, labels, names, plain, volumes
from endpoint_operator.desired.defaults import Defaults

TERMINATION_GRACE_SECONDS = 90
"""Longer than the model server's pre-stop pause, the longest request (60 s) and the closing of
connections."""


def pod_template(
    endpoint: str, variant: config_kind.ProductionVariant, *, revision: str, defaults: Defaults
) -> dict[str, Any]:
    """The PodTemplateSpec of ``variant``; it satisfies pod security ``restricted`` when the model image is
    ours and loaders share no cache."""
    claimed = model_claim.of(variant.model.data_url)
    return {
        "metadata": {
            "labels": labels.revision(endpoint, variant=variant.variant_name, revision=revision),
            "annotations": {
                "kubectl.kubernetes.io/default-container": pod_environment.CONTAINER_MODEL_SERVER,
                "prometheus.io/scrape": "true",
                "prometheus.io/port": str(ports.ROUTER_ADMIN),
                "prometheus.io/path": "/metrics",
            },
        },
        "spec": {
            # The loader first: a router has nothing to stand ready for while the model is being downloaded.
            "initContainers": [
                containers.model_loader(variant, endpoint, defaults),
                containers.router(variant.variant_name, endpoint, defaults),
            ],
            "containers": [containers.model_server(variant, endpoint, defaults)],
            "volumes": volumes.of_pod(
                revision,
                claim=claimed.claim if claimed else "",
                cache_host_path=defaults.loader_cache_host_path,
            ),
            "serviceAccountName": variant.service_account_name or names.router(endpoint),
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "terminationGracePeriodSeconds": TERMINATION_GRACE_SECONDS,
            "topologySpreadConstraints": [_spread_over_nodes(revision)],
            **_placement(variant),
        },
    }


def _spread_over_nodes(revision: str) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {words.REVISION: revision}},
    }


def _placement(variant: config_kind.ProductionVariant) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "nodeSelector": dict(variant.node_selector),
        "tolerations": [plain.of(toleration) for toleration in variant.tolerations],
        "affinity": plain.of(variant.affinity),
        "imagePullSecrets": [{"name": secret.name} for secret in variant.image_pull_secrets],
    }
    return {name: value for name, value in fields.items() if value}

"""The demo's endpoint on the cluster: its manifests, its pods, and the one patch that shifts weights."""

import json
from collections.abc import Mapping
from pathlib import Path

import yaml

from tests.cluster import Cluster, images
from tests.demo import models

NAME = "churn"
EXAMPLE = Path(__file__).resolve().parents[2] / "crds" / "examples" / "churn.yaml"


def apply(cluster: Cluster, namespace: str) -> None:
    """Applies the example manifests; each variant gets the image of the XGBoost that wrote its model."""
    documents = list(yaml.safe_load_all(EXAMPLE.read_text()))
    versions = {recipe.variant: recipe.xgboost_version for recipe in models.RECIPES}
    for document in documents:
        for variant in document["spec"].get("productionVariants", []):
            variant["model"]["image"] = images.reference(f"xgboost-{versions[variant['variantName']]}")
    cluster.kubectl("apply", "-n", namespace, "-f", "-", stdin=yaml.safe_dump_all(documents))


def wait_until_ready(cluster: Cluster, namespace: str, *, timeout: int = 180) -> None:
    """Returns when every variant serves. Raises what the status says when it takes too long."""
    wait = ["wait", "-n", namespace, f"mlep/{NAME}", "--for=condition=Ready", f"--timeout={timeout}s"]
    cluster.kubectl(*wait, timeout=timeout + 10)


def patch_weights(cluster: Cluster, namespace: str, weights: Mapping[str, float]) -> str:
    """The everyday act: one merge patch. Returns the command, to show it."""
    patch = json.dumps({"spec": {"weights": dict(weights)}})
    cluster.kubectl("patch", "-n", namespace, "mlep", NAME, "--type=merge", "-p", patch)
    return f"kubectl patch mlep {NAME} --type merge -p '{patch}'"


def wait_for_weights(cluster: Cluster, namespace: str, *, timeout: int = 30) -> None:
    """Returns when every router is known to apply the weights asked for."""
    generation = cluster.kubectl(
        "get", "-n", namespace, "mlep", NAME, "-o", "jsonpath={.metadata.generation}"
    )
    observed = f"jsonpath={{.status.observedGeneration}}={generation.strip()}"
    for condition in (observed, "condition=WeightsApplied"):
        target = f"mlep/{NAME}"
        cluster.kubectl("wait", "-n", namespace, target, f"--for={condition}", f"--timeout={timeout}s")


def pods(cluster: Cluster, namespace: str) -> dict[str, str]:
    """UID of each pod of the endpoint, by name."""
    template = '{range .items[*]}{.metadata.name} {.metadata.uid}{"\\n"}{end}'
    selector = f"pointsman.dev/endpoint={NAME}"
    listed = cluster.kubectl("get", "pods", "-n", namespace, "-l", selector, "-o", f"jsonpath={template}")
    return dict(line.split() for line in listed.splitlines())

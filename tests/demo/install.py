"""Installs Pointsman as its README says: the CRDs with kubectl, the operator with helm."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.cluster import Cluster, HarnessError, images

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "pointsman"
OPERATOR_NAMESPACE = "pointsman-system"
RELEASE = "pointsman"
BUILD = "build"
"""The annotation by which an operator of the demo or of the tests is known."""
OPERATORS = "app.kubernetes.io/name=pointsman,app.kubernetes.io/component=operator"


def crds(cluster: Cluster) -> None:
    """Applies the two kinds and waits until the API serves them."""
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
    kinds = [f"crd/{kind}.pointsman.dev" for kind in ("endpoints", "endpointconfigs")]
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", *kinds)


def operator(cluster: Cluster, *values: str) -> None:
    """Installs or upgrades the chart with the images built here, and waits until the operator is ready.

    ``values`` are more settings as ``helm --set`` takes them. Raises HarnessError as `leave_others_alone` does.
    """
    leave_others_alone(cluster)
    settings = {
        "image.registry": images.registry(),
        "image.tag": images.version(),
        # The tag stays the same while one develops: another build has to start another pod.
        f"podAnnotations.{BUILD}": images.named(["operator"])[0].digest({}),
    }
    arguments = [part for key, value in settings.items() for part in ("--set-string", f"{key}={value}")]
    more = [part for value in values for part in ("--set", value)]
    placed = ["--namespace", OPERATOR_NAMESPACE, "--create-namespace"]
    cluster.helm(
        "upgrade", "--install", RELEASE, str(CHART), *placed, *arguments, *more, "--wait", "--timeout=180s"
    )


def leave_others_alone(cluster: Cluster) -> None:
    """Raises HarnessError if a cluster of the user's own has an operator that somebody else installed."""
    if cluster.is_ours:
        return
    listed = json.loads(cluster.kubectl("get", "deployments", "-A", "-l", OPERATORS, "-o", "json"))
    if found := installed_by_others(listed["items"]):
        raise HarnessError(
            f"the cluster of KUBECONFIG has a Pointsman already ({', '.join(found)}), which the demo and the tests "
            "would stop: use another cluster, or uninstall it"
        )


def installed_by_others(deployments: Sequence[Mapping[str, Any]]) -> list[str]:
    """``NAMESPACE/NAME`` of those of these operators that neither the demo nor a test installed."""
    return [
        f"{item['metadata']['namespace']}/{item['metadata']['name']}"
        for item in deployments
        if BUILD not in item["spec"]["template"]["metadata"].get("annotations", {})
    ]


def namespace(cluster: Cluster, name: str) -> None:
    """Creates ``name`` if it is not there."""
    manifest = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"
    cluster.kubectl("apply", "-f", "-", stdin=manifest)


def remove_operator(cluster: Cluster) -> None:
    """Uninstalls the chart, if it is installed; its pods have ended when this returns."""
    leave_others_alone(cluster)
    placed = ["--namespace", OPERATOR_NAMESPACE, "--ignore-not-found"]
    cluster.helm("uninstall", RELEASE, *placed, "--cascade=foreground", "--wait", "--timeout=90s")


def remove_namespace(cluster: Cluster, name: str) -> None:
    """Deletes ``name`` and all that is in it, once no operator puts anything back there.

    The pods go first: of a namespace that still has some, Kubernetes looks again only after half of the time that
    they may take to end, which is 46 s for those of an Endpoint, though they end in 7.
    """
    if not cluster.kubectl("get", "namespace", name, "--ignore-not-found", "-o", "name"):
        return
    cluster.kubectl("delete", "deployments", "--all", "--cascade=foreground", "--namespace", name)
    cluster.kubectl("delete", "namespace", name)

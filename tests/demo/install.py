"""Installs Pointsman as its README says: the CRDs with kubectl, the operator with helm."""

from pathlib import Path

from tests.cluster import Cluster, images

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "pointsman"
OPERATOR_NAMESPACE = "pointsman-system"
RELEASE = "pointsman"


def crds(cluster: Cluster) -> None:
    """Applies the two kinds and waits until the API serves them."""
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
    kinds = [f"crd/{kind}.pointsman.dev" for kind in ("endpoints", "endpointconfigs")]
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", *kinds)


def operator(cluster: Cluster, *values: str) -> None:
    """Installs or upgrades the chart with the images built here, and waits until the operator is ready.

    ``values`` are more settings as ``helm --set`` takes them.
    """
    settings = {
        "image.registry": images.registry(),
        "image.tag": images.version(),
        # The tag stays the same while one develops: another build has to start another pod.
        "podAnnotations.build": images.named(["operator"])[0].digest({}),
    }
    arguments = [part for key, value in settings.items() for part in ("--set-string", f"{key}={value}")]
    more = [part for value in values for part in ("--set", value)]
    placed = ["--namespace", OPERATOR_NAMESPACE, "--create-namespace"]
    cluster.helm(
        "upgrade", "--install", RELEASE, str(CHART), *placed, *arguments, *more, "--wait", "--timeout=180s"
    )


def namespace(cluster: Cluster, name: str) -> None:
    """Creates ``name`` if it is not there."""
    manifest = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"
    cluster.kubectl("apply", "-f", "-", stdin=manifest)


def remove_operator(cluster: Cluster) -> None:
    """Uninstalls the chart, if it is installed; its pods have ended when this returns."""
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

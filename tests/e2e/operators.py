"""The operator's pods, as a test that harms them finds them."""

from tests.cluster import Cluster, control
from tests.demo import install


def names(cluster: Cluster) -> list[str]:
    """The operators' pods that run."""
    where = ["--namespace", install.OPERATOR_NAMESPACE, "--field-selector=status.phase=Running"]
    return cluster.kubectl("get", "pods", "-o", "jsonpath={.items[*].metadata.name}", *where).split()


def remove(cluster: Cluster, pod: str) -> None:
    """Take an operator's pod away without asking it to end."""
    where = ["--namespace", install.OPERATOR_NAMESPACE]
    cluster.kubectl("delete", "pod", pod, "--force", "--grace-period=0", "--wait=false", *where)


def pid(cluster: Cluster, pod: str) -> int:
    """Process id of an operator on this machine."""
    return control.container_pid(cluster, install.OPERATOR_NAMESPACE, pod, "operator")


def scale(cluster: Cluster, replicas: int) -> None:
    """Sets how many operators run, and waits until that is so."""
    where = ["--namespace", install.OPERATOR_NAMESPACE]
    deployment = cluster.kubectl("get", "deployment", "-o", "name", *where).strip()
    cluster.kubectl("scale", deployment, f"--replicas={replicas}", *where)
    cluster.kubectl("rollout", "status", deployment, "--timeout=90s", *where)
    if replicas == 0:
        cluster.kubectl("wait", "--for=delete", "pod", "--all", "--timeout=60s", *where)

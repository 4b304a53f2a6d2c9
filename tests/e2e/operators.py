"""The operator's pods, as a test that harms them finds them."""

from tests.cluster import Cluster, control
from tests.demo import install


def names(cluster: Cluster) -> list[str]:
    """The operators' pods that run."""
    where = ["--namespace", install.OPERATOR_NAMESPACE, "--field-selector=status.phase=Running"]
    return cluster.kubectl("get", "pods", "-o", "jsonpath={.items[*].metadata.name}", *where).split()


def pod_of(cluster: Cluster, identity: str) -> str:
    """The operator pod whose name begins the leader's identity."""
    return next(name for name in names(cluster) if identity.startswith(name))


def pid(cluster: Cluster, pod: str) -> int:
    """Process id of an operator on this machine."""
    return control.container_pid(cluster, install.OPERATOR_NAMESPACE, pod, "operator")

"""The test cluster: a real single-node Kubernetes in a network namespace of its own, and control of it.

Nothing of Pointsman's own programs is imported here; nothing but tests, the demo and the Makefile uses it.

Tests need two things of it:

    cluster = tests.cluster.ensure_up()        # starts one, or takes the one of $KUBECONFIG
    cluster.kubectl("apply", "-f", "-", stdin=manifest)
    cluster.helm("install", "pointsman", "charts/pointsman")

and, when `cluster.is_ours`, `tests.cluster.control` to stop and start the cluster's parts.

By hand: `python -m tests.cluster --help`.
"""

from tests.cluster.access import Cluster, ensure_up
from tests.cluster.errors import HarnessError

__all__ = ["Cluster", "HarnessError", "ensure_up"]

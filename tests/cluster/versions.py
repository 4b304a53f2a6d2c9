"""The versions of everything that the test cluster is made of: one place to raise them."""

from dataclasses import dataclass

KUBERNETES = "1.34.4"
ETCD = "3.6.5"
HELM = "3.22.0"
COREDNS = "1.15.0"

# The oldest Go that reads tests/cluster/kubernetes/go.mod; the oldest that fetches a newer one by itself.
GO = (1, 25)
GO_WITH_TOOLCHAINS = (1, 21)


@dataclass(frozen=True, slots=True)
class GoProgram:
    """A program installed by `go install`, apart from Kubernetes because its client libraries differ."""

    name: str
    package: str
    version: str


HELM_PROGRAM = GoProgram("helm", "helm.sh/helm/v3/cmd/helm", HELM)
COREDNS_PROGRAM = GoProgram("coredns", "github.com/coredns/coredns", COREDNS)
GO_PROGRAMS = (HELM_PROGRAM, COREDNS_PROGRAM)

KUBERNETES_PROGRAMS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
)

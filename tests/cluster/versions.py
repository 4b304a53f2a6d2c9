"""The versions of everything that the test cluster is made of: one place to raise them."""

KUBERNETES = "1.34.4"
ETCD = "3.6.5"
# The newest whose client libraries are those of this Kubernetes: what all programs share is compiled once.
HELM = "3.19.5"
COREDNS = "1.14.1"

# The oldest Go that reads tests/cluster/programs/go.mod; the oldest that fetches a newer one by itself.
GO = (1, 25)
GO_WITH_TOOLCHAINS = (1, 21)

MODULES = {
    "k8s.io/kubernetes": KUBERNETES,
    "go.etcd.io/etcd/server/v3": ETCD,
    "github.com/coredns/coredns": COREDNS,
    "helm.sh/helm/v3": HELM,
}
PACKAGES = {
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-proxy": "k8s.io/kubernetes/cmd/kube-proxy",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kubelet": "k8s.io/kubernetes/cmd/kubelet",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    "helm": "helm.sh/helm/v3/cmd/helm",
    "etcd": "./etcd",
    "coredns": "./coredns",
    "pause": "./pause",
}
"""Program → what it is built of; the last ones are folders beside go.mod."""

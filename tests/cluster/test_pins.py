"""The Go module of the cluster's programs follows versions.py."""

from tests.cluster import pins, tools, versions

OF_KUBERNETES = """\
module k8s.io/kubernetes
replace (
	k8s.io/client-go => ./staging/src/k8s.io/client-go
	k8s.io/api => ./staging/src/k8s.io/api
)
"""


def test_parts_of_kubernetes_are_taken_published() -> None:
    written = pins.go_mod(OF_KUBERNETES)
    published = versions.KUBERNETES.removeprefix("1.")
    assert (
        f"\tk8s.io/api => k8s.io/api v0.{published}\n\tk8s.io/client-go => k8s.io/client-go v0.{published}\n"
        in written
    )


def test_the_committed_module_has_the_versions_that_are_named() -> None:
    committed = (tools.MODULE / "go.mod").read_text()
    assert f"\tk8s.io/kubernetes v{versions.KUBERNETES} " in committed
    assert f"\tgo.etcd.io/etcd/server/v3 v{versions.ETCD} " in committed

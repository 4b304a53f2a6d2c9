"""The Go module of the cluster's programs follows versions.py."""

import pytest

from tests.cluster import layout, pins, versions

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


@pytest.mark.parametrize("module", versions.MODULES)
def test_the_committed_module_has_the_versions_that_are_named(module: str) -> None:
    committed = (layout.PROGRAMS / "go.mod").read_text()
    assert f"{module} v{versions.MODULES[module]}\n" in committed.replace(" // indirect", "")

"""clusterrole-view.yaml and clusterrole-edit.yaml."""

from tests.chart import chart, rights

AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"
KINDS = {"endpoints.pointsman.dev", "endpointconfigs.pointsman.dev"}


def aggregated_to(role: chart.Object) -> set[str]:
    labels = role["metadata"]["labels"]
    return {
        name.removeprefix(AGGREGATE)
        for name, value in labels.items()
        if name.startswith(AGGREGATE) and value == "true"
    }


def test_whoever_may_view_may_view_endpoints(rendered: chart.Objects) -> None:
    role = rendered.one("ClusterRole", "pointsman-pointsman-system-view")
    assert aggregated_to(role) == {"view", "edit", "admin"}
    assert rights.granted(role) == dict.fromkeys(KINDS, rights.READ)


def test_whoever_may_edit_may_edit_endpoints_but_not_their_status(rendered: chart.Objects) -> None:
    role = rendered.one("ClusterRole", "pointsman-pointsman-system-edit")
    assert aggregated_to(role) == {"edit", "admin"}
    assert rights.granted(role) == dict.fromkeys(KINDS, rights.WRITE | {"deletecollection"})


def test_the_clusters_roles_can_be_left_alone(helm: chart.Helm) -> None:
    roles = helm.render({"rbac": {"aggregate": False}}).of_kind("ClusterRole")
    assert [role["metadata"]["name"] for role in roles] == ["pointsman-pointsman-system"]

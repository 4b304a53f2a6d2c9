"""clusterrole.yaml, clusterrolebinding.yaml, role.yaml, rolebinding.yaml, leader-election-role.yaml,
leader-election-rolebinding.yaml.
"""

import pytest

from endpoint_operator.desired import owner, router_access
from tests.chart import chart, rights

CLUSTER_SCOPED = {"ClusterRole", "ClusterRoleBinding"}


@pytest.fixture(scope="module")
def namespaced(helm: chart.Helm) -> chart.Objects:
    return helm.render({"watchNamespace": "team-a"})


def test_cluster_wide_the_operator_has_these_rights_and_no_others(rendered: chart.Objects) -> None:
    role = rendered.one("ClusterRole", "pointsman-pointsman-system")
    assert rights.granted(role) == rights.OPERATOR


def test_cluster_wide_it_may_look_at_its_own_two_kinds_definitions(rendered: chart.Objects) -> None:
    role = rendered.one("ClusterRole", "pointsman-pointsman-system")
    names = ("endpointconfigs.pointsman.dev", "endpoints.pointsman.dev")
    assert rights.named(role) == [("customresourcedefinitions", names, frozenset({"get"}))]


def test_in_one_namespace_it_has_the_same_rights_there_only(namespaced: chart.Objects) -> None:
    role = namespaced.one("Role", "pointsman-pointsman-system")
    assert role["metadata"]["namespace"] == "team-a"
    assert rights.granted(role) == rights.OPERATOR
    assert rights.named(role) == []


def test_in_one_namespace_nothing_is_cluster_scoped(namespaced: chart.Objects) -> None:
    assert {each["kind"] for each in namespaced.all}.isdisjoint(CLUSTER_SCOPED)


def test_cluster_wide_the_only_role_in_a_namespace_is_the_leader_elections(rendered: chart.Objects) -> None:
    assert rendered.one("Role")["metadata"]["name"] == "pointsman-leader-election"


def test_it_holds_every_right_that_it_grants_to_routers(rendered: chart.Objects) -> None:
    """Else the API server refuses to let it create the routers' Role, or it would need `escalate`."""
    held = rights.granted(rendered.one("ClusterRole", "pointsman-pointsman-system"))
    routers = router_access.role(owner.Owner(name="churn", namespace="team-a", uid="1"))
    for rule in routers["rules"]:
        for resource in rule["resources"]:
            name = ".".join(filter(None, (resource, *rule["apiGroups"])))
            assert set(rule["verbs"]) <= held[name]


def test_no_rule_uses_a_star_or_reads_secrets_or_passes_on_what_it_does_not_hold(
    rendered: chart.Objects, namespaced: chart.Objects
) -> None:
    for role in [
        *rendered.of_kind("ClusterRole"),
        *rendered.of_kind("Role"),
        *namespaced.of_kind("Role"),
    ]:
        for rule in role["rules"]:
            words = {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}
            assert words.isdisjoint({"*", "secrets", "escalate", "bind", "impersonate"})


@pytest.mark.parametrize(
    ("values", "role_kind", "binding_kind", "namespace"),
    [
        ({}, "ClusterRole", "ClusterRoleBinding", None),
        ({"watchNamespace": "team-a"}, "Role", "RoleBinding", "team-a"),
    ],
    ids=["cluster-wide", "one namespace"],
)
def test_the_rights_go_to_the_operators_account_alone(
    helm: chart.Helm, values: chart.Object, role_kind: str, binding_kind: str, namespace: str | None
) -> None:
    binding = helm.render(values).one(binding_kind, "pointsman-pointsman-system")
    assert binding["metadata"].get("namespace") == namespace
    assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) == (
        role_kind,
        "pointsman-pointsman-system",
    )
    account = {"kind": "ServiceAccount", "name": "pointsman-operator", "namespace": "pointsman-system"}
    assert binding["subjects"] == [account]


def test_only_its_own_lease_can_be_taken(rendered: chart.Objects) -> None:
    role = rendered.one("Role", "pointsman-leader-election")
    assert role["metadata"]["namespace"] == "pointsman-system"
    assert rights.granted(role) == {"leases.coordination.k8s.io": frozenset({"create"})}
    assert rights.named(role) == [("leases", ("pointsman-operator",), frozenset({"delete", "get", "update"}))]
    assert rendered.environment["POINTSMAN_LEASE_NAME"] == "pointsman-operator"


def test_the_leader_election_stays_in_the_operators_namespace(namespaced: chart.Objects) -> None:
    for kind in ("Role", "RoleBinding"):
        each = namespaced.one(kind, "pointsman-leader-election")
        assert each["metadata"]["namespace"] == "pointsman-system"
    binding = namespaced.one("RoleBinding", "pointsman-leader-election")
    assert binding["roleRef"]["name"] == "pointsman-leader-election"
    assert [subject["name"] for subject in binding["subjects"]] == ["pointsman-operator"]


def test_two_releases_of_one_name_share_no_cluster_scoped_name(
    helm: chart.Helm, rendered: chart.Objects
) -> None:
    other = helm.render(namespace="elsewhere")
    for kind in CLUSTER_SCOPED:
        names = {each["metadata"]["name"] for each in rendered.of_kind(kind)}
        assert names.isdisjoint(each["metadata"]["name"] for each in other.of_kind(kind))

from endpoint_operator.desired import owner, router_access

OWNER = owner.Owner(name="churn", namespace="team", uid="1")


def test_routers_may_read_their_own_table_and_addresses_and_nothing_else() -> None:
    read = ["get", "list", "watch"]
    assert router_access.role(OWNER)["rules"] == [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["churn-routes"], "verbs": read},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": read},
    ]


def test_the_binding_names_each_account_once_in_a_stable_order() -> None:
    binding = router_access.role_binding(OWNER, ["own", "another", "own", "churn-router"])
    assert [subject["name"] for subject in binding["subjects"]] == ["another", "churn-router", "own"]
    assert {subject["namespace"] for subject in binding["subjects"]} == {"team"}
    assert binding["roleRef"]["name"] == "churn-router"


def test_the_account_gives_no_token_to_whoever_does_not_ask() -> None:
    account = router_access.service_account(OWNER)
    assert account["automountServiceAccountToken"] is False
    assert account["metadata"]["name"] == "churn-router"

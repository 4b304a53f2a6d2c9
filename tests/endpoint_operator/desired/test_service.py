from endpoint_operator.desired import owner, service

OWNER = owner.Owner(name="churn", namespace="team", uid="1")


def test_clients_reach_the_routers_of_every_variant_at_port_80() -> None:
    rendered = service.endpoint_service(OWNER)
    assert rendered["metadata"]["name"] == "churn"
    assert rendered["spec"]["selector"] == {"pointsman.dev/endpoint": "churn"}
    assert [(port["port"], port["targetPort"]) for port in rendered["spec"]["ports"]] == [(80, 8000)]


def test_routers_find_the_ready_model_servers_of_a_revision() -> None:
    rendered = service.revision_service(OWNER, revision="churn-a-0123456789", variant="A")
    assert rendered["metadata"]["name"] == "churn-a-0123456789"
    assert rendered["metadata"]["labels"]["pointsman.dev/endpoint"] == "churn"
    assert rendered["metadata"]["labels"]["pointsman.dev/variant"] == "A"
    assert rendered["spec"]["clusterIP"] == "None"
    assert rendered["spec"]["publishNotReadyAddresses"] is False
    assert rendered["spec"]["selector"] == {"pointsman.dev/revision": "churn-a-0123456789"}
    assert [(port["name"], port["targetPort"]) for port in rendered["spec"]["ports"]] == [("http", 8080)]

from endpoint_operator.desired import volumes


def test_the_first_pods_of_a_revision_start_without_a_known_identity() -> None:
    identity = next(item for item in volumes.of_pod("churn-a-1") if item["name"] == volumes.MODEL_IDENTITY)
    assert identity["configMap"] == {"name": "churn-a-1", "optional": True}


def test_the_routers_token_comes_with_what_a_client_needs_beside_it() -> None:
    token = next(item for item in volumes.of_pod("churn-a-1") if item["name"] == volumes.ROUTER_TOKEN)
    sources = [next(iter(source)) for source in token["projected"]["sources"]]
    assert sources == ["serviceAccountToken", "configMap", "downwardAPI"]


def test_a_mount_can_be_read_only() -> None:
    assert volumes.mount("a", "/b") == {"name": "a", "mountPath": "/b"}
    assert volumes.mount("a", "/b", read_only=True)["readOnly"] is True


def test_a_claim_and_a_cache_are_there_only_when_asked_for() -> None:
    names = {item["name"] for item in volumes.of_pod("churn-a-1")}
    assert not {volumes.MODEL_CLAIM, volumes.MODEL_CACHE} & names
    found = {item["name"]: item for item in volumes.of_pod("r", claim="models", cache_host_path="/cache")}
    assert found[volumes.MODEL_CLAIM]["persistentVolumeClaim"] == {"claimName": "models", "readOnly": True}
    assert found[volumes.MODEL_CACHE]["hostPath"] == {"path": "/cache", "type": "DirectoryOrCreate"}

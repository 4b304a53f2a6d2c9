from endpoint_operator.cluster import kinds, observe
from endpoint_operator.desired import labels, owner, service
from tests.builders import api_server, manifests

BASE = "/apis/pointsman.dev/v1alpha1/namespaces/shop"


def an_endpoint(server: api_server.ApiServer) -> owner.Owner:
    found = server.put(f"{BASE}/endpoints/churn", manifests.endpoint("churn", config="churn-1"))
    return owner.Owner(name="churn", namespace="shop", uid=found["metadata"]["uid"])


async def test_an_endpoint_that_is_gone_is_none() -> None:
    async with api_server.running() as (_, cluster):
        assert await observe.endpoint(cluster, "shop", "churn") is None


async def test_an_endpoint_without_its_config_is_seen_without_it() -> None:
    async with api_server.running() as (server, cluster):
        an_endpoint(server)
        raw = await observe.endpoint(cluster, "shop", "churn")
        assert raw is not None
        assert raw.config is None
        assert raw.of(kinds.SERVICE) == {}


async def test_only_children_of_this_very_endpoint_are_seen_and_they_carry_their_kind() -> None:
    async with api_server.running() as (server, cluster):
        mine = an_endpoint(server)
        server.put(f"{BASE}/endpointconfigs/churn-1", manifests.endpoint_config(name="churn-1"))
        server.put("/api/v1/namespaces/shop/services/churn", service.endpoint_service(mine))
        earlier = owner.Owner(name="churn", namespace="shop", uid="of-an-earlier-one")
        left = service.revision_service(earlier, revision="churn-a-1", variant="A")
        server.put("/api/v1/namespaces/shop/services/churn-a-1", left)
        pod = {"metadata": {"labels": labels.revision("churn", variant="A", revision="churn-a-1")}}
        server.put("/api/v1/namespaces/shop/pods/p", pod)
        raw = await observe.endpoint(cluster, "shop", "churn")
        assert raw is not None
        assert raw.config is not None
        assert set(raw.of(kinds.SERVICE)) == {"churn"}
        assert raw.of(kinds.SERVICE)["churn"]["kind"] == "Service"
        assert set(raw.of(kinds.POD)) == {"p"}

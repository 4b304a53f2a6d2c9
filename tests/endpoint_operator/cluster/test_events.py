import datetime

from endpoint_operator.cluster import client, events
from tests.builders import api_server

ENDPOINT = {"metadata": {"name": "churn", "namespace": "shop", "uid": "u"}}
PATH = "/api/v1/namespaces/shop/events"
NOW = datetime.datetime(2026, 11, 22, 2, 0, tzinfo=datetime.UTC)


async def post(cluster: client.Client, message: str, minutes: int = 0) -> None:
    now = NOW + datetime.timedelta(minutes=minutes)
    await events.post(cluster, ENDPOINT, type_="Warning", reason="NoReadyPod", message=message, now=now)


async def test_what_is_said_again_is_counted() -> None:
    async with api_server.running() as (server, cluster):
        await post(cluster, "one")
        await post(cluster, "one", minutes=5)
        await post(cluster, "two")
        said = {item["message"]: item for item in server.objects.values()}
        assert {message: item["count"] for message, item in said.items()} == {"one": 2, "two": 1}
        assert said["one"]["firstTimestamp"] == "2026-11-22T02:00:00Z"
        assert said["one"]["lastTimestamp"] == "2026-11-22T02:05:00Z"
        assert said["one"]["involvedObject"]["kind"] == "Endpoint"


async def test_a_long_message_is_cut_to_what_the_api_server_takes() -> None:
    async with api_server.running() as (server, cluster):
        await post(cluster, "x" * 5000)
        assert [len(item["message"]) for item in server.objects.values()] == [1024]


async def test_an_event_that_cannot_be_posted_harms_nobody() -> None:
    async with api_server.running() as (server, cluster):
        server.faults[f"POST {PATH}"] = 403
        await post(cluster, "one")
        assert not server.objects

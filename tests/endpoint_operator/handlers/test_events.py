import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from kubernetes.aio.client.configuration import Configuration

from endpoint_operator.cluster import kinds
from endpoint_operator.handlers import events
from tests.builders import kubernetes_watch, waiting

ENDPOINTS = "/apis/pointsman.dev/v1alpha1/namespaces/shop/endpoints"
PODS = "/api/v1/namespaces/shop/pods"


def an_object(name: str, **labels: str) -> Any:
    return {"metadata": {"name": name, "namespace": "shop", "uid": name, "labels": labels}}


def test_an_event_says_whose_child_it_is_and_which_config_is_named() -> None:
    body = {**an_object("churn"), "spec": {"endpointConfigName": "churn-1"}}
    found = events.change(kinds.ENDPOINT, {"type": "DELETED", "object": body})
    assert (found.namespace, found.name, found.config_name, found.is_deleted) == (
        "shop",
        "churn",
        "churn-1",
        True,
    )
    child = {"type": None, "object": an_object("p", **{"pointsman.dev/endpoint": "churn"})}
    assert events.change(kinds.POD, child).endpoint == "churn"
    assert not events.change(kinds.POD, child).is_deleted


def test_nothing_but_watching_is_left_of_kopf() -> None:
    registry = events.registry(lambda _: None, Configuration())
    assert registry._watching.get_all_handlers()
    assert not registry._changing.get_all_handlers()
    assert not registry._spawning.get_all_handlers()
    assert not registry._indexing.get_all_handlers()
    settings = events.operator_settings()
    assert not settings.posting.enabled
    assert settings.scanning.disabled
    assert settings.peering.standalone
    assert settings.process.ultimate_exiting_timeout is None


def test_children_are_watched_by_their_labels_and_our_kinds_without() -> None:
    selectors = {
        (key.group, key.any_name): value
        for key, value in events.operator_settings().watching.label_selectors._items.items()
    }
    assert set(selectors) == {(kind.group, kind.plural) for kind in kinds.CHILDREN}
    assert set(selectors.values()) == {"app.kubernetes.io/managed-by=pointsman,pointsman.dev/endpoint"}


async def test_kopf_gets_the_clients_way_to_the_api_server() -> None:
    api: Configuration = Configuration(host="https://api.test")
    api.api_key["BearerToken"] = "bearer secret"
    api.verify_ssl = False
    found = await events.connection(api)
    assert (found.server, found.scheme, found.token, found.insecure) == (
        "https://api.test",
        "bearer",
        "secret",
        True,
    )


async def _yes() -> bool:
    return True


@asynccontextmanager
async def watching(
    server: kubernetes_watch.WatchedApi, deliver: events.Deliver, is_served: events.IsServed = _yes
) -> AsyncIterator[events.Watcher]:
    watcher = events.Watcher(
        namespace="shop",
        deliver=deliver,
        api=Configuration(host=server.url),
        is_served=is_served,
    )
    watcher.start()
    try:
        yield watcher
    finally:
        await watcher.stop()


async def test_listed_and_watched_objects_arrive_in_the_loop_that_began() -> None:
    loop = asyncio.get_running_loop()
    arrived: list[str] = []

    def deliver(change: events.Change) -> None:
        assert asyncio.get_running_loop() is loop
        arrived.append(f"{change.kind.plural}/{change.name}")

    async with kubernetes_watch.running() as server:
        server.put(ENDPOINTS, an_object("churn"))
        async with watching(server, deliver) as watcher:
            await waiting.until(lambda: "endpoints/churn" in arrived)
            server.put(PODS, an_object("p", **{"pointsman.dev/endpoint": "churn"}))
            await waiting.until(lambda: "pods/p" in arrived)
            was_alive = watcher.is_alive
        assert (was_alive, watcher.is_alive) == (True, False)
        assert server.writes == []


async def test_a_watch_that_ended_for_good_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "RESTART_AFTER", 0.05)
    arrived: list[str] = []
    async with (
        kubernetes_watch.running() as server,
        watching(server, lambda change: arrived.append(change.name)),
    ):
        await waiting.until(lambda: ENDPOINTS in server.watched)
        # As when a CRD is deleted: kopf gives up on a 404.
        server.status = 404
        server.end_watches()
        await waiting.until(lambda: server.refused > 0)
        server.status = 200
        server.put(ENDPOINTS, an_object("churn"))
        await waiting.until(lambda: "churn" in arrived, seconds=30)


async def test_kinds_that_are_not_served_yet_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "RESTART_AFTER", 0.05)
    arrived: list[str] = []
    asked: list[bool] = []

    async def is_served() -> bool:
        asked.append(True)
        return len(asked) > 3

    async with kubernetes_watch.running() as server:
        server.put(ENDPOINTS, an_object("churn"))
        async with watching(server, lambda change: arrived.append(change.name), is_served):
            await waiting.until(lambda: "churn" in arrived)
        assert len(asked) == 4

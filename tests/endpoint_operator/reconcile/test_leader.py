import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from endpoint_operator.cluster import client, routers
from endpoint_operator.reconcile import acknowledgements, leader
from endpoint_operator.reconcile.keys import Key
from endpoint_operator.reconcile.queue import KeyedQueue
from tests.builders import api_server, manifests, waiting

CHURN, FRAUD = Key("shop", "churn"), Key("shop", "fraud")
PATH = "/apis/pointsman.dev/v1alpha1/namespaces/shop/endpoints"


class Parts:
    def __init__(self, cluster: client.Client) -> None:
        self.worked: list[Key] = []
        clock = asyncio.get_running_loop().time
        self.queue = KeyedQueue[Key](self._work, concurrency=2, clock=clock, chance=lambda: 0.0)
        known = acknowledgements.Acknowledgements(routers.Asker(), self.queue.add, clock=clock)
        self.leader = leader.Leader(
            cluster, self.queue, known, namespace="shop", resync_seconds=60.0, spread=lambda: 0.0
        )
        self.task: asyncio.Task[None] | None = None

    async def _work(self, key: Key) -> None:
        self.worked.append(key)

    async def until(self, *keys: Key) -> None:
        await waiting.until(lambda: set(keys) <= set(self.worked))


@asynccontextmanager
async def leading(cluster: client.Client) -> AsyncIterator[Parts]:
    made = Parts(cluster)
    task = asyncio.create_task(made.leader.lead())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.wait((task,))


async def test_a_new_leader_looks_at_every_endpoint() -> None:
    async with api_server.running() as (server, cluster):
        for key in (CHURN, FRAUD):
            server.put(f"{PATH}/{key.name}", manifests.endpoint(key.name, config="one"))
        async with leading(cluster) as made:
            await made.until(CHURN, FRAUD)


async def test_a_configs_event_reaches_the_endpoints_that_name_it() -> None:
    async with api_server.running() as (_, cluster), leading(cluster) as made:
        await waiting.until(lambda: made.queue._is_open)
        made.leader.endpoint_changed(CHURN, config_name="one", is_deleted=False)
        made.leader.endpoint_changed(FRAUD, config_name="two", is_deleted=False)
        await made.until(CHURN, FRAUD)
        made.worked.clear()
        made.leader.config_changed(Key("shop", "two"))
        await made.until(FRAUD)
        assert CHURN not in made.worked
        made.leader.endpoint_changed(FRAUD, config_name="two", is_deleted=True)
        await waiting.until(lambda: made.worked.count(FRAUD) == 2)
        made.worked.clear()
        made.leader.config_changed(Key("shop", "two"))
        made.leader.child_changed(CHURN)
        await made.until(CHURN)
        assert FRAUD not in made.worked


async def test_who_does_not_lead_works_on_nothing() -> None:
    async with api_server.running() as (_, cluster):
        made = Parts(cluster)
        made.leader.endpoint_changed(CHURN, config_name="one", is_deleted=False)
        made.leader.child_changed(CHURN)
        async with leading(cluster) as other:
            await waiting.until(lambda: other.queue._is_open)
        assert made.worked == []


async def test_missing_kinds_are_said_with_what_to_do_and_tried_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leader, "RETRY_SECONDS", 0.01)
    async with api_server.running() as (server, cluster):
        server.faults[f"GET {PATH}"] = 404
        with caplog.at_level(logging.WARNING):
            async with leading(cluster) as made:
                await waiting.until(lambda: "kubectl apply -f crds/" in caplog.text)
                server.faults.clear()
                server.put(f"{PATH}/churn", manifests.endpoint("churn", config="one"))
                await made.until(CHURN)

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from prometheus_client import CollectorRegistry, Counter

from endpoint_operator.handlers import web


class Health:
    """What the checks answer."""

    alive = ""
    ready = "not yet"


@asynccontextmanager
async def serving(health: Health, registry: CollectorRegistry) -> AsyncIterator[str]:
    app = web.application(alive=lambda: health.alive, ready=lambda: health.ready, registry=registry)
    runner = await web.serve(app, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def get(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def test_probes_answer_ok_or_what_is_wrong() -> None:
    health = Health()
    async with serving(health, CollectorRegistry()) as url:
        assert await get(f"{url}/healthz") == (200, "ok")
        assert await get(f"{url}/readyz") == (503, "not yet")
        health.alive, health.ready = "the elector has ended", ""
        assert await get(f"{url}/healthz") == (503, "the elector has ended")
        assert await get(f"{url}/readyz") == (200, "ok")


async def test_metrics_are_those_of_the_registry() -> None:
    registry = CollectorRegistry()
    Counter("things", "Things.", registry=registry).inc()
    async with serving(Health(), registry) as url:
        status, text = await get(f"{url}/metrics")
    assert status == 200
    assert "things_total 1.0" in text

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import test_utils, web

from endpoint_contract import router_report
from endpoint_router import admin
from tests.builders import route_tables

TABLE = route_tables.a_table(revision=17, Variant1=0.25, Variant2=0.75)


@dataclass
class Router:
    """What the admin port asks."""

    report: router_report.RouterReport | None = None
    complaint: str = ""


@pytest.fixture
def router() -> Router:
    return Router()


@pytest.fixture
async def client(router: Router) -> AsyncIterator["Client"]:
    facts = admin.Facts(lambda: router.report, lambda: b"pointsman_x 1\n", lambda: router.complaint)
    async with test_utils.TestClient(test_utils.TestServer(admin.application(facts))) as running:
        yield running


Client = test_utils.TestClient[web.Request, web.Application]


async def test_ready_means_a_table_and_no_more(client: Client, router: Router) -> None:
    assert (await client.get("/readyz")).status == 503
    router.report = router_report.RouterReport(TABLE, {})
    assert (await client.get("/readyz")).status == 200, "though no backend has an address"


async def test_healthy_means_that_the_tasks_live(client: Client, router: Router) -> None:
    assert (await client.get("/healthz")).status == 200
    router.complaint = "the route table is no longer followed"
    answer = await client.get("/healthz")
    assert (answer.status, await answer.text()) == (500, "the route table is no longer followed")


async def test_the_report_is_what_is_applied_now(client: Client, router: Router) -> None:
    assert (await client.get("/route-table")).status == 503
    router.report = router_report.RouterReport(TABLE, {"churn-variant1": 2, "churn-variant2": 0})
    answer = await client.get("/route-table")
    assert answer.content_type == "application/json"
    assert router_report.parse(await answer.read()) == router.report


async def test_metrics_are_prometheus_text(client: Client) -> None:
    answer = await client.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert await answer.read() == b"pointsman_x 1\n"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/route-table"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_can_be_changed(client: Client, method: str, path: str) -> None:
    assert (await client.request(method, path)).status == 405


async def test_other_paths_are_unknown(client: Client) -> None:
    assert (await client.get("/")).status == 404

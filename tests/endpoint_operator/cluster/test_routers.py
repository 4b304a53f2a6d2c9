import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from endpoint_contract import route_table, router_report
from endpoint_operator.cluster import routers
from endpoint_operator.rollout import observed

TABLE = route_table.RouteTable(
    endpoint="churn",
    revision=3,
    variants=(route_table.Variant("A", 1.0, (route_table.Backend(service="churn-a-1"),)),),
)
REPORT = router_report.RouterReport(table=TABLE, ready_addresses={"churn-a-1": 2})


@asynccontextmanager
async def a_router(body: bytes, *, status: int = 200, hangs: bool = False) -> AsyncIterator[int]:
    """Something that listens on loopback; answers its port."""

    async def answer(_: web.Request) -> web.Response:
        if hangs:
            await asyncio.Event().wait()
        return web.Response(body=body, status=status)

    app = web.Application()
    app.router.add_get("/route-table", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def ask(
    port: int, before: observed.RouterAnswer | None = None, *, now: float = 100.0, timeout: float = 1.0
) -> observed.RouterAnswer:
    asker = routers.Asker(port=port, timeout=timeout)
    known = {"pod": before} if before is not None else {}
    answers = await asker.ask({"pod": "127.0.0.1"}, known, now)
    await asker.close()
    return answers["pod"]


async def test_a_router_is_believed_what_it_reports() -> None:
    async with a_router(router_report.render(REPORT)) as port:
        assert await ask(port) == REPORT


async def test_a_silent_router_is_silent_since_it_was_first_and_its_last_answer_is_kept() -> None:
    async with a_router(b"", hangs=True) as port:
        first = await ask(port, REPORT, now=100.0, timeout=0.05)
        again = await ask(port, first, now=160.0, timeout=0.05)
    assert first == again == observed.Unreachable(since=100.0, last=REPORT)


async def test_a_refusal_an_error_and_nonsense_are_no_answers() -> None:
    async with a_router(b"not yet", status=503) as port:
        assert await ask(port) == observed.Unreachable(since=100.0)
    async with a_router(b"<html>") as port:
        assert await ask(port) == observed.Unreachable(since=100.0)
    assert await ask(port) == observed.Unreachable(since=100.0)


async def test_a_dead_router_does_not_hold_up_the_others() -> None:
    asker = routers.Asker(port=9, timeout=0.2)
    pods = {f"pod-{number}": f"127.0.0.{number}" for number in range(1, 50)}
    began = asyncio.get_running_loop().time()
    answers = await asker.ask(pods, {}, 100.0)
    assert set(answers) == set(pods)
    assert asyncio.get_running_loop().time() - began < 2.0
    await asker.close()

"""The admin port: health, metrics and what the router applies right now. Read-only, and off the hot path."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from endpoint_contract import router_report

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Facts:
    """Where the answers come from; each is asked at the moment of the request.

    ``report``: what requests are routed by now, None before there is a table. ``metrics``: Prometheus text.
    ``complaint``: why the router should be restarted, empty while all its tasks live.
    """

    report: Callable[[], router_report.RouterReport | None]
    metrics: Callable[[], bytes]
    complaint: Callable[[], str]


def application(facts: Facts) -> web.Application:
    """The aiohttp application; any other path is 404, any other method 405."""
    answers = _Answers(facts)
    made = web.Application()
    made.router.add_get("/healthz", answers.healthz)
    made.router.add_get("/readyz", answers.readyz)
    made.router.add_get("/metrics", answers.metrics)
    made.router.add_get("/route-table", answers.route_table)
    return made


class Admin:
    """The listening admin port."""

    def __init__(self, facts: Facts) -> None:
        # A client that stays connected must not hold up the end: it only ever reads.
        self._runner = web.AppRunner(application(facts), access_log=None, shutdown_timeout=0.1)

    async def listen(self, host: str, port: int) -> None:
        """Raises OSError when the address can't be listened on."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()

    @property
    def port(self) -> int:
        """The port that is listened on."""
        port: int = self._runner.addresses[0][1]
        return port

    async def close(self) -> None:
        """Stop listening and close all connections."""
        await self._runner.cleanup()


@dataclass(frozen=True, slots=True)
class _Answers:
    facts: Facts

    async def healthz(self, _request: web.Request) -> web.Response:
        """That this answers shows that the loop turns; the tasks say for themselves."""
        complaint = self.facts.complaint()
        return web.Response(text=complaint or "ok", status=500 if complaint else 200)

    async def readyz(self, _request: web.Request) -> web.Response:
        """Whether there is something to route by; never whether a model server lives, or none would ever start.

        It stays so while draining: a pod that called itself unready could no longer be the last resort of others.
        """
        if self.facts.report() is None:
            return web.Response(text="no route table yet", status=503)
        return web.Response(text="ok")

    async def metrics(self, _request: web.Request) -> web.Response:
        """Prometheus text."""
        return web.Response(body=self.facts.metrics(), headers={"Content-Type": _METRICS_TYPE})

    async def route_table(self, _request: web.Request) -> web.Response:
        """What requests are routed by at this very moment (`router_report`)."""
        report = self.facts.report()
        if report is None:
            return web.Response(text="no route table yet", status=503)
        return web.Response(body=router_report.render(report), content_type="application/json")

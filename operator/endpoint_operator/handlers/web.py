"""The operator's own HTTP port: is it alive, is it ready, what has it counted."""

import logging
from collections.abc import Callable

import prometheus_client
from aiohttp import web
from prometheus_client import CollectorRegistry

logger = logging.getLogger(__name__)

Check = Callable[[], str]
"""Answers what is wrong, in one line; empty when nothing is."""


def application(*, alive: Check, ready: Check, registry: CollectorRegistry) -> web.Application:
    """``/healthz`` and ``/readyz`` answer 200 ``ok`` or 503 and what is wrong; ``/metrics`` is Prometheus' text.

    That ``/healthz`` answers at all shows that the event loop turns.
    """

    async def healthz(_: web.Request) -> web.Response:
        return _verdict(alive())

    async def readyz(_: web.Request) -> web.Response:
        return _verdict(ready())

    async def metrics(_: web.Request) -> web.Response:
        body = prometheus_client.generate_latest(registry)
        return web.Response(body=body, headers={"Content-Type": prometheus_client.CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    return app


async def serve(app: web.Application, host: str, port: int) -> web.AppRunner:
    """Listen; ``cleanup()`` of what is answered ends it. Raises OSError when the port is taken."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner


def _verdict(wrong: str) -> web.Response:
    return web.Response(text=wrong or "ok", status=503 if wrong else 200)

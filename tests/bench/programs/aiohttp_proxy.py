"""A proxy as one writes it on aiohttp: ``python aiohttp_proxy.py PORT NAME=PORT:WEIGHT ...``."""

import random
import sys
import uuid
from collections.abc import Sequence

import aiohttp
import uvloop
from aiohttp import web

_TARGET = "X-Amzn-SageMaker-Target-Variant"
_FORWARDED = ("Content-Type", "Accept")


class Proxy:
    """Draws a variant for each request, or takes the one that it names."""

    def __init__(self, variants: Sequence[tuple[str, int, float]]) -> None:
        self._urls = {name: f"http://127.0.0.1:{port}/invocations" for name, port, _ in variants}
        self._names = [name for name, _, _ in variants]
        self._weights = [weight for _, _, weight in variants]
        self._session: aiohttp.ClientSession

    async def open(self, application: web.Application) -> None:
        """Open the pool of connections, once the loop runs."""
        del application
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
        )

    async def close(self, application: web.Application) -> None:
        """Close what `open` opened."""
        del application
        await self._session.close()

    async def handle(self, request: web.Request) -> web.Response:
        """Pass one request on."""
        variant = request.headers.get(_TARGET) or random.choices(self._names, self._weights)[0]
        headers = {name: request.headers[name] for name in _FORWARDED if name in request.headers}
        async with self._session.post(
            self._urls[variant], data=await request.read(), headers=headers
        ) as answer:
            return web.Response(
                body=await answer.read(),
                status=answer.status,
                headers={
                    "Content-Type": answer.headers["Content-Type"],
                    "x-Amzn-Invoked-Production-Variant": variant,
                    "x-amzn-RequestId": str(uuid.uuid4()),
                },
            )


def _variant(text: str) -> tuple[str, int, float]:
    name, _, rest = text.partition("=")
    port, _, weight = rest.partition(":")
    return name, int(port), float(weight)


def main() -> None:
    """Serve until told to stop."""
    proxy = Proxy([_variant(text) for text in sys.argv[2:]])
    application = web.Application(client_max_size=6 * 1024 * 1024)
    application.on_startup.append(proxy.open)
    application.on_cleanup.append(proxy.close)
    application.router.add_post("/endpoints/{name}/invocations", proxy.handle)
    web.run_app(
        application,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=None,
        loop=uvloop.new_event_loop(),
        keepalive_timeout=3600,
    )


if __name__ == "__main__":
    main()

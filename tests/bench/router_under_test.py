"""The router that `router` measures: a static table of two variants, no API, no admin port.

A module of its own, because it runs in an environment that has the router's dependencies and nothing else.
"""

import asyncio
import gc
import sys

import uvloop

from endpoint_contract import route_table
from endpoint_router import counters, proxy, routing
from http_protocol import server

UPSTREAM_PORTS = (18081, 18082)


async def _serve(port: int) -> None:
    table = route_table.from_document(
        {
            "version": 1,
            "endpoint": "churn",
            "revision": 1,
            "variants": [
                {
                    "name": f"Variant{i + 1}",
                    "weight": weight,
                    "backends": [{"addresses": [f"127.0.0.1:{port}"]}],
                }
                for i, (port, weight) in enumerate(zip(UPSTREAM_PORTS, (0.25, 0.75), strict=True))
            ],
        }
    )
    router = proxy.Proxy(counters.Counters())
    router.use(routing.Snapshot(table))
    await server.listen(router.handle, "127.0.0.1", port, refuse=router.refuse)
    gc.freeze()  # as the program does
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))

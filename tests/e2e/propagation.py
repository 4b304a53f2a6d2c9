"""How long a weight patch takes until routers apply it, asked from the routers themselves."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

import aiohttp


def patch_and_time(
    patch: Callable[[], object], routers: Sequence[str], wanted: Mapping[str, float], *, timeout: float = 10
) -> float:
    """Seconds from before ``patch`` is called until the last of ``routers`` (``ip:8001``) applies ``wanted``.

    Raises TimeoutError when one of them does not within ``timeout`` seconds.
    """
    return asyncio.run(_patch_and_time(patch, routers, wanted, timeout))


async def _patch_and_time(
    patch: Callable[[], object], routers: Sequence[str], wanted: Mapping[str, float], timeout: float
) -> float:
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout)) as session,
        asyncio.timeout(timeout),
    ):
        began = time.monotonic()
        waiting = [asyncio.create_task(_applied(session, address, wanted)) for address in routers]
        await asyncio.to_thread(patch)
        return max(await asyncio.gather(*waiting)) - began


async def _applied(session: aiohttp.ClientSession, address: str, wanted: Mapping[str, float]) -> float:
    """When (monotonic seconds) the router was first seen to apply ``wanted``."""
    while True:
        async with session.get(f"http://{address}/route-table") as answer:
            document = await answer.json()
        weights = {variant["name"]: variant["weight"] for variant in document["table"]["variants"]}
        if weights == dict(wanted):
            return time.monotonic()
        await asyncio.sleep(0.005)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` (0..1) of ``values`` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]

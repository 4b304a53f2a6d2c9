"""Waiting for a condition, bounded."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(is_so: Callable[[], bool], *, seconds: float = 10.0) -> None:
    """Wait until ``is_so``. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - the condition may be another process's
            await asyncio.sleep(0.002)


async def until_refused(port: int) -> None:
    """Wait until nobody listens at ``port`` of loopback. Raises TimeoutError."""
    await until_awaited(lambda: is_refused(port))


async def is_refused(port: int) -> bool:
    """Whether a connection to ``port`` of loopback is."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return True
    writer.close()
    return False


async def until_awaited(is_so: Callable[[], Awaitable[bool]], *, seconds: float = 10.0) -> None:
    """Wait until ``is_so`` says so. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await is_so():  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.01)

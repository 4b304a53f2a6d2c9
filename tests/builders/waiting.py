"""Waiting for a condition, bounded."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(is_so: Callable[[], bool], *, seconds: float = 10.0) -> None:
    """Wait until ``is_so``. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - the condition may be another process's
            await asyncio.sleep(0.002)


async def until_awaited(is_so: Callable[[], Awaitable[bool]], *, seconds: float = 10.0) -> None:
    """Wait until ``is_so`` says so. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await is_so():  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.01)

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from endpoint_router import messages

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def a_channel() -> AsyncIterator[tuple[Ends, Ends]]:
    ours, theirs = socket.socketpair()
    ends = [await asyncio.open_unix_connection(sock=end) for end in (ours, theirs)]
    try:
        yield ends[0], ends[1]
    finally:
        for _, writer in ends:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def all_of(reader: asyncio.StreamReader) -> list[Any]:
    return [message async for message in messages.received(reader)]


async def test_messages_arrive_whole_and_in_order_whatever_their_size() -> None:
    sent: list[dict[str, Any]] = [
        {"drain": True},
        {"use": 1, "snapshot": {"text": "é" * 300_000}},
        {"end": 0.5},
        {},
    ]
    async with a_channel() as ((_, writer), (reader, _)):
        receiving = asyncio.create_task(all_of(reader))
        for message in sent:
            messages.send(writer, message)
        writer.close()
        assert await receiving == sent


@pytest.mark.parametrize(
    "left", [b"", b"\0\0", b"\0\0\0\x10{"], ids=["nothing", "half a length", "half a message"]
)
async def test_an_end_that_dies_in_the_middle_is_an_end(left: bytes) -> None:
    async with a_channel() as ((_, writer), (reader, _)):
        messages.send(writer, {"applied": 1})
        writer.write(left)
        writer.close()
        assert await all_of(reader) == [{"applied": 1}]


async def test_who_talks_to_one_that_is_gone_hears_no_more() -> None:
    async with a_channel() as ((reader, writer), (_, other)):
        other.transport.abort()
        for _ in range(3):
            messages.send(writer, {"drain": True})
            await asyncio.sleep(0)
        assert await all_of(reader) == []

"""Model servers that misbehave, each in one way; all of them echo what they were sent, so that a mix-up is seen."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from tests.robustness import conversations

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Serves one connection, which is closed when it returns."""

_GONE = (asyncio.IncompleteReadError, ConnectionError, RuntimeError)
"""What reading from and writing to the router raise when it has hung up; the last one is uvloop's."""


@dataclass(slots=True)
class Upstream:
    """``address`` is its ``host:port``; ``open`` counts its connections."""

    address: str = ""
    open: int = 0


@contextlib.asynccontextmanager
async def running(script: Script) -> AsyncIterator[Upstream]:
    """A listening model server."""
    upstream = Upstream()
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream.open += 1
        writers.add(writer)
        try:
            with contextlib.suppress(*_GONE):
                await script(reader, writer)
        finally:
            upstream.open -= 1
            writers.discard(writer)
            writer.close()

    server = await asyncio.start_server(serve, conversations.HOST, 0, backlog=1024)
    upstream.address = f"{conversations.HOST}:{server.sockets[0].getsockname()[1]}"
    try:
        yield upstream
    finally:
        server.close()
        for writer in list(writers):
            writer.transport.abort()
        await server.wait_closed()


async def read_head(reader: asyncio.StreamReader) -> int:
    """Read a request's head: the length of its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    return int(head.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0])


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Read a request: its body."""
    return await reader.readexactly(await read_head(reader))


def answer(body: bytes, *, connection: str = "keep-alive") -> bytes:
    """A whole answer."""
    return (
        f"HTTP/1.1 200 OK\r\nConnection: {connection}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )


async def good(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers every request with its body."""
    while True:
        writer.write(answer(await read_request(reader)))
        await writer.drain()


async def closes_after_the_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hangs up before the body was read."""
    del writer
    await read_head(reader)


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Resets the connection in place of an answer."""
    await read_request(reader)
    conversations.reset_on_close(writer.transport)


async def closes_without_a_word(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers, says that it stays, and closes."""
    writer.write(answer(await read_request(reader)))


async def answers_before_the_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers as soon as it has seen the head, then reads on in peace."""
    while True:
        length = await read_head(reader)
        writer.write(answer(b"early"))
        await reader.readexactly(length)


async def answers_early_and_closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers as soon as it has seen the head and reads no more."""
    await read_head(reader)
    writer.write(answer(b"early", connection="close"))


async def answers_twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends each answer twice in one piece."""
    while True:
        writer.write(answer(await read_request(reader)) * 2)


async def speaks_when_nobody_asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers, and has one more byte to say."""
    while True:
        writer.write(answer(await read_request(reader)) + b"H")


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers something that is not HTTP."""
    writer.write(b"\x00\xff" + await read_request(reader) + b"\r\n\r\n")


async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closes in the middle of its answer."""
    said = answer(await read_request(reader))
    writer.write(said[: len(said) - 3])


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Never answers, and waits until we have gone."""
    del writer
    await read_request(reader)
    await reader.read()


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers in crumbs."""
    while True:
        said = answer(await read_request(reader))
        step = max(1, len(said) // 20)
        for start in range(0, len(said), step):
            writer.write(said[start : start + step])
            await asyncio.sleep(0.001)


async def chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers in chunks, with a trailer that claims to be the next answer's head."""
    while True:
        body = await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(body), 50_000):
            piece = body[start : start + 50_000]
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        writer.write(b"0\r\nContent-Length: 7\r\n\r\n")
        await writer.drain()

"""Clients that keep their connection and read one answer after another, strictly."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tests.robustness import conversations, strict_reader


class Client:
    """One kept-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def post(self, target: str, body: bytes, *lines: str) -> strict_reader.Answer:
        """Send a request, read its answer. Raises IncompleteReadError, MalformedAnswerError."""
        self.send("POST", target, body, *lines)
        return await self.answer()

    async def get(self, target: str) -> strict_reader.Answer:
        """Likewise, without a body."""
        self.send("GET", target, b"")
        return await self.answer()

    def send(self, method: str, target: str, body: bytes, *lines: str) -> None:
        """Send a request."""
        head = (f"{method} {target} HTTP/1.1", "Host: h", f"Content-Length: {len(body)}", *lines, "", "")
        self.writer.write("\r\n".join(head).encode() + body)

    async def answer(self) -> strict_reader.Answer:
        """Read the next final answer."""
        while True:
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = strict_reader.length_of(head)
            answers = strict_reader.read_all(head + await self.reader.readexactly(length))
            if answers:
                return answers[0]


@contextlib.asynccontextmanager
async def a_client(port: int, *, limit: int = 64 * 1024) -> AsyncIterator[Client]:
    """A connected client, cut at the end."""
    reader, writer = await asyncio.open_connection(conversations.HOST, port, limit=limit)
    try:
        yield Client(reader, writer)
    finally:
        writer.transport.abort()

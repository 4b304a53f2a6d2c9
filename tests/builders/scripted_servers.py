"""Upstream servers on loopback whose every byte is scripted, to see what a client makes of it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from tests.builders import free_ports


class ScriptedServer:
    """``address`` is its ``host:port``; ``connections`` counts those accepted, ``requests`` those read by `request`."""

    def __init__(self) -> None:
        self.address = ""
        self.connections = 0
        self.requests: list[tuple[bytes, bytes]] = []
        self.hung_up = 0
        self.writers: list[asyncio.StreamWriter] = []

    async def request(self, reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
        """Read one request with Content-Length: head and body."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        self.requests.append((head, body))
        return head, body


def answer(body: bytes, *lines: str, status: str = "200 OK") -> bytes:
    """An answer with its Content-Length."""
    head = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *lines))
    return head.encode("latin-1") + b"\r\n" + body


@contextlib.asynccontextmanager
async def a_scripted_server(
    script: Callable[[ScriptedServer, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[ScriptedServer]:
    """A listening server that runs ``script`` for each connection, then closes it."""
    scripted = ScriptedServer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        scripted.connections += 1
        scripted.writers.append(writer)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await script(scripted, reader, writer)
        finally:
            scripted.hung_up += 1
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    scripted.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield scripted
    finally:
        server.close()
        for writer in scripted.writers:
            writer.close()
        await server.wait_closed()


async def echo(scripted: ScriptedServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A good server: answers every request with its body."""
    while True:
        _, body = await scripted.request(reader)
        writer.write(answer(body))
        await writer.drain()


def a_closed_address() -> str:
    """An address on which nothing listens."""
    return f"127.0.0.1:{free_ports.find(1)[0]}"


@contextlib.contextmanager
def a_full_backlog() -> Iterator[str]:
    """An address that accepts no further connection and does not refuse it either."""
    with socket.socket() as listener, contextlib.ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(4):
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.1", port))
        yield f"127.0.0.1:{port}"

import asyncio
import contextlib
import http.client
import os
import socket
import struct
from collections.abc import AsyncIterator

import pytest

from http_protocol import limits, server
from tests.builders import waiting

# Set by what runs these tests on the compiled modules.
ASKED_FOR_COMPILED = bool(os.environ.get("POINTSMAN_TESTS_COMPILED"))

IMPATIENT = limits.Limits(
    idle_seconds=0.3, head_seconds=0.2, body_seconds=0.3, write_seconds=0.3, linger_seconds=0.3
)


class Site:
    """A server that echoes bodies; `held` requests wait."""

    def __init__(self) -> None:
        self.server: server.Server
        self.held: list[server.Exchange] = []
        self.aborted = 0
        self.clients: list[asyncio.StreamWriter] = []

    def handle(self, exchange: server.Exchange) -> None:
        if exchange.request.path == "/hold":
            self.held.append(exchange)
            exchange.on_abort = self._count_abort
        else:
            exchange.respond(200, b"", exchange.body)

    def _count_abort(self) -> None:
        self.aborted += 1

    def ask(self, body: bytes = b"", *, path: str = "/", method: str = "POST") -> tuple[int, bytes]:
        """One request by the standard library's client; blocks."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        connection.request(method, path, body)
        answer = connection.getresponse()
        found = answer.status, answer.read()
        connection.close()
        return found

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        self.clients.append(writer)
        return reader, writer


@contextlib.asynccontextmanager
async def a_site(bounds: limits.Limits) -> AsyncIterator[Site]:
    made = Site()
    made.server = await server.listen(
        made.handle,
        "127.0.0.1",
        0,
        refuse=lambda _, reason, path: (b"", f"{path}: {reason}".encode()),
        bounds=bounds,
    )
    yield made
    for client in made.clients:
        client.transport.abort()
    await made.server.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with a_site(limits.Limits()) as made:
        yield made


@pytest.fixture
async def impatient_site() -> AsyncIterator[Site]:
    async with a_site(IMPATIENT) as made:
        yield made


async def test_another_http_client_is_answered(site: Site) -> None:
    assert await asyncio.to_thread(site.ask, b"hello") == (200, b"hello")


async def test_six_mebibytes_come_and_go(site: Site) -> None:
    body = bytes(range(256)) * (6 * 1024 * 4)
    assert await asyncio.to_thread(site.ask, body) == (200, body)


async def test_a_body_that_is_too_large_is_refused_and_the_client_gets_to_read_it(site: Site) -> None:
    for _ in range(10):
        status, reason = await asyncio.to_thread(site.ask, b"x" * 7_000_000, path="/p?q=1")
        assert (status, reason) == (413, b"/p: the body is over 6291456 bytes")


async def test_slow_clients_are_told_and_idle_ones_are_closed(impatient_site: Site) -> None:
    idle, _ = await impatient_site.connect()
    slow, writer = await impatient_site.connect()
    writer.write(b"POST / HTTP/1.1\r\nHo")
    assert (await slow.read()).startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert await idle.read() == b""


async def test_a_client_that_never_reads_is_cut(impatient_site: Site) -> None:
    with socket.create_connection(("127.0.0.1", impatient_site.server.port)) as client:
        client.setblocking(False)
        request = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000
        await asyncio.wait_for(asyncio.get_running_loop().sock_sendall(client, request * 3), 10)
        await waiting.until(lambda: impatient_site.server.connections == 0)


async def test_a_client_that_resets_aborts_what_it_asked_for(site: Site) -> None:
    _, writer = await site.connect()
    writer.write(b"POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
    await waiting.until(lambda: len(site.held) == 1)
    reset_on_close = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset_on_close)
    writer.transport.abort()
    await waiting.until(lambda: site.aborted == 1)


async def test_a_client_that_closes_aborts_what_it_asked_for(site: Site) -> None:
    _, writer = await site.connect()
    writer.write(b"POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
    await waiting.until(lambda: len(site.held) == 1)
    writer.close()
    await waiting.until(lambda: site.aborted == 1)


async def test_a_client_that_half_closes_is_waited_for(site: Site) -> None:
    reader, writer = await site.connect()
    writer.write(b"POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
    await waiting.until(lambda: len(site.held) == 1)
    writer.write_eof()
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    site.held[0].respond(200, b"", b"late")
    assert (await reader.read()).endswith(b"\r\n\r\nlate")
    assert site.aborted == 0


async def test_a_client_that_half_closes_gets_its_answer(site: Site) -> None:
    reader, writer = await site.connect()
    writer.write(b"POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
    writer.write_eof()
    await waiting.until(lambda: len(site.held) == 1)
    site.held[0].respond(200, b"", b"late")
    assert (await reader.read()).endswith(b"\r\n\r\nlate")


async def test_draining_accepts_but_asks_clients_to_leave(site: Site) -> None:
    site.server.drain()
    reader, writer = await site.connect()
    writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    assert b"Connection: close\r\n" in await reader.read()


async def test_closing_ends_idle_connections_at_once_and_lets_busy_ones_finish(site: Site) -> None:
    idle, _ = await site.connect()
    busy, writer = await site.connect()
    writer.write(b"GET /hold HTTP/1.1\r\nHost: h\r\n\r\n")
    await waiting.until(lambda: len(site.held) == 1)
    closing = asyncio.create_task(site.server.close(grace_seconds=10))
    assert await idle.read() == b""
    assert not closing.done()
    site.held[0].respond(200, b"", b"done")
    assert (await busy.read()).endswith(b"done")
    await asyncio.wait_for(closing, 5)
    with pytest.raises(ConnectionRefusedError):
        await site.connect()


async def test_closing_cuts_what_takes_longer_than_its_grace(site: Site) -> None:
    reader, writer = await site.connect()
    writer.write(b"GET /hold HTTP/1.1\r\nHost: h\r\n\r\n")
    await waiting.until(lambda: len(site.held) == 1)
    await asyncio.wait_for(site.server.close(grace_seconds=0.05), 5)
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    assert site.aborted == 1


async def test_closing_twice_is_no_harm(site: Site) -> None:
    await site.server.close()
    await site.server.close()


async def test_a_port_in_use_is_an_error(site: Site) -> None:
    with pytest.raises(OSError, match="address already in use"):
        await server.listen(site.handle, "127.0.0.1", site.server.port, refuse=lambda *_: (b"", b""))


async def test_the_answer_is_dated(site: Site) -> None:
    reader, writer = await site.connect()
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    assert b"\r\nDate: " in await reader.read()


def test_the_modules_under_test_are_compiled_exactly_when_that_was_asked_for() -> None:
    assert server.IS_COMPILED == ASKED_FOR_COMPILED

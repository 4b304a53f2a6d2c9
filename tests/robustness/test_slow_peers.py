"""Clients and models that take their time: they are waited for within bounds, and cost the others nothing."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

from http_protocol import client, exchanges, limits, server
from tests.builders import router_process, waiting
from tests.robustness import clients, figures, targets, upstreams

MIB = 1024 * 1024
SLOW = 60
BOUNDS = limits.Limits(
    idle_seconds=1.0, head_seconds=0.6, body_seconds=0.8, write_seconds=1.0, linger_seconds=0.2
)
HEAD = b"POST / HTTP/1.1\r\nHost: h\r\nX-Padding: " + b"x" * 200
BODY = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n"
CHUNK = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n"


@contextlib.asynccontextmanager
async def an_echo(bounds: limits.Limits = BOUNDS) -> AsyncIterator[server.Server]:
    """A server with little patience."""

    def handle(exchange: exchanges.Exchange) -> None:
        exchange.respond(200, b"", exchange.body)

    listening = await server.listen(
        handle, "127.0.0.1", 0, refuse=lambda _, reason, __: (b"", reason.encode()), bounds=bounds
    )
    try:
        yield listening
    finally:
        await listening.close()


async def drip(port: int, at_once: bytes, slowly: bytes) -> list[int]:
    """Send one byte after another until there is an answer; its status, or none."""
    async with clients.a_client(port) as slow:
        slow.writer.write(at_once)
        reading = asyncio.create_task(slow.answer())
        for byte in slowly:
            slow.writer.write(bytes([byte]))
            await asyncio.wait({reading}, timeout=0.02)
            if reading.done():
                break
        try:
            return [(await reading).status]
        except (asyncio.IncompleteReadError, ConnectionError):
            return []


async def test_slow_clients_get_408_while_others_are_served() -> None:
    async with an_echo(dataclasses.replace(BOUNDS, idle_seconds=60.0)) as echo:
        slow = [
            *(asyncio.create_task(drip(echo.port, b"", HEAD)) for _ in range(SLOW)),
            *(asyncio.create_task(drip(echo.port, BODY, b"x" * 99)) for _ in range(SLOW)),
            *(asyncio.create_task(drip(echo.port, CHUNK, b"x" * 99)) for _ in range(SLOW)),
        ]
        async with clients.a_client(echo.port) as quick:
            while not all(task.done() for task in slow):
                assert (await quick.post("/", b"hello")).body == b"hello"
                await asyncio.wait(slow, timeout=0.02, return_when=asyncio.FIRST_COMPLETED)
        assert [await task for task in slow] == [[408]] * (3 * SLOW)
        await waiting.until(lambda: echo.connections == 0)


async def test_connections_on_which_nothing_comes_are_closed_without_a_word() -> None:
    async with an_echo() as echo, contextlib.AsyncExitStack() as stack:
        idle = [await stack.enter_async_context(clients.a_client(echo.port)) for _ in range(SLOW)]
        assert await asyncio.gather(*(one.reader.read() for one in idle)) == [b""] * SLOW


async def test_clients_that_do_not_read_cost_the_router_little_and_the_others_nothing(tmp_path: Path) -> None:
    """Eight pipelines of 32 MiB each, of which nobody reads an answer: what the router holds is a small part of it."""
    body = b"x" * MIB
    async with upstreams.running(upstreams.good) as model, contextlib.AsyncExitStack() as stack:
        table = targets.table_file(tmp_path, {"Good": (1, [model.address])})
        router = await stack.enter_async_context(
            router_process.a_router(tmp_path / "log", "--route-table", str(table))
        )
        pid = router.process.pid
        before = figures.of(pid)
        greedy = [await stack.enter_async_context(clients.a_client(router.port)) for _ in range(8)]
        for one in greedy:
            for _ in range(32):
                one.send("POST", "/invocations", body)
        unsent = -1
        while unsent != (unsent := sum(one.writer.transport.get_write_buffer_size() for one in greedy)):
            async with clients.a_client(router.port) as polite:
                assert (await polite.post("/invocations", b"hello")).body == b"hello"
            await asyncio.sleep(0.3)  # no condition says that nothing moves any more
        held = figures.of(pid).rss_kib - before.rss_kib
        print(
            f"of {8 * 32} MiB, {unsent / MIB:.0f} wait in the clients, the router holds {held / 1024:.1f} more"
        )
        assert unsent > 8 * 16 * MIB, "the clients are held back"
        assert held < 8 * 6 * 1024, "a few bodies each"
        for one in greedy:
            one.writer.transport.abort()
        await waiting.until(lambda: figures.connections(pid, router.port) == 0)


async def test_a_model_that_does_not_read_holds_up_nobody_else() -> None:
    may_read = asyncio.Event()

    async def reluctant(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = await upstreams.read_head(reader)
        await may_read.wait()
        writer.write(upstreams.answer(str(len(await reader.readexactly(length))).encode()))

    calls = client.Client()
    async with upstreams.running(reluctant) as slow, upstreams.running(upstreams.good) as good:
        late = _Late()
        pool = calls.pool(slow.address)
        pool.send(
            client.Call(
                f"POST / HTTP/1.1\r\nContent-Length: {6 * MIB}\r\n\r\n".encode(), b"x" * 6 * MIB, late, 1e9
            )
        )
        await waiting.until(lambda: slow.open == 1)
        quick = _Late()
        calls.pool(good.address).send(
            client.Call(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", b"hello", quick, 1e9)
        )
        await waiting.until(lambda: quick.body == b"hello")
        assert late.body is None
        may_read.set()
        await waiting.until(lambda: late.body == str(6 * MIB).encode())
    await calls.close()


class _Late:
    """A receiver that keeps the body."""

    def __init__(self) -> None:
        self.body: bytes | None = None

    def answered(self, answer: object, body: bytes) -> None:
        del answer
        self.body = body

    def failed(self, failure: client.Failure, reason: str) -> None:
        raise AssertionError(failure, reason)

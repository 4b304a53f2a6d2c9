import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from http_protocol import client
from tests.builders import connections, scripted_servers, waiting

IMPATIENT = client.Bounds(connect_seconds=0.2, idle_seconds=0.2)
FAR = 1e9


@pytest.fixture
async def calls() -> AsyncIterator[client.Client]:
    made = client.Client(client.Bounds())
    yield made
    await made.close()


@pytest.fixture
async def impatient_calls() -> AsyncIterator[client.Client]:
    made = client.Client(IMPATIENT)
    yield made
    await made.close()


def send(pool: client.Pool, body: bytes, *, deadline: float = FAR) -> connections.Outcome:
    head = b"POST / HTTP/1.1\r\nHost: m\r\nContent-Length: %d\r\n\r\n" % len(body)
    outcome = connections.Outcome()
    outcome.call = client.Call(head, body, outcome, deadline)
    pool.send(outcome.call)
    return outcome


async def end(outcome: connections.Outcome) -> object:
    await waiting.until(lambda: outcome.verdict is not None)
    return outcome.verdict


async def test_calls_one_after_another_share_a_connection(calls: client.Client) -> None:
    async with scripted_servers.a_scripted_server(scripted_servers.echo) as server:
        pool = calls.pool(server.address)
        for body in (b"a", b"b" * 300_000, b"", b"c"):
            assert await end(send(pool, body)) == (200, body)
        assert server.connections == 1


async def test_calls_at_the_same_time_get_a_connection_each_and_their_own_answer(
    calls: client.Client,
) -> None:
    async with scripted_servers.a_scripted_server(scripted_servers.echo) as server:
        pool = calls.pool(server.address)
        outcomes = [send(pool, b"%d" % i) for i in range(20)]
        assert [await end(outcome) for outcome in outcomes] == [(200, b"%d" % i) for i in range(20)]
        assert server.connections == 20


async def test_nothing_was_sent_when_nobody_listens(calls: client.Client) -> None:
    pool = calls.pool(scripted_servers.a_closed_address())
    assert await end(send(pool, b"x")) is client.Failure.NOT_SENT


@pytest.mark.parametrize("host", ["no-such-host.invalid", "no..host"], ids=["unknown", "no name at all"])
async def test_nothing_was_sent_when_there_is_no_such_name(calls: client.Client, host: str) -> None:
    assert await end(send(calls.pool(f"{host}:80"), b"x")) is client.Failure.NOT_SENT


async def test_a_connection_that_takes_too_long_is_given_up(impatient_calls: client.Client) -> None:
    with scripted_servers.a_full_backlog() as address:
        assert await end(send(impatient_calls.pool(address), b"x")) is client.Failure.NOT_SENT


async def test_a_loop_that_was_busy_itself_does_not_give_up_a_connection_that_was_made(
    impatient_calls: client.Client,
) -> None:
    async with scripted_servers.a_scripted_server(scripted_servers.echo) as server:
        outcome = send(impatient_calls.pool(server.address), b"x")
        asyncio.get_running_loop().call_soon(lambda: asyncio.get_running_loop().call_soon(time.sleep, 0.3))
        assert await end(outcome) == (200, b"x")


async def patient(
    scripted: scripted_servers.ScriptedServer, reader: asyncio.StreamReader, _: asyncio.StreamWriter
) -> None:
    await scripted.request(reader)
    await reader.read()


async def test_a_call_fails_at_its_deadline(calls: client.Client) -> None:
    async with scripted_servers.a_scripted_server(patient) as server:
        deadline = asyncio.get_running_loop().time() + 0.1
        outcome = send(calls.pool(server.address), b"x", deadline=deadline)
        assert await end(outcome) is client.Failure.TIMED_OUT


async def test_idle_connections_are_closed_before_the_server_would(impatient_calls: client.Client) -> None:
    async with scripted_servers.a_scripted_server(scripted_servers.echo) as server:
        pool = impatient_calls.pool(server.address)
        await end(send(pool, b"x"))
        assert len(pool.connections) == 1
        await waiting.until(lambda: server.hung_up == 1)
        assert not pool.connections


async def test_a_connection_that_the_server_closed_is_not_used_again(calls: client.Client) -> None:
    async def once(
        scripted: scripted_servers.ScriptedServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        _, body = await scripted.request(reader)
        writer.write(scripted_servers.answer(body))

    async with scripted_servers.a_scripted_server(once) as server:
        pool = calls.pool(server.address)
        for body in (b"a", b"b", b"c"):
            assert await end(send(pool, body)) == (200, body)
            await waiting.until(lambda: not pool.connections)
        assert server.connections == 3


async def test_a_second_answer_in_the_same_read_reaches_nobody(calls: client.Client) -> None:
    async def talkative(
        scripted: scripted_servers.ScriptedServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while True:
            _, body = await scripted.request(reader)
            writer.write(scripted_servers.answer(body) + scripted_servers.answer(b"somebody else's"))

    async with scripted_servers.a_scripted_server(talkative) as server:
        pool = calls.pool(server.address)
        for i in range(50):
            assert await end(send(pool, b"%d" % i)) == (200, b"%d" % i)


async def test_a_retired_pool_lets_its_call_end_and_then_closes(calls: client.Client) -> None:
    may_answer = asyncio.Event()

    async def slow(
        scripted: scripted_servers.ScriptedServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        _, body = await scripted.request(reader)
        await may_answer.wait()
        writer.write(scripted_servers.answer(body))
        await reader.read()

    async with scripted_servers.a_scripted_server(slow) as server:
        pool = calls.pool(server.address)
        outcome = send(pool, b"x")
        await waiting.until(lambda: len(server.requests) == 1)
        pool.retire()
        assert not pool.is_gone
        may_answer.set()
        assert await end(outcome) == (200, b"x")
        await waiting.until(lambda: server.hung_up == 1)
        await waiting.until(lambda: pool.is_gone)


async def test_a_call_to_a_pool_that_was_retired_and_forgotten_has_its_deadline_too(
    impatient_calls: client.Client,
) -> None:
    async with scripted_servers.a_scripted_server(patient) as server:
        pool = impatient_calls.pool(server.address)
        pool.retire()
        await waiting.until(lambda: pool not in impatient_calls.pools)
        deadline = asyncio.get_running_loop().time() + 0.1
        assert await end(send(pool, b"x", deadline=deadline)) is client.Failure.TIMED_OUT
        await waiting.until(lambda: pool not in impatient_calls.pools)


async def test_a_cancelled_call_is_seen_by_the_server(calls: client.Client) -> None:
    async with scripted_servers.a_scripted_server(patient) as server:
        outcome = send(calls.pool(server.address), b"x")
        await waiting.until(lambda: len(server.requests) == 1)
        outcome.call.cancel()
        await waiting.until(lambda: server.hung_up == 1)
        assert outcome.verdict is None


async def test_closing_cuts_everything() -> None:
    made = client.Client(client.Bounds())
    async with scripted_servers.a_scripted_server(scripted_servers.echo) as server:
        pool = made.pool(server.address)
        await end(send(pool, b"x"))
        send(pool, b"y")
        await made.close()
        await waiting.until(lambda: server.hung_up == server.connections)
        assert not pool.connections

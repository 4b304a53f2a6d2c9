"""What a request leaves in memory when it is over, and how much of it answers may take."""

import asyncio
import contextlib
import gc
import socket
import struct
from collections.abc import Iterator

import pytest

from http_protocol import budget, client, exchanges, limits
from tests.builders import routers, scripted_servers, waiting

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What refers to itself stays."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def bodies_held() -> int:
    """How many objects there are that hold the body of a request."""
    return sum(type(found) in (client.Call, exchanges.Exchange) for found in gc.get_objects())


async def leave_in_the_middle(router: routers.RunningRouter, model: scripted_servers.ScriptedServer) -> None:
    connection = await router.connect()
    asking = asyncio.create_task(connection.ask("POST", "/invocations", b"x"))
    await waiting.until(lambda: len(model.requests) > model.hung_up)
    assert bodies_held() == 2
    connection.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    connection.writer.transport.abort()
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        await asking


@pytest.mark.usefixtures("no_collector")
async def test_a_request_whose_client_left_is_forgotten_at_once() -> None:
    async with routers.a_router() as router, routers.a_silent_model() as model:
        router.use(Variant1=(1, [model.address]))
        await leave_in_the_middle(router, model)
        await waiting.until(lambda: model.hung_up == 1)
        assert bodies_held() == 0


@pytest.mark.usefixtures("no_collector")
async def test_a_request_that_nobody_takes_is_forgotten_at_once() -> None:
    async with routers.a_router() as router:
        router.use(Variant1=(1, [scripted_servers.a_closed_address()]))
        assert (await router.invoke()).status == 503
        await asyncio.sleep(0)
        assert bodies_held() == 0


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("said", [b"", b"garbage\r\n\r\n"], ids=["nothing", "garbage"])
async def test_a_request_that_breaks_its_model_is_forgotten_at_once(said: bytes) -> None:
    async with routers.a_router() as router, routers.a_model_that_says(said) as model:
        router.use(Variant1=(1, [model.address]))
        assert (await router.invoke()).status == 424
        await asyncio.sleep(0)
        assert bodies_held() == 0


async def test_answers_take_no_more_memory_than_there_is_and_all_come() -> None:
    """Bodies and answers of 6 MiB, as many as fit in twice at a time: nobody waits for who waits for him."""
    size = limits.BODY_BYTES - len("one:")
    most = 2 * limits.BODY_BYTES
    held: list[int] = []
    async with routers.a_router(held_bytes=most) as router, routers.a_model("one") as model:
        router.use(Variant1=(1, [model.address]))
        asking = [asyncio.create_task(router.invoke(b"x" * size)) for _ in range(8)]
        while not all(task.done() for task in asking):
            held.append(router.proxy.memory.held)
            await asyncio.sleep(0)
        assert [(await task).status for task in asking] == [200] * 8
        assert 0 < max(held) <= most + limits.BODY_BYTES, "one is counted twice while it is handed over"
        assert router.proxy.memory.held == 0


async def test_a_pod_is_not_blamed_when_there_is_no_memory_for_its_answer() -> None:
    said = scripted_servers.answer(b"x" * 1_000_000)
    async with (
        routers.a_router(held_bytes=1, model_seconds=0.3) as router,
        routers.a_model_that_says(said) as model,
    ):
        router.use(Variant1=(1, [model.address]))
        assert (await router.invoke()).status == 200, "alone"
        budget.Share(router.proxy.memory).force(1)
        answer = await router.invoke()
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (503, "ServiceUnavailable")
        assert router.proxy.counts.variant("Variant1").pod_failures == 0
        assert router.proxy.upstreams.pods([model.address])[0].outstanding == 0

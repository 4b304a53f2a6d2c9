"""Bodies of 6 MiB: their cost grows with their size and no faster, a probe is answered in between, a burst waits."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders.figures import Figure
from tests.robustness import clients, figures, targets

MIB = 1024 * 1024
LINES = ("Content-Type: text/csv", "X-Amzn-SageMaker-Target-Variant: Good")
ROW = b"1,2,3,4,5,6,7,8\n"
LARGE = ROW * (6 * MIB // len(ROW))
PARTS = 12
SMALL = LARGE[: len(LARGE) // PARTS]
ROUNDS = 6
BURST = 32
"""More than may wait for a thread together."""

Sent = Callable[[clients.Client, bytes], None]


def with_length(client: clients.Client, body: bytes) -> None:
    client.send("POST", "/invocations", body, *LINES)


def in_chunks(client: clients.Client, body: bytes) -> None:
    head = ("POST /invocations HTTP/1.1", "Host: h", "Transfer-Encoding: chunked", *LINES, "", "")
    client.writer.write("\r\n".join(head).encode())
    for start in range(0, len(body), 4096):
        piece = body[start : start + 4096]
        client.writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    client.writer.write(b"0\r\n\r\n")


async def cpu_of(target: targets.Target, send: Sent, body: bytes, times: int) -> float:
    """CPU seconds that the program takes for so many requests with this body, one after the other."""
    before = figures.cpu_seconds(target.pid)
    async with clients.a_client(target.port, limit=16 * MIB) as client:
        for _ in range(times):
            send(client, body)
            assert (await client.answer()).status == 200
    return figures.cpu_seconds(target.pid) - before


async def check_linear(target: targets.Target, send: Sent, figure: Figure) -> None:
    """The same bytes cost about the same in large bodies; if cost grew with the square, twelve times as much.

    Caches and fresh memory make large ones somewhat dearer. Both are sent in turns, so that a machine that
    is busy for a while is so for both.
    """
    small = large = 0.0
    for _ in range(ROUNDS):
        small += await cpu_of(target, send, SMALL, PARTS)
        large += await cpu_of(target, send, LARGE, 1)
    figure(f"CPU of 6 MiB in one body: {large / small:.2f} of what {PARTS} bodies cost")
    assert large < PARTS / 3 * small


@pytest.mark.parametrize("send", [with_length, in_chunks])
async def test_large_bodies_cost_the_router_what_small_ones_of_the_same_size_do(
    send: Sent, tmp_path: Path, figure: Figure
) -> None:
    async with targets.a_fuzzed_router(tmp_path, 0) as router:
        await check_linear(router, send, figure)
        assert router.complaint == ""


async def test_a_probe_of_the_model_server_is_answered_while_it_predicts_from_large_bodies(
    tmp_path: Path, figure: Figure
) -> None:
    async with targets.a_fuzzed_server(tmp_path) as server:
        await check_linear(server, with_length, figure)

        async def ask() -> None:
            async with clients.a_client(server.port, limit=16 * MIB) as client:
                assert (await client.post("/invocations", LARGE, *LINES)).status == 200

        asking = [asyncio.create_task(ask()) for _ in range(4)]
        waits = []
        async with clients.a_client(server.port) as prober:
            while not all(task.done() for task in asking):
                began = time.monotonic()
                assert (await prober.get("/ping")).status == 200
                waits.append(time.monotonic() - began)
                await asyncio.wait(asking, timeout=0.005)
        await asyncio.gather(*asking)
    waits.sort()
    middle, worst = waits[len(waits) // 2], waits[-1]
    figure(
        f"{len(waits)} probes between 6 MiB bodies: median {middle * 1000:.1f} ms, worst {worst * 1000:.1f} ms"
    )
    assert len(waits) > 20
    # Probes follow each other: what stops the machine for a moment spoils one of them.
    assert waits[len(waits) * 9 // 10] < 1.0, "a tenth of it would be right; the machine may be busy"


async def test_a_burst_of_large_bodies_is_held_back_and_none_is_refused(
    tmp_path: Path, figure: Figure
) -> None:
    async with targets.a_fuzzed_server(tmp_path) as server:
        before = figures.of(server.pid).rss_kib
        most = before

        async def ask() -> int:
            nonlocal most
            async with clients.a_client(server.port, limit=16 * MIB) as client:
                status = (await client.post("/invocations", LARGE, *LINES)).status
            most = max(most, figures.of(server.pid).rss_kib)
            return status

        statuses = await asyncio.gather(*(ask() for _ in range(BURST)))
    figure(f"{BURST} bodies of 6 MiB at a time: {(most - before) // 1024} MB more memory")
    assert set(statuses) == {200}

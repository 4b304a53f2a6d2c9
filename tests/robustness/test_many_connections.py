"""A thousand connections that do nothing, two hundred that do all they can."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import waiting
from tests.robustness import clients, figures, targets

IDLE, BUSY, REQUESTS = 1000, 200, 10
ROW = ",".join(["1"] * targets.COLUMNS).encode()

Running = Callable[[Path], contextlib.AbstractAsyncContextManager[targets.Target]]
PROGRAMS: dict[str, Running] = {
    "router": lambda folder: targets.a_fuzzed_router(folder, 0),
    "server": targets.a_fuzzed_server,
}
LINES = ("Content-Type: text/csv", "X-Amzn-SageMaker-Target-Variant: Good")


@pytest.mark.parametrize("program", PROGRAMS)
async def test_idle_connections_cost_the_busy_ones_nothing_and_stay_usable(
    program: str, tmp_path: Path
) -> None:
    async with PROGRAMS[program](tmp_path) as target, contextlib.AsyncExitStack() as stack:
        before = figures.of(target.pid)
        idle = [await stack.enter_async_context(clients.a_client(target.port)) for _ in range(IDLE)]
        busy = [await stack.enter_async_context(clients.a_client(target.port)) for _ in range(BUSY)]
        await waiting.until(lambda: figures.connections(target.pid, target.port) == IDLE + BUSY)
        held = figures.of(target.pid).rss_kib - before.rss_kib

        async def ask(client: clients.Client, times: int) -> set[bytes]:
            return {(await client.post("/invocations", ROW, *LINES)).body for _ in range(times)}

        answers = set().union(*await asyncio.gather(*(ask(client, REQUESTS) for client in busy)))
        assert len(answers) == 1, "all asked the same"
        assert await asyncio.gather(*(ask(client, 1) for client in idle[::20])) == [answers] * (IDLE // 20)
        print(f"{program}: {IDLE + BUSY} connections hold {held} KiB")
        assert held < 30 * 1024
        await stack.aclose()
        await waiting.until(lambda: figures.connections(target.pid, target.port) == 0)
        assert target.complaint == ""

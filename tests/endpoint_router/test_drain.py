import asyncio
import signal

from endpoint_router import drain
from tests.builders import waiting


class Announced:
    """Counts how often the drain was announced."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


class Connections:
    """Stays busy until let go; remembers what was granted."""

    def __init__(self, *, busy: bool) -> None:
        self.graces: list[float] = []
        self._is_idle = asyncio.Event()
        if not busy:
            self._is_idle.set()

    async def close(self, grace_seconds: float = 0.0) -> None:
        self.graces.append(grace_seconds)
        if grace_seconds > 0:
            await self._is_idle.wait()


async def is_waiting(task: asyncio.Task[None]) -> bool:
    """Whether the task is still there after all that could run has run."""
    for _ in range(5):
        await asyncio.sleep(0)
    return not task.done()


async def test_an_announced_router_goes_on_until_it_is_told_to_end() -> None:
    announced = Announced()
    leaving = drain.Drain(announced, announce_seconds=60.0)
    ending = asyncio.create_task(leaving.until_end())
    leaving.on_announced()
    leaving.on_announced()
    assert announced.times == 1
    assert await is_waiting(ending)
    leaving.on_end()
    await asyncio.wait_for(ending, 10.0)


async def test_an_end_that_nobody_announced_announces_itself_for_a_while() -> None:
    announced = Announced()
    leaving = drain.Drain(announced, announce_seconds=0.05)
    ending = asyncio.create_task(leaving.until_end())
    leaving.on_end()
    assert await is_waiting(ending)
    assert announced.times == 1
    await asyncio.wait_for(ending, 10.0)


async def test_an_interrupt_skips_the_while() -> None:
    leaving = drain.Drain(Announced(), announce_seconds=60.0)
    ending = asyncio.create_task(leaving.until_end())
    leaving.on_interrupt()
    await asyncio.wait_for(ending, 10.0)


async def test_a_second_signal_skips_the_while() -> None:
    leaving = drain.Drain(Announced(), announce_seconds=60.0)
    ending = asyncio.create_task(leaving.until_end())
    leaving.on_end()
    assert await is_waiting(ending)
    leaving.on_end()
    await asyncio.wait_for(ending, 10.0)


async def test_finishing_gives_the_requests_under_way_their_time() -> None:
    connections = Connections(busy=False)
    await drain.Drain(Announced(), announce_seconds=0.0).finish(connections, 60.0)
    assert connections.graces == [60.0]


async def test_a_second_signal_cuts_the_finish_short() -> None:
    connections = Connections(busy=True)
    leaving = drain.Drain(Announced(), announce_seconds=0.0)
    leaving.on_end()
    finishing = asyncio.create_task(leaving.finish(connections, 60.0))
    assert await is_waiting(finishing)
    leaving.on_end()
    await asyncio.wait_for(finishing, 10.0)
    assert connections.graces == [60.0, 0.0]


async def test_the_signals_are_the_promised_ones() -> None:
    announced = Announced()
    leaving = drain.Drain(announced, announce_seconds=0.0)
    loop = asyncio.get_running_loop()
    leaving.listen(loop)
    try:
        ending = asyncio.create_task(leaving.until_end())
        signal.raise_signal(signal.SIGUSR1)
        await waiting.until(lambda: announced.times == 1)
        assert await is_waiting(ending)
        signal.raise_signal(signal.SIGTERM)
        await asyncio.wait_for(ending, 10.0)
    finally:
        for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from endpoint_operator.reconcile import queue

FAST = queue.BackOff(first=0.01, longest=0.02, jitter=0.0)


class Work:
    """A handler that notes what it was called with, may be held up, and may fail or ask to be called again."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.running: set[str] = set()
        self.most_at_once = 0
        self.overlaps = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.outcome: Callable[[str, int], float | None] = lambda _key, _count: None
        self._noted = asyncio.Condition()

    async def __call__(self, key: str) -> float | None:
        self.overlaps += key in self.running
        self.calls.append(key)
        self.running.add(key)
        self.most_at_once = max(self.most_at_once, len(self.running))
        async with self._noted:
            self._noted.notify_all()
        try:
            await self.gate.wait()
            return self.outcome(key, self.calls.count(key))
        finally:
            self.running.discard(key)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5), self._noted:
            await self._noted.wait_for(condition)


@asynccontextmanager
async def running(work: Work, *, concurrency: int = 4) -> AsyncIterator[queue.KeyedQueue[str]]:
    loop = asyncio.get_running_loop()
    keyed = queue.KeyedQueue[str](
        work, concurrency=concurrency, clock=loop.time, chance=lambda: 0.0, back_off=FAST
    )
    task = asyncio.create_task(keyed.run())
    await asyncio.sleep(0)
    try:
        yield keyed
    finally:
        task.cancel()
        await asyncio.wait((task,))


async def test_a_key_asked_for_often_is_worked_on_once() -> None:
    work = Work()
    async with running(work) as keyed:
        for _ in range(10):
            keyed.add("a")
        keyed.add("b")
        await work.until(lambda: "b" in work.calls)
        assert work.calls == ["a", "b"]


async def test_a_key_asked_for_while_it_is_worked_on_runs_once_more_and_never_beside_itself() -> None:
    work = Work()
    work.gate.clear()
    async with running(work) as keyed:
        keyed.add("a")
        await work.until(lambda: work.calls == ["a"])
        keyed.add("a")
        keyed.add("a")
        work.gate.set()
        await work.until(lambda: work.calls == ["a", "a"])
        assert work.overlaps == 0


async def test_no_more_keys_than_allowed_are_worked_on_at_once() -> None:
    work = Work()
    work.gate.clear()
    async with running(work, concurrency=2) as keyed:
        for key in "abcdef":
            keyed.add(key)
        await work.until(lambda: len(work.running) == 2)
        work.gate.set()
        await work.until(lambda: len(work.calls) == 6)
        assert work.most_at_once == 2


async def test_the_earliest_of_two_wishes_counts() -> None:
    work = Work()
    async with running(work) as keyed:
        keyed.add("a", 60.0)
        keyed.add("a", 0.01)
        keyed.add("a", 30.0)
        await work.until(lambda: work.calls == ["a"])


async def test_a_handler_that_asks_for_more_is_called_again() -> None:
    work = Work()
    work.outcome = lambda _key, count: 0.005 if count < 3 else None
    async with running(work) as keyed:
        keyed.add("a")
        await work.until(lambda: len(work.calls) == 3)


@pytest.mark.parametrize(
    "error", [RuntimeError("a bug"), queue.TryLaterError("the API is away")], ids=["bug", "later"]
)
async def test_a_failing_key_comes_back_and_others_go_on(error: Exception) -> None:
    work = Work()

    def outcome(key: str, count: int) -> float | None:
        if key == "bad" and count < 3:
            raise error
        return None

    work.outcome = outcome
    async with running(work) as keyed:
        keyed.add("bad")
        keyed.add("good")
        await work.until(lambda: work.calls.count("bad") == 3)
        assert "good" in work.calls


async def test_a_wish_does_not_wait_for_the_back_off_of_a_failure() -> None:
    work = Work()

    def fail(_key: str, count: int) -> float | None:
        if count == 1:
            raise queue.TryLaterError("first")
        return None

    work.outcome = fail
    loop = asyncio.get_running_loop()
    slow = queue.BackOff(first=60.0, longest=60.0, jitter=0.0)
    keyed = queue.KeyedQueue[str](work, concurrency=1, clock=loop.time, chance=lambda: 0.0, back_off=slow)
    task = asyncio.create_task(keyed.run())
    await asyncio.sleep(0)
    keyed.add("a")
    await work.until(lambda: work.calls == ["a"])
    keyed.add("a")
    await work.until(lambda: work.calls == ["a", "a"])
    task.cancel()
    await asyncio.wait((task,))


async def test_stopping_ends_all_work_and_forgets_everything() -> None:
    work = Work()
    work.gate.clear()
    async with running(work, concurrency=1) as keyed:
        keyed.add("a")
        keyed.add("b")
        await work.until(lambda: work.calls == ["a"])
    assert not work.running
    assert repr(keyed) == "<KeyedQueue waiting=0 running=0 failing=0>"
    keyed.add("c")
    assert repr(keyed) == "<KeyedQueue waiting=0 running=0 failing=0>"


def test_the_back_off_doubles_up_to_its_longest_and_jitter_only_shortens_it() -> None:
    back_off = queue.BackOff(first=1.0, longest=10.0, jitter=0.5)
    assert [queue.delay_after(n, back_off, 0.0) for n in (1, 2, 3, 4, 5, 500)] == [1, 2, 4, 8, 10, 10]
    assert queue.delay_after(3, back_off, 0.99999) == pytest.approx(2.0, rel=1e-3)

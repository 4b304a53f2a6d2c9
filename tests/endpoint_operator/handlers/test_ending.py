import asyncio
import contextlib
import logging

import pytest

from endpoint_operator.handlers import ending


async def watch() -> None:
    await asyncio.Event().wait()


async def watch_on_after_a_cancellation() -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await watch()
    await watch()


async def fail() -> None:
    raise LookupError("404")


async def test_what_ended_the_first_task_is_raised_once_all_have_ended() -> None:
    others = asyncio.all_tasks()
    tasks = [asyncio.create_task(coroutine) for coroutine in (watch(), fail(), watch())]
    with pytest.raises(LookupError, match="404"):
        await ending.run(tasks, others=others)
    assert all(task.done() for task in tasks)


async def test_a_task_that_lost_its_cancellation_is_cancelled_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    others = asyncio.all_tasks()
    tasks = [asyncio.create_task(coroutine) for coroutine in (watch_on_after_a_cancellation(), fail())]
    with caplog.at_level(logging.WARNING):
        async with asyncio.timeout(10):
            await ending.run(tasks, others=others, patience=0.05)
    assert all(task.done() for task in tasks)
    assert "kopf has not ended in 0.05 s" in caplog.text


async def test_no_other_task_is_touched() -> None:
    other = asyncio.create_task(watch())
    others = asyncio.all_tasks()
    tasks = [asyncio.create_task(coroutine) for coroutine in (watch_on_after_a_cancellation(), fail())]
    await ending.run(tasks, others=others, patience=0.05)
    assert not other.done()
    other.cancel()

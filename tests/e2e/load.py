"""Continuous requests from outside the pods, without a single retry: every failure counts."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import aiohttp


@dataclass(frozen=True, slots=True)
class Outcome:
    """One request: seconds since the load began, and either the answer or what went wrong."""

    at: float
    seconds: float
    status: int
    variant: str
    reason: str
    body: str
    error: str = ""

    @property
    def is_failure(self) -> bool:
        return self.status != 200


class Load:
    """Requests from a thread of its own, half over connections that stay, half over new ones, until stopped.

    Connections that stay show whether draining closes them politely; new ones show whether every pod that a
    Service offers answers.
    """

    def __init__(self, url: str, row: str, *, workers: int = 8, pause: float = 0.01) -> None:
        self._url = f"{url}/invocations"
        self._row = row.encode()
        self._workers = workers
        self._pause = pause
        self._headers = {"Content-Type": "text/csv"}
        self._outcomes: list[Outcome] = []
        self._began = time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load")

    def __enter__(self) -> "Load":
        self._thread.start()
        self.wait_for(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    @property
    def outcomes(self) -> Sequence[Outcome]:
        return list(self._outcomes)

    @property
    def failures(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.is_failure]

    def now(self) -> float:
        """Seconds since the load began."""
        return time.monotonic() - self._began

    def since(self, at: float) -> Counter[str]:
        """How many answers each variant gave to requests that ended after ``at`` (seconds since the load began)."""
        return Counter(o.variant for o in self.outcomes if o.at - o.seconds >= at and not o.is_failure)

    def wait_for(self, count: int, *, timeout: float = 60) -> None:
        """Returns after ``count`` more requests."""
        wanted = len(self._outcomes) + count
        self.wait_until(lambda: len(self._outcomes) >= wanted, f"{count} more requests", timeout=timeout)

    def wait_until(self, is_so: Callable[[], bool], what: str, *, timeout: float = 60) -> None:
        """Returns once ``is_so()``; fails the test with ``what`` after ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        while not is_so():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {timeout:.0f} s: {what}")
            self._stopping.wait(0.05)

    async def _run(self) -> None:
        limits = aiohttp.ClientTimeout(total=65)
        async with (
            aiohttp.ClientSession(timeout=limits, connector=aiohttp.TCPConnector(limit=0)) as staying,
            aiohttp.ClientSession(timeout=limits, connector=aiohttp.TCPConnector(force_close=True)) as new,
        ):
            sessions = [staying if number % 2 else new for number in range(self._workers)]
            await asyncio.gather(*(self._work(session) for session in sessions))

    async def _work(self, session: aiohttp.ClientSession) -> None:
        while not self._stopping.is_set():
            self._outcomes.append(await self._ask(session))
            await asyncio.sleep(self._pause)

    async def _ask(self, session: aiohttp.ClientSession) -> Outcome:
        began = time.monotonic()
        status, variant, reason, body, error = 0, "", "", "", ""
        try:
            async with session.post(self._url, data=self._row, headers=self._headers) as answer:
                status, body = answer.status, await answer.text()
                variant = answer.headers.get("x-Amzn-Invoked-Production-Variant", "")
                reason = answer.headers.get("x-Pointsman-Route-Reason", "")
        except (aiohttp.ClientError, TimeoutError) as exc:
            error = f"{type(exc).__name__}: {exc}"
        now = time.monotonic()
        return Outcome(
            at=now - self._began,
            seconds=now - began,
            status=status,
            variant=variant,
            reason=reason,
            body=body,
            error=error,
        )


async def burst(url: str, row: str, count: int, *, connections: int = 32) -> list[tuple[str, str]]:
    """``count`` requests as fast as ``connections`` allow: (variant, body) of each; raises on any failure."""
    answers: list[tuple[str, str]] = []
    limits = aiohttp.ClientTimeout(total=65)
    async with aiohttp.ClientSession(timeout=limits, connector=aiohttp.TCPConnector(limit=0)) as session:

        async def work(share: int) -> None:
            for _ in range(share):
                headers = {"Content-Type": "text/csv"}
                async with session.post(f"{url}/invocations", data=row.encode(), headers=headers) as answer:
                    answer.raise_for_status()
                    answers.append((answer.headers["x-Amzn-Invoked-Production-Variant"], await answer.text()))

        shares = [count // connections + (number < count % connections) for number in range(connections)]
        await asyncio.gather(*(work(share) for share in shares))
    return answers

"""What routers were last heard to do, asked in the background so that no endpoint's work ever waits for a
router.

1. The work on an endpoint says whom to ask and which table it waits for (`expect`), and reads what is known
   (`of`).
2. While somebody has not acknowledged that table, routers are asked in a quickly growing rhythm; a change
   in what is asked starts the rhythm anew.
3. A router that is silent for long, or a table that everybody runs, is asked about now and then only.
4. When an answer differs from the last one, the endpoint is worked on again.
"""

import asyncio
import dataclasses
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from endpoint_contract import router_report
from endpoint_operator.cluster import routers
from endpoint_operator.reconcile.keys import Key
from endpoint_operator.rollout import observed, routing

logger = logging.getLogger(__name__)

REMEMBERED = 3600.0
"""Seconds for which it is remembered when routers named a Service: the longest drain interval."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds between two rounds of questions: from ``first``, doubling to ``longest``; ``calm`` when all
    is said."""

    first: float = 0.02
    longest: float = 1.0
    silent: float = 5.0
    calm: float = 30.0


@dataclass(frozen=True, slots=True)
class Expectation:
    """Whom to ask (pod name to IP), the table that every router should report, and whether somebody waits
    anyway.

    A table is told from another by its revision and digest together.
    """

    addresses: Mapping[str, str]
    table: tuple[int, str] | None
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """The last answers by pod name; pods that were not asked yet are absent.

    ``named_until`` is when a router last named a Service in its table, as far as it answered, and not much further back
    than the longest time that anybody waits after it; ``asked_since`` is when the first question was asked.
    """

    answers: Mapping[str, observed.RouterAnswer] = field(default_factory=dict)
    named_until: Mapping[str, float] = field(default_factory=dict)
    asked_since: float = 0.0


@dataclass(slots=True)
class _Round:
    """One endpoint: what is expected, what was answered, the task that asks."""

    expectation: Expectation
    heard: Heard
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


def pause(
    expectation: Expectation, answers: Mapping[str, observed.RouterAnswer], rounds: int, rhythm: Rhythm
) -> float:
    """Seconds until the next round, after ``rounds`` (≥ 1) since the expectation last changed."""
    growing = min(rhythm.longest, rhythm.first * 2.0 ** min(rounds - 1, 30))
    heard = [answer for answer in answers.values() if not isinstance(answer, observed.Unreachable)]
    if expectation.is_waiting or any(_identity(answer) != expectation.table for answer in heard):
        return growing
    if len(heard) == len(answers):
        return rhythm.calm
    return rhythm.silent if growing >= rhythm.longest else growing


class Acknowledgements:
    """The questions and answers of all endpoints. ``on_change`` is called with the endpoint whose answers
    changed.

    ``clock`` answers seconds since the epoch, as in the snapshots that the answers become part of.
    """

    def __init__(
        self,
        asker: routers.Asker,
        on_change: Callable[[Key], None],
        *,
        clock: Callable[[], float],
        rhythm: Rhythm = Rhythm(),
    ) -> None:
        self._asker = asker
        self._on_change = on_change
        self._clock = clock
        self._rhythm = rhythm
        self._rounds: dict[Key, _Round] = {}

    def of(self, key: Key) -> Heard:
        """What is known of the endpoint's routers."""
        known = self._rounds.get(key)
        return known.heard if known else Heard()

    def expect(self, key: Key, expectation: Expectation) -> None:
        """Ask these pods from now on; without any the endpoint is forgotten."""
        if not expectation.addresses:
            self.forget(key)
            return
        known = self._rounds.get(key)
        if known is None:
            known = self._rounds[key] = _Round(expectation, Heard(asked_since=self._clock()))
            known.task = asyncio.create_task(self._ask_for_ever(key, known), name=f"routers of {key}")
        elif known.expectation != expectation:
            known.expectation = expectation
            known.changed.set()

    def forget(self, key: Key) -> None:
        """The endpoint is gone, or has no router."""
        known = self._rounds.pop(key, None)
        if known is not None and known.task is not None:
            known.task.cancel()

    async def stop(self) -> None:
        """Forget everything and wait until nobody asks any more."""
        tasks = [known.task for known in self._rounds.values() if known.task is not None]
        for key in tuple(self._rounds):
            self.forget(key)
        if tasks:
            await asyncio.wait(tasks)

    async def _ask_for_ever(self, key: Key, known: _Round) -> None:
        rounds = 0
        while True:
            rounds = 1 if known.changed.is_set() else rounds + 1
            known.changed.clear()
            before = known.heard.answers
            answers = await self._asker.ask(known.expectation.addresses, before, self._clock())
            known.heard = after(known.heard, answers, self._clock())
            if answers != before:
                self._on_change(key)
            await _until(known.changed, pause(known.expectation, answers, rounds, self._rhythm))


def after(heard: Heard, answers: Mapping[str, observed.RouterAnswer], now: float) -> Heard:
    """What is known after a round. A router that let go of a Service since it was last heard did so until now."""
    named = {*_named(heard.answers), *_named(answers)}
    recent = {service: at for service, at in heard.named_until.items() if at > now - REMEMBERED}
    return dataclasses.replace(heard, answers=answers, named_until={**recent, **dict.fromkeys(named, now)})


def _named(answers: Mapping[str, observed.RouterAnswer]) -> set[str]:
    lasts = map(observed.last_report, answers.values())
    return {place.service for last in lasts if last is not None for place in routing.named(last.table)}


def _identity(report: router_report.RouterReport) -> tuple[int, str]:
    return report.table.revision, report.table.digest()


async def _until(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return

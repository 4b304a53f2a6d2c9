"""Many clients, models that misbehave in every way they can: nobody gets an answer that is not his."""

import asyncio
import contextlib
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.builders import router_process, waiting
from tests.robustness import clients, conversations, figures, marks, strict_reader, targets, upstreams

OWN = "own"
EARLY = "early"
SMALL, ANY = 16_000, 300_000
MODELS: dict[str, tuple[upstreams.Script, set[int | str], int]] = {
    # who, what its clients may get (an answer of their own, an early one, or a status), how large they ask
    "Good": (upstreams.good, {OWN}, ANY),
    "Chunks": (upstreams.chunks, {OWN}, ANY),
    "Drips": (upstreams.drips, {OWN}, ANY),
    "Twice": (upstreams.answers_twice, {OWN}, SMALL),
    "Talks": (upstreams.speaks_when_nobody_asked, {OWN}, SMALL),
    "Leaves": (upstreams.closes_without_a_word, {OWN, 424}, ANY),
    "Early": (upstreams.answers_before_the_body, {EARLY}, ANY),
    "EarlyBye": (upstreams.answers_early_and_closes, {EARLY, 424}, ANY),
    "Hangs-up": (upstreams.closes_after_the_head, {424}, ANY),
    "Resets": (upstreams.resets, {424}, ANY),
    "Garbage": (upstreams.garbage, {424}, ANY),
    "Half": (upstreams.half, {424}, ANY),
    "Silent": (upstreams.silent, set(), ANY),
}
CLIENTS = 40
REQUESTS = 15


@dataclass(slots=True)
class Chaos:
    """The real router before all of these models."""

    router: router_process.Router
    models: dict[str, upstreams.Upstream]
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    outcomes: Counter[tuple[str, int | str]] = field(default_factory=Counter)

    async def be_a_client(self, rng: random.Random) -> None:
        """Ask one model after another, over one connection for as long as it lasts."""
        left = REQUESTS
        while left > 0:
            async with clients.a_client(self.router.port) as client:
                with contextlib.suppress(_HungUpError):
                    while left > 0:
                        left -= 1
                        await self._ask(client, rng)

    async def _ask(self, client: clients.Client, rng: random.Random) -> None:
        name = rng.choice(list(MODELS))
        _, expected, size = MODELS[name]
        body = marks.of(next(self.numbers)) + b"x" * rng.randrange(rng.choice((10, size)))
        client.send("POST", "/invocations", body, f"X-Amzn-SageMaker-Target-Variant: {name}")
        if not expected or rng.random() < 0.05:
            await self._hang_up(client, rng)
        answer = await client.answer()
        outcome = judged(answer, body)
        self.outcomes[name, outcome] += 1
        assert outcome in expected, (name, outcome, answer.headers, answer.body[:200])
        assert answer.headers["x-amzn-invoked-production-variant"] == name

    async def _hang_up(self, client: clients.Client, rng: random.Random) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(client.reader.read(1), rng.random() * 0.02)
        if rng.random() < 0.5:
            conversations.reset_on_close(client.writer.transport)
        raise _HungUpError


class _HungUpError(Exception):
    pass


def judged(answer: strict_reader.Answer, asked: bytes) -> int | str:
    """What the answer is to the one who asked; a stranger's mark in it is the worst of all."""
    assert marks.within(answer.body) <= marks.within(asked)
    if answer.status != 200:
        return answer.status
    return OWN if answer.body == asked else answer.body.decode("latin-1")


@contextlib.asynccontextmanager
async def chaos(folder: Path) -> AsyncIterator[Chaos]:
    """Everything running."""
    async with contextlib.AsyncExitStack() as stack:
        models = {
            name: await stack.enter_async_context(upstreams.running(script))
            for name, (script, _, _) in MODELS.items()
        }
        table = targets.table_file(folder, {name: (1, [model.address]) for name, model in models.items()})
        running = router_process.a_router(folder / "log", "--route-table", str(table))
        yield Chaos(await stack.enter_async_context(running), models)


async def test_no_answer_reaches_anybody_else(tmp_path: Path) -> None:
    async with chaos(tmp_path) as running:
        before = figures.of(running.router.process.pid)
        await asyncio.gather(*(running.be_a_client(random.Random(number)) for number in range(CLIENTS)))
        print(sorted(running.outcomes.items(), key=str))
        assert {name for name, _ in running.outcomes} == {name for name in MODELS if name != "Silent"}

        # Whoever hung up has taken his request along, also from the model that never answers.
        await waiting.until(lambda: running.models["Silent"].open == 0, seconds=20)
        lines = (await running.router.ask("/metrics")).text.splitlines()
        concurrent = [line for line in lines if line.startswith("pointsman_concurrent_requests{")]
        assert len(concurrent) == len(MODELS)
        assert {line.rpartition(" ")[2] for line in concurrent} == {"0.0"}
        await waiting.until(lambda: figures.of(running.router.process.pid).fds <= before.fds + 5, seconds=20)
        assert "Traceback" not in running.router.log

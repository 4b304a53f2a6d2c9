"""Send both programs what is almost HTTP, and see that they stay what they are: ``python -m tests.robustness.fuzz``.

Every input follows from the seed, the program and its number; one that breaks something is printed and can be sent
again alone.
"""

import asyncio
import contextlib
import random
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from tests.builders import waiting
from tests.robustness import conversations, figures, inputs, marks, strict_reader, targets

_CLIENTS = 24
_PARTS = 20
_ENDINGS = (
    *([conversations.Ending.HALF_CLOSE] * 17),
    *(conversations.Ending.CLOSE, conversations.Ending.RESET, conversations.Ending.WAIT),
)
_NOTHING = figures.Figures(0, 0)


class FoundError(Exception):
    """An input did what none may do."""


@dataclass(slots=True)
class Outcome:
    """What came of a run; figures of the program when it was warm and at the end."""

    inputs: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    warm: figures.Figures = _NOTHING
    end: figures.Figures = _NOTHING
    seconds: float = 0.0

    def __str__(self) -> str:
        statuses = ", ".join(f"{count} x {status}" for status, count in sorted(self.statuses.items()))
        return (
            f"{self.inputs} inputs in {self.seconds:.0f} s; answers: {statuses}; {self.unanswered} inputs without;\n"
            f"    memory {self.warm.rss_kib / 1024:.1f} -> {self.end.rss_kib / 1024:.1f} MiB, "
            f"open files {self.warm.fds} -> {self.end.fds}"
        )


async def fuzz(
    target: targets.Target,
    *,
    seed: int,
    first: int,
    count: int,
    progress: Callable[[Outcome], None] = lambda _: None,
) -> Outcome:
    """Send ``count`` inputs from number ``first`` on. Raises FoundError."""
    outcome = Outcome()
    began = time.monotonic()
    await _check_health(target)
    part = max(1, count // _PARTS)
    for start in range(first, first + count, part):
        numbers = iter(range(start, min(start + part, first + count)))
        try:
            async with asyncio.TaskGroup() as clients:
                for _ in range(_CLIENTS):
                    clients.create_task(_client(target, seed, numbers, outcome))
        except* FoundError as found:
            raise found.exceptions[0] from None
        outcome.seconds = time.monotonic() - began
        if start == first:
            outcome.warm = await _settled(target)
        progress(outcome)
    await _check_health(target)
    outcome.end = await _settled(target)
    if target.complaint:
        raise FoundError(f"the log of {target.name} says:\n{target.complaint}")
    return outcome


async def _client(target: targets.Target, seed: int, numbers: Iterator[int], outcome: Outcome) -> None:
    for number in numbers:
        rng = random.Random(f"{seed} {target.name} {number}")
        sent, ending = target.make(rng, number), rng.choice(_ENDINGS)
        received = b""
        try:
            received = await conversations.converse(target.port, sent.pieces, ending)
            if ending is conversations.Ending.HALF_CLOSE:
                _check(target, number, sent, received, outcome)
        except (FoundError, conversations.HangError, strict_reader.MalformedAnswerError, OSError) as exc:
            again = f"python -m tests.robustness.fuzz --program {target.name} --seed {seed} --first {number} --inputs 1"
            said = f"sent, then {ending.value}: {sent.pieces!r}\nreceived: {received!r}\nagain: {again}"
            raise FoundError(f"{target.name}: {type(exc).__name__}: {exc}\n{said}") from exc
        outcome.inputs += 1


def _check(
    target: targets.Target, number: int, sent: inputs.Input, received: bytes, outcome: Outcome
) -> None:
    whole = sent.sent
    answers = strict_reader.read_all(received, may_be_to_head=b"HEAD " in whole)
    for answer in answers:
        outcome.statuses[answer.status] += 1
        if answer.status not in target.statuses and not (target.passes_statuses and b"/v2" in whole):
            raise FoundError(f"a status that the contract does not know: {answer.status}")
    if not answers:
        outcome.unanswered += 1
        if sent.is_whole:
            raise FoundError("a good request without an answer")
    strange = marks.within(received) - {marks.of(number)}
    if strange:
        raise FoundError(f"the answer to {number} has something of {strange}")


async def _check_health(target: targets.Target) -> None:
    received = await conversations.converse(target.port, [target.good], conversations.Ending.HALF_CLOSE)
    answers = strict_reader.read_all(received)
    if [answer.status for answer in answers] != [200]:
        raise FoundError(f"{target.name} answers a good request with {received!r}")


async def _settled(target: targets.Target) -> figures.Figures:
    """The figures once the connections of clients are gone; those to models are kept for some seconds."""
    await waiting.until(lambda: figures.connections(target.pid, target.port) == 0, seconds=30)
    return figures.of(target.pid)


@contextlib.asynccontextmanager
async def _program(name: str, folder: Path, seed: int, workers: int) -> AsyncIterator[targets.Target]:
    if name == "router":
        running = targets.a_fuzzed_router(folder, seed, workers=workers)
    else:
        running = targets.a_fuzzed_server(folder, workers=workers)
    async with running as target:
        yield target


async def _run(names: list[str], seed: int, first: int, count: int, workers: int) -> None:
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            async with _program(name, Path(folder), seed, workers) as target:
                outcome = await fuzz(
                    target,
                    seed=seed,
                    first=first,
                    count=count,
                    progress=lambda now: print(f"  {now.inputs} of {count}, {now.seconds:.0f} s", flush=True),
                )
                print(f"{name}: {outcome}", flush=True)


def main(
    program: Annotated[str, typer.Option(help="router, server or both")] = "both",
    inputs: Annotated[int, typer.Option(help="how many, to each program")] = 100_000,
    seed: Annotated[int, typer.Option(help="the same seed sends the same bytes")] = 1,
    first: Annotated[int, typer.Option(help="number of the first input")] = 0,
    workers: Annotated[int, typer.Option(help="processes of each program")] = 1,
) -> None:
    """Fuzz the programs over real sockets, and show what came of it."""
    names = ["router", "server"] if program == "both" else [program]
    try:
        uvloop.run(_run(names, seed, first, inputs, workers))
    except FoundError as exc:
        print(exc)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    typer.run(main)

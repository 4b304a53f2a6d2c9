"""Constant load on the real router and model servers while the table changes every second.

    python -m tests.robustness.steady --minutes 5

Prints the memory of each program as time goes on, the requests that failed, and how long requests took in the moments
after a change of the table beside all others. Exits with 1 when a request failed.
"""

import argparse
import asyncio
import contextlib
import itertools
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from endpoint_contract import route_table
from tests.builders import router_process
from tests.robustness import figures, paced
from tests.xgboost_server import models, running

CHANGE_SECONDS = 0.3
"""How long after a new table is written requests count as sent around the change: the router looks every 0.1 s."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, times in seconds, ``rate`` in requests a second."""

    seconds: float
    change_every: float = 1.0
    rate: float = 500.0
    connections: int = 16
    look_every: float = 30.0


@dataclass(slots=True)
class Programs:
    """What runs: process ids by name, the table's file, the data port."""

    pids: dict[str, int]
    table: Path
    port: int


@dataclass(slots=True)
class Outcome:
    """What was seen. ``looks``: (seconds since the start, figures by program)."""

    load: paced.Paced
    changes: list[float] = field(default_factory=list)
    looks: list[tuple[float, dict[str, figures.Figures]]] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """Requests that were not answered with 200."""
        return self.load.statuses.total() - self.load.statuses[200]

    def latencies(self) -> tuple[list[float], list[float]]:
        """Seconds of the requests sent around a change of the table, and of all others, sorted."""
        around: list[float] = []
        others: list[float] = []
        changes = iter([*self.changes, float("inf")])
        last, following = float("-inf"), next(changes)
        for sent, took in sorted(zip(self.load.sent, self.load.took, strict=True)):
            while sent >= following:
                last, following = following, next(changes)
            (around if sent < last + CHANGE_SECONDS else others).append(took)
        return sorted(around), sorted(others)


def tables(first: str, second: str) -> Iterator[str]:
    """Tables without end: weights move, variants and pods come and go."""
    variants: Sequence[dict[str, tuple[float, tuple[str, ...]]]] = (
        {"Variant1": (0.5, (first,)), "Variant2": (0.5, (second,))},
        {"Variant1": (0.75, (first,)), "Variant2": (0.25, (second,))},
        {"Variant1": (1.0, (first, second))},
        {"Variant1": (1.0, (second,))},
        {"Variant1": (1.0, (first, second)), "Variant2": (0.0, (first,))},
        {"Variant2": (1.0, (first,))},
    )
    for revision, content in enumerate(itertools.cycle(variants), 1):
        yield route_table.render(
            route_table.RouteTable(
                "churn",
                revision,
                tuple(
                    route_table.Variant(name, weight, (route_table.Backend(addresses=addresses),))
                    for name, (weight, addresses) in content.items()
                ),
            )
        )


async def run(plan: Plan, programs: Programs, contents: Iterator[str]) -> Outcome:
    """Load, changes and looks at the memory, for as long as planned."""
    load = paced.Paced(programs.port, b"0.5,0.1,-1,2,0\n", rate=plan.rate, connections=plan.connections)
    outcome = Outcome(load)
    loading = asyncio.create_task(load.run())
    chores = [
        asyncio.create_task(_change(plan, programs, contents, outcome)),
        asyncio.create_task(_look(plan, programs, outcome)),
    ]
    await asyncio.wait({loading, *chores}, timeout=plan.seconds, return_when=asyncio.FIRST_COMPLETED)
    for chore in chores:
        chore.cancel()
    await asyncio.wait(chores)
    load.stop()
    await loading
    return outcome


async def _change(plan: Plan, programs: Programs, contents: Iterator[str], outcome: Outcome) -> None:
    unfinished = programs.table.with_suffix(".new")
    for content in contents:
        await asyncio.sleep(plan.change_every)
        unfinished.write_text(content)
        outcome.changes.append(time.monotonic())
        unfinished.replace(programs.table)


async def _look(plan: Plan, programs: Programs, outcome: Outcome) -> None:
    start = time.monotonic()
    for number in itertools.count():
        await asyncio.sleep(max(0.0, start + number * plan.look_every - time.monotonic()))
        seen = {name: figures.of(pid) for name, pid in programs.pids.items()}
        outcome.looks.append((time.monotonic() - start, seen))


@contextlib.asynccontextmanager
async def a_router(folder: Path, contents: Iterator[str]) -> AsyncIterator[Programs]:
    """A running router that follows a table file, which holds the first of ``contents``."""
    table = folder / "table.json"
    table.write_text(next(contents))
    async with router_process.a_router(folder / "router.log", "--route-table", str(table)) as router:
        yield Programs({"router": router.process.pid}, table, router.port)


async def _main(plan: Plan) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model_dir = models.a_model_dir(folder / "model", models.a_booster())
        async with (
            running.a_server(model_dir, folder / "one.log") as one,
            running.a_server(model_dir, folder / "two.log") as two,
        ):
            contents = tables(*(f"127.0.0.1:{server.port}" for server in (one, two)))
            begun = time.monotonic()
            async with a_router(folder, contents) as programs:
                cpu = figures.cpu_seconds(programs.pids["router"])
                print(f"router ready after {time.monotonic() - begun:.2f} s, {cpu:.2f} s of it computing")
                programs.pids |= {"server 1": one.process.pid, "server 2": two.process.pid}
                outcome = await run(plan, programs, contents)
    report(outcome)
    return 1 if outcome.failed else 0


def report(outcome: Outcome) -> None:
    """Print what was seen."""
    for name in outcome.looks[0][1]:
        memory = " ".join(f"{seen[name].rss_kib / 1024:.2f}" for _, seen in outcome.looks)
        files = " ".join(str(seen[name].fds) for _, seen in outcome.looks)
        print(f"{name}: memory in MiB {memory}; open files {files}")
    print(f"requests: {outcome.load.statuses.total()}, not answered with 200: {outcome.failed}")
    print(
        f"changes of the table: {len(outcome.changes)}; milliseconds of a request (p50, p99, p99.9, worst):"
    )
    for name, took in zip(("around a change", "otherwise"), outcome.latencies(), strict=True):
        shown = " ".join(f"{1000 * quantile(took, part):.2f}" for part in (0.5, 0.99, 0.999, 1.0))
        print(f"  {name}, {len(took)} requests: {shown}")


def quantile(ascending: Sequence[float], part: float) -> float:
    """The value that ``part`` (0..1) of the values don't exceed; ``ascending`` must not be empty."""
    return ascending[min(len(ascending) - 1, int(part * len(ascending)))]


def main() -> int:
    """The exit code."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(prog="python -m tests.robustness.steady", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--rate", type=float, default=500.0, help="requests a second")
    parser.add_argument("--connections", type=int, default=16)
    given = parser.parse_args()
    seconds = 60 * given.minutes
    plan = Plan(seconds, rate=given.rate, connections=given.connections, look_every=min(30.0, seconds / 4))
    return asyncio.run(_main(plan))


if __name__ == "__main__":
    sys.exit(main())

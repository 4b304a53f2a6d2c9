"""Taking turns: every contender gets the same load, one after the other, again and again.

What else the machine does then hits all of them, and what is compared is neighbours in time.
"""

import collections
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import contender, load, processes


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of one contender. Rates per second, times in microseconds, memory in MB.

    ``worker`` is the memory of its largest child process, 0 without any.
    ``foreign`` is the share of the two cores that others used meanwhile, 0..1, ``busy`` the share of its core
    that the contender used: well below 1 under many connections means that something else was the limit.
    """

    round: int
    rate: float
    p50: float
    p99: float
    worst: float
    cpu: float
    rss: float
    worker: float
    busy: float
    foreign: float
    requests: int
    errors: int


@dataclass(frozen=True, slots=True)
class Start:
    """How a contender began: seconds until it could work, and memory before its first request, as in `Turn`."""

    ready: float
    rss: float
    worker: float


@dataclass(frozen=True, slots=True)
class Entrant:
    """A contender whose program runs."""

    contender: contender.Contender
    program: processes.Running


@dataclass(frozen=True, slots=True)
class Bench:
    """Who takes part, and beside what. ``helpers`` are the upstreams; cores are CPU numbers."""

    entrants: Sequence[Entrant]
    helpers: Sequence[processes.Running]
    core: int
    load_core: int
    folder: Path


Turns = dict[str, list[Turn]]
"""Contender's name → its turns, in order."""


def starts(bench: Bench) -> dict[str, Start]:
    """Contender's name → how it began; to be asked before anything is played."""
    return {
        entrant.contender.name: Start(
            ready=entrant.program.ready_seconds,
            rss=entrant.program.rss_megabytes(),
            worker=entrant.program.worker_megabytes(),
        )
        for entrant in bench.entrants
    }


def play(
    bench: Bench, scenario: contender.Scenario, *, rounds: int, seconds: int, show: Callable[[str], object]
) -> tuple[Turns, dict[str, str]]:
    """All turns of a scenario without a failed request, and whose turns are missing: contender's name → the reason."""
    prepared = {
        entrant.contender.name: load.prepare(bench.folder, f"{number}", scenario.requests(entrant.contender))
        for number, entrant in enumerate(bench.entrants)
    }
    turns: Turns = collections.defaultdict(list)
    faults: dict[str, str] = {}
    for number in range(rounds):
        for entrant in rotated(bench.entrants, number):
            name = entrant.contender.name
            show(f"round {number + 1}/{rounds}, {name}")
            try:
                turn = _turn(bench, entrant, scenario, prepared[name], number, seconds)
            except load.LoadError as exc:
                faults[name] = f"round {number + 1}: {exc}"
                continue
            if turn.errors:
                faults[name] = f"round {number + 1}: {turn.errors} of {turn.requests} requests failed"
            else:
                turns[name].append(turn)
    return dict(turns), faults


def rotated(items: Sequence[Entrant], by: int) -> list[Entrant]:
    """Another one begins each round: nobody always follows the same neighbour."""
    start = by % len(items)
    return [*items[start:], *items[:start]]


def _turn(
    bench: Bench,
    entrant: Entrant,
    scenario: contender.Scenario,
    requests: Path,
    number: int,
    seconds: int,
) -> Turn:
    program = entrant.program
    if not program.is_alive:
        raise load.LoadError("it has ended")
    cores = {bench.core, bench.load_core}
    own, helpers, all_of_it, begun = (
        program.cpu_seconds(),
        _used(bench),
        busy_seconds(cores),
        time.monotonic(),
    )
    outcome = load.run(
        requests,
        port=entrant.contender.port,
        connections=scenario.connections,
        seconds=seconds,
        core=bench.load_core,
    )
    elapsed = time.monotonic() - begun
    own = program.cpu_seconds() - own
    ours = own + _used(bench) - helpers + outcome.cpu_seconds
    return Turn(
        round=number,
        rate=outcome.requests / outcome.seconds * scenario.units,
        p50=outcome.p50 * 1e6,
        p99=outcome.p99 * 1e6,
        worst=outcome.worst * 1e6,
        cpu=own / max(1, outcome.requests) * 1e6,
        rss=program.rss_megabytes(),
        worker=program.worker_megabytes(),
        busy=own / outcome.seconds,
        foreign=max(0.0, busy_seconds(cores) - all_of_it - ours) / elapsed / len(cores),
        requests=outcome.requests,
        errors=outcome.errors,
    )


def _used(bench: Bench) -> float:
    return sum(helper.cpu_seconds() for helper in bench.helpers)


def busy_seconds(cores: set[int]) -> float:
    """For how long these cores did not idle since the machine started."""
    ticks = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in cores:
            user, nice, system, _, _, irq, softirq, steal = map(int, fields[:8])
            ticks += user + nice + system + irq + softirq + steal
    return ticks / os.sysconf("SC_CLK_TCK")

"""What the project says of its speed, and whether a run bears it out. Pure."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from tests.bench import figures, turns

Played = Mapping[str, turns.Turns]
"""Scenario's name → its turns."""

START = "start"
"""Stands for a scenario's name where a promise is about how a contender began."""


@dataclass(frozen=True, slots=True)
class Promise:
    """``figure`` of ours in ``scenario``, over ``other``'s, is at least or at most ``bound``.

    Without ``other`` it is the figure itself.
    """

    scenario: str
    figure: str
    other: str
    bound: float
    is_minimum: bool

    def text(self) -> str:
        """It in words."""
        what = _WORDS[self.figure]
        unit = f"x {self.other}'s" if self.other else _UNITS[self.figure]
        return f"{self.scenario}: {what} {'≥' if self.is_minimum else '≤'} {self.bound:g} {unit}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was measured; None when a contender was missing."""

    promise: Promise
    measured: float | None

    @property
    def is_kept(self) -> bool:
        """Whether the promise holds in this run."""
        if self.measured is None:
            return False
        if self.promise.is_minimum:
            return self.measured >= self.promise.bound
        return self.measured <= self.promise.bound


_WORDS = {
    "rate": "rate",
    "p50": "p50",
    "p99": "p99",
    "cpu": "CPU per request",
    "rss": "memory",
    "worker": "memory of a worker",
    "ready": "time until ready",
}
_UNITS = {"rss": "MB", "worker": "MB", "ready": "s"}


def _at_least(scenario: str, figure: str, other: str, bound: float) -> Promise:
    return Promise(scenario, figure, other, bound, is_minimum=True)


def _at_most(scenario: str, figure: str, other: str, bound: float) -> Promise:
    return Promise(scenario, figure, other, bound, is_minimum=False)


ROUTER = (
    _at_least("row, c=32", "rate", "nginx", 0.9),
    _at_least("row, c=128", "rate", "nginx", 0.9),
    _at_least("row, c=32", "rate", "Traefik", 3),
    _at_least("row, c=32", "rate", "aiohttp", 6),
    _at_most("row, c=32", "cpu", "nginx", 1.2),
    _at_most("row, c=128", "cpu", "nginx", 1.2),
    _at_most("row, c=1", "p50", "nginx", 1.15),
    _at_most("row, c=32", "p99", "nginx", 2),
    _at_most("row, c=128", "rss", "", 60),
    _at_most(START, "rss", "", 60),
    _at_most(START, "ready", "", 1),
)
WORKERS = (
    _at_most("row, c=128", "worker", "", 35),
    _at_most(START, "worker", "", 35),
    _at_most(START, "ready", "", 1),
)
SERVER = tuple(
    promise
    for peer in ("MLServer", "KServe")
    for promise in (
        _at_least("1 row, c=64", "rate", peer, 30),
        _at_most("1 row, c=1", "p50", peer, 0.4),
        _at_least("100 rows, c=64", "rate", peer, 5),
        _at_most("100 rows, c=1", "p50", peer, 0.4),
    )
)


def judge(
    promises: tuple[Promise, ...], played: Played, starts: Mapping[str, turns.Start], ours: str
) -> list[Verdict]:
    """A verdict for each promise about the start or a scenario that was played, on the contender ``ours``."""
    return [
        Verdict(
            promise,
            _begun(promise, starts.get(ours))
            if promise.scenario == START
            else _measured(promise, played[promise.scenario], ours),
        )
        for promise in promises
        if promise.scenario == START or promise.scenario in played
    ]


def _begun(promise: Promise, start: turns.Start | None) -> float | None:
    return None if start is None else float(getattr(start, promise.figure))


def _measured(promise: Promise, measured: turns.Turns, ours: str) -> float | None:
    if promise.other:
        return figures.ratio(measured, ours, promise.other, promise.figure)
    own = [getattr(turn, promise.figure) for turn in measured.get(ours, ())]
    return statistics.median(own) if own else None

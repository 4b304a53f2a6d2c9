"""Plays one comparison: starts who takes part, plays scenario after scenario, shows and keeps what comes out."""

import contextlib
import datetime
import functools
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.status import Status

from tests.bench import comparison, contender, figures, promises, report, turns


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and where. ``seconds`` is the length of a turn, ``output`` a folder."""

    setting: comparison.Setting
    rounds: int
    seconds: int
    output: Path


def play(
    console: Console,
    chosen: comparison.Comparison,
    scenarios: Sequence[contender.Scenario],
    plan: Plan,
) -> None:
    """Play ``scenarios``. Raises HarnessError, StartError and LoadError when not even the first can be played."""
    started_at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    record = report.Record(chosen, plan.output / f"{chosen.name}.json", started_at)
    with (
        tempfile.TemporaryDirectory(prefix="pointsman-bench-") as folder,
        chosen.opened(plan.setting, Path(folder)) as started,
        _staying_on(plan.setting.load_core),
    ):
        for name, reason in started.missing.items():
            console.print(f"[yellow]without {name}: {reason}[/]")
        starts = turns.starts(started.bench)
        record.introduce(started, starts)
        comparison.warm_up(started.bench, scenarios[0])
        for number, scenario in enumerate(scenarios, 1):
            title = f"{chosen.name} {number}/{len(scenarios)}: {scenario.name}"
            _play_one(console, started.bench, scenario, title, chosen, plan, record)
    _judge(console, chosen, record, starts)


@contextlib.contextmanager
def _staying_on(core: int) -> Iterator[None]:
    """Keep ourselves, what we show included, off the contenders' core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _play_one(
    console: Console,
    bench: turns.Bench,
    scenario: contender.Scenario,
    title: str,
    chosen: comparison.Comparison,
    plan: Plan,
    record: report.Record,
) -> None:
    with console.status(title) as status:
        show = functools.partial(_show, status, title)
        measured, faults = turns.play(bench, scenario, rounds=plan.rounds, seconds=plan.seconds, show=show)
    table = figures.summarise(measured, chosen.reference)
    record.add(scenario, table, measured, faults)
    report.print_table(console, title, table, chosen.unit, chosen.reference)
    for name, reason in faults.items():
        console.print(f"[red]{name}: {reason}[/]")


def _show(status: Status, title: str, text: str) -> None:
    status.update(f"{title}: {text}")


def _judge(
    console: Console,
    chosen: comparison.Comparison,
    record: report.Record,
    starts: Mapping[str, turns.Start],
) -> None:
    ours = comparison.ours_in(chosen, next(iter(record.played.values())))
    verdicts = promises.judge(chosen.promises, record.played, starts, ours)
    record.judge(verdicts)
    report.print_verdicts(console, verdicts, ours)

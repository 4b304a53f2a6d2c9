"""``python -m tests.bench``: router and model server beside their peers, in one run."""

import datetime
import functools
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.status import Status

from tests.bench import comparison, contender, figures, load, picture, promises, report, turns
from tests.cluster import HarnessError

_PROGRAMS = ("wrk", "nginx", "haproxy", "taskset")
_QUICK = {"row, c=1", "row, c=32", "signed row, c=32", "1 row, c=1", "1 row, c=64", "100 rows, c=64"}


def run(
    only: Annotated[
        list[str] | None, typer.Option(help="A comparison: router, server. May be given twice; default both.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Few scenarios, two rounds: about a minute.")
    ] = False,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each contender in each scenario.")] = 7,
    seconds: Annotated[int, typer.Option(min=1, help="Length of one turn.")] = 1,
    scenario: Annotated[str, typer.Option(help="Only scenarios whose name contains this.")] = "",
    output: Annotated[Path, typer.Option(help="Folder for the JSON files and the picture.")] = Path(
        "build/bench"
    ),
) -> None:
    """Measure the router beside nginx, HAProxy, Traefik and an aiohttp proxy, the server beside MLServer and KServe.

    Contenders share one core and take turns; upstreams and load (wrk) have another. Peers are installed into a cache
    the first time ($POINTSMAN_CACHE); then a run takes about nine minutes, and writes router.json, server.json and
    bench.png.
    """
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        raise HarnessError(f"needs {', '.join(missing)}: run it as `make bench`, or install them")
    unknown = set(only or ()) - set(comparison.ALL)
    if unknown:
        raise HarnessError(f"--only {', '.join(unknown)}: there are {', '.join(comparison.ALL)}")
    console = Console()
    console.width = max(console.width, 110)
    for name in only or comparison.ALL:
        chosen = comparison.ALL[name]
        scenarios = [
            item
            for item in chosen.scenarios
            if scenario in item.name and (not quick or bool(scenario) or item.name in _QUICK)
        ]
        if scenarios:
            _compare(console, chosen, scenarios, 2 if quick else rounds, seconds, output)
    drawn = picture.draw(output)
    console.print(f"\nwritten: {output}/*.json{' and ' + str(drawn) if drawn else ''}")


def _compare(
    console: Console,
    chosen: comparison.Comparison,
    scenarios: list[contender.Scenario],
    rounds: int,
    seconds: int,
    output: Path,
) -> None:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise HarnessError("needs two CPUs: one for what is measured, one for the load")
    started_at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    record = report.Record(chosen, output / f"{chosen.name}.json", started_at)
    places = comparison.Cores(cores[0], cores[-1])
    with (
        tempfile.TemporaryDirectory(prefix="pointsman-bench-") as folder,
        chosen.opened(places, Path(folder)) as started,
    ):
        for name, reason in started.missing.items():
            console.print(f"[yellow]without {name}: {reason}[/]")
        record.introduce(started)
        comparison.warm_up(started.bench, scenarios[-1])
        for number, item in enumerate(scenarios, 1):
            with console.status("") as status:
                title = f"{chosen.name} {number}/{len(scenarios)}: {item.name}"
                measured, faults = turns.play(
                    started.bench,
                    item,
                    rounds=rounds,
                    seconds=seconds,
                    show=functools.partial(_show, status, title),
                )
            table = figures.summarise(measured, chosen.reference)
            record.add(item, table, measured, faults)
            report.print_table(console, title, table, chosen.unit, chosen.reference)
            for name, reason in faults.items():
                console.print(f"[red]{name}: {reason}[/]")
    _judge(console, chosen, record)


def _show(status: Status, title: str, text: str) -> None:
    status.update(f"{title}: {text}")


def _judge(console: Console, chosen: comparison.Comparison, record: report.Record) -> None:
    ours = comparison.ours_in(chosen, next(iter(record.played.values())))
    verdicts = promises.judge(chosen.promises, record.played, ours)
    record.judge(verdicts)
    report.print_verdicts(console, verdicts, ours)


def main() -> int:
    """Exit status 0, or 1 with one line that says what went wrong."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(run)
    try:
        app(standalone_mode=False)
    except (HarnessError, load.LoadError) as exc:
        print(f"bench: {exc}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

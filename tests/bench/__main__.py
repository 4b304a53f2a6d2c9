"""``python -m tests.bench``: router and model server beside their peers, in one run."""

import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tests.bench import comparison, contender, load, picture, processes, session
from tests.cluster import HarnessError

_PROGRAMS = ("wrk", "nginx", "haproxy", "taskset")
_QUICK = {"row, c=1", "row, c=32", "signed row, c=32", "1 row, c=1", "1 row, c=64", "100 rows, c=64"}
_FAILURES = (HarnessError, processes.StartError, load.LoadError)


def run(
    only: Annotated[
        list[str] | None, typer.Option(help="A comparison: router, workers or server. May be given twice.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Few scenarios, two rounds: about a minute.")
    ] = False,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each contender in each scenario.")] = 7,
    seconds: Annotated[int, typer.Option(min=1, help="Length of one turn.")] = 1,
    scenario: Annotated[str, typer.Option(help="Only scenarios whose name contains this.")] = "",
    wanted: Annotated[
        str, typer.Option("--contender", help="Only contenders whose name contains this.")
    ] = "",
    output: Annotated[Path, typer.Option(help="Folder for the JSON files and the picture.")] = Path(
        "build/bench"
    ),
) -> None:
    """Measure the router beside nginx, HAProxy, Traefik and an aiohttp proxy, the server beside MLServer and KServe.

    And the router with two workers beside itself as one process, for the memory that a worker takes.

    Contenders share one core and take turns; upstreams and load (wrk) have another. Peers are installed into a cache
    the first time ($POINTSMAN_CACHE); then a run takes about nine minutes, and writes a JSON file for each comparison,
    and bench.png.

    Five minutes of load on each form of the router, to see whether its memory grows: --only router --contender router
    --scenario c=128 --rounds 30 --seconds 5
    """
    _check(only or [])
    cores = sorted(os.sched_getaffinity(0))
    plan = session.Plan(
        setting=comparison.Setting(cores[0], cores[-1], wanted),
        rounds=2 if quick else rounds,
        seconds=seconds,
        output=output,
    )
    console = Console()
    console.width = max(console.width, 130)
    failed = []
    for chosen in (comparison.ALL[name] for name in only or comparison.ALL):
        scenarios = [item for item in chosen.scenarios if _is_wanted(item, scenario, quick)]
        try:
            if scenarios:
                session.play(console, chosen, scenarios, plan)
        except _FAILURES as exc:
            failed.append(f"{chosen.name}: {exc}")
    drawn = picture.draw(output)
    console.print(f"\nwritten: {output}/*.json{' and ' + str(drawn) if drawn else ''}")
    if failed:
        raise HarnessError("; ".join(failed))


def _check(only: list[str]) -> None:
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        raise HarnessError(f"needs {', '.join(missing)}: run it as `make bench`, or install them")
    unknown = set(only) - set(comparison.ALL)
    if unknown:
        raise HarnessError(f"--only {', '.join(unknown)}: there are {', '.join(comparison.ALL)}")
    if len(os.sched_getaffinity(0)) < 2:
        raise HarnessError("needs two CPUs: one for what is measured, one for the load")


def _is_wanted(item: contender.Scenario, name: str, quick: bool) -> bool:
    if name:
        return name in item.name
    return not quick or item.name in _QUICK


def main() -> None:
    """Exit status 0, 2 for an option that there is not, or 1 with a line that says what went wrong."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(run)
    try:
        app()
    except HarnessError as exc:
        print(f"bench: {exc}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()

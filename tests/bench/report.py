"""What a run says: a table after each scenario, the verdicts at the end, all of it as JSON."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import comparison, contender, figures, promises, turns


class Record:
    """The results of one comparison, written to ``path`` after every scenario: a broken run loses nothing."""

    def __init__(self, chosen: comparison.Comparison, path: Path, started: str) -> None:
        self.played: dict[str, turns.Turns] = {}
        self._path = path
        self._document: dict[str, object] = {
            "comparison": chosen.name,
            "unit": chosen.unit,
            "reference": chosen.reference,
            "started": started,
            "machine": _machine(),
            "contenders": {},
            "missing": {},
            "scenarios": {},
            "promises": [],
        }

    def introduce(self, started: comparison.Started, starts: Mapping[str, turns.Start]) -> None:
        """Note who takes part, and how each began."""
        self._document["missing"] = started.missing
        self._document["contenders"] = {
            entrant.contender.name: {
                "version": entrant.contender.version,
                "command": " ".join(map(str, entrant.contender.command)),
                "start_to_ready_seconds": round(starts[entrant.contender.name].ready, 3),
                "idle_rss_megabytes": round(starts[entrant.contender.name].rss, 1),
                "idle_worker_megabytes": round(starts[entrant.contender.name].worker, 1),
            }
            for entrant in started.bench.entrants
        }

    def add(
        self,
        scenario: contender.Scenario,
        table: dict[str, figures.Summary],
        measured: turns.Turns,
        faults: Mapping[str, str],
    ) -> None:
        """Note one scenario, and write."""
        self.played[scenario.name] = measured
        scenarios = self._document["scenarios"]
        assert isinstance(scenarios, dict)
        scenarios[scenario.name] = {
            "connections": scenario.connections,
            "faults": dict(faults),
            "summaries": {name: asdict(summary) for name, summary in table.items()},
            "turns": {name: [asdict(turn) for turn in own] for name, own in measured.items()},
        }
        self.write()

    def judge(self, verdicts: Sequence[promises.Verdict]) -> None:
        """Note the verdicts, and write."""
        self._document["promises"] = [
            {"promise": item.promise.text(), "measured": item.measured, "is_kept": item.is_kept}
            for item in verdicts
        ]
        self.write()

    def write(self) -> None:
        """Write the file."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self._document, indent=2) + "\n")


def print_table(
    console: Console, title: str, table: Mapping[str, figures.Summary], unit: str, reference: str
) -> None:
    """One scenario; ratios are the medians of those in each round."""
    shown = Table(title=title, title_justify="left", title_style="bold")
    shown.add_column("", no_wrap=True)
    for column in (
        unit,
        f"× {reference}",
        "p50 µs",
        "p99 µs",
        "CPU µs",
        f"× {reference} ",
        "RSS MB",
        "grew",
        "core busy",
    ):
        shown.add_column(column, justify="right")
    for name, row in sorted(table.items(), key=lambda item: -item[1].rate):
        shown.add_row(
            name, f"{row.rate:,.0f}", _ratio(row, "rate"), f"{row.p50:,.0f}", f"{row.p99:,.0f}",
            f"{row.cpu:,.1f}", _ratio(row, "cpu"), f"{row.rss:.0f}", f"{row.growth:+.1f}", f"{row.busy:.0%}",
        )  # fmt: skip
    console.print(shown)
    foreign = max((row.foreign for row in table.values()), default=0.0)
    if foreign > figures.NOISY:
        console.print(
            f"[yellow]others used up to {foreign:.0%} of the two cores meanwhile: "
            "trust CPU per request, not rates and latencies[/]"
        )


def print_verdicts(console: Console, verdicts: Sequence[promises.Verdict], ours: str) -> None:
    """A line for each promise."""
    console.print(f"\n[bold]What is promised, as {ours} kept it in this run[/]")
    for item in verdicts:
        measured = "not measured" if item.measured is None else f"{item.measured:.2f}"
        mark = "[green]✓[/]" if item.is_kept else "[red]✗[/]" if item.measured is not None else "[yellow]?[/]"
        console.print(f"  {mark} {item.promise.text():<58} {measured}")


def _ratio(row: figures.Summary, figure: str) -> str:
    return f"{row.ratios[figure]:.2f}" if figure in row.ratios else "–"


def _machine() -> dict[str, object]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "cpu": model or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
    }

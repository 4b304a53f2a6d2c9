"""The picture of a run: how many requests a second, and what one costs, ours beside the others'."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench import comparison

_OURS, _OTHERS, _TEXT = "#2a6f97", "#c9ced4", "#30353b"


@dataclass(frozen=True, slots=True)
class _Panel:
    comparison: str
    scenario: str
    figure: str
    title: str
    form: str


_PANELS = (
    _Panel("router", "row, c=32", "rate", "Router: requests/s on one core, 32 connections", "{:,.0f}"),
    _Panel("router", "row, c=32", "cpu", "Router: CPU time of a request, µs", "{:,.1f}"),
    _Panel("server", "1 row, c=64", "rate", "Server: predictions/s on one core, 64 connections", "{:,.0f}"),
    _Panel("server", "1 row, c=1", "p50", "Server: half of all answers within, µs, 1 connection", "{:,.0f}"),
)


def draw(folder: Path) -> Path | None:
    """``bench.png`` from the JSON files in ``folder``; None when they have nothing that it shows."""
    documents = {}
    for name in comparison.ALL:
        path = folder / f"{name}.json"
        if path.exists():
            documents[name] = json.loads(path.read_text())
    shown = [(panel, table) for panel in _PANELS if (table := _table(documents, panel))]
    if not shown:
        return None
    path = folder / "bench.png"
    _draw(shown, _caption(documents), path)
    return path


def _table(documents: Mapping[str, Any], panel: _Panel) -> dict[str, float]:
    """Contender's name → its figure, the best first."""
    scenario = documents.get(panel.comparison, {}).get("scenarios", {}).get(panel.scenario, {})
    table = {name: row[panel.figure] for name, row in scenario.get("summaries", {}).items()}
    return dict(sorted(table.items(), key=lambda item: item[1], reverse=panel.figure == "rate"))


def _caption(documents: Mapping[str, Any]) -> str:
    document = next(iter(documents.values()))
    versions = [
        f"{name} {contender['version']}"
        for document in documents.values()
        for name, contender in document["contenders"].items()
        if not _is_ours(name)
    ]
    machine = document["machine"]
    return f"{', '.join(versions)}; {machine['cpu']}, {document['started'][:10]}; medians of one run"


def _is_ours(name: str) -> bool:
    return any(name in chosen.ours for chosen in comparison.ALL.values())


def _draw(shown: list[tuple[_Panel, dict[str, float]]], caption: str, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")  # no display is needed
    from matplotlib import pyplot

    rows = (len(shown) + 1) // 2
    figure, axes = pyplot.subplots(rows, 2, figsize=(11, 2.9 * rows), squeeze=False)
    for axis in axes.flat[len(shown) :]:
        axis.set_visible(False)
    for axis, (panel, table) in zip(axes.flat, shown, strict=False):
        _draw_bars(axis, panel, table)
    figure.text(0.01, 0.01, caption, fontsize=7, color=_TEXT)
    figure.tight_layout(rect=(0, 0.03, 1, 1))
    figure.savefig(path, dpi=110, facecolor="white")
    pyplot.close(figure)


def _draw_bars(axis: Any, panel: _Panel, table: dict[str, float]) -> None:
    names = list(table)[::-1]  # the first one on top
    colours = [_OURS if _is_ours(name) else _OTHERS for name in names]
    bars = axis.barh(names, [table[name] for name in names], color=colours, height=0.66)
    axis.bar_label(bars, [panel.form.format(table[name]) for name in names], padding=4, fontsize=9)
    axis.set_title(panel.title, loc="left", fontsize=10, color=_TEXT)
    axis.margins(x=0.16)
    axis.xaxis.set_visible(False)
    axis.spines[["top", "right", "bottom"]].set_visible(False)
    axis.tick_params(axis="y", length=0, labelsize=9)

"""The picture of a run: rates and CPU per request side by side."""

import json
from pathlib import Path
from typing import Any


def draw(folder: Path) -> Path | None:
    """``bench.png`` from the JSON files in ``folder``; None when there is none."""
    found = [folder / f"{name}.json" for name in ("router", "server")]
    documents = [json.loads(path.read_text()) for path in found if path.exists()]
    if not documents:
        return None
    path = folder / "bench.png"
    _draw(documents, path)
    return path


def _draw(documents: list[dict[str, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(documents), figsize=(5.5 * len(documents), 4), squeeze=False)
    for axis, document in zip(axes[0], documents, strict=True):
        scenarios = document["scenarios"]
        name = "row, c=32" if "row, c=32" in scenarios else next(iter(scenarios))
        summaries = scenarios[name]["summaries"]
        axis.barh(list(summaries), [row["rate"] for row in summaries.values()])
        axis.set_title(f"{name}: {document['unit']}")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)

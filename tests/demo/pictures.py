"""The two pictures of the report, as PNG: who served the requests over time, and the models' ROC curves."""

import io
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import figure as drawing
from matplotlib import pyplot

from tests.demo import evaluation, traffic

COLOURS = {"Variant1": "#2f6fb0", "Variant2": "#d9822b"}


def requests_over_time(answers: Sequence[traffic.Answer], marks: Sequence[tuple[float, str]]) -> bytes:
    """Requests per second of each variant; ``marks`` are the weight changes: (seconds, what changed)."""
    end = max(answer.at for answer in answers)
    edges = np.arange(0, end + 0.5, 0.5)
    figure, axes = pyplot.subplots(figsize=(10, 4.2), layout="constrained")
    for variant, colour in COLOURS.items():
        counts, _ = np.histogram([a.at for a in answers if a.variant == variant], edges)
        axes.stairs(counts / 0.5, edges, color=colour, fill=True, alpha=0.35)
        axes.stairs(counts / 0.5, edges, color=colour, linewidth=1.6, label=variant)
    failed = [answer.at for answer in answers if answer.variant is None]
    axes.plot(failed, [0] * len(failed), "x", color="#c0392b", label=f"failed: {len(failed)}")
    for at, label in marks:
        axes.axvline(at, color="#444444", linestyle="--", linewidth=1)
        axes.annotate(
            label, (at, 1.0), xycoords=("data", "axes fraction"), xytext=(4, -12), textcoords="offset points"
        )
    axes.set(xlabel="seconds", ylabel="requests per second", xlim=(0, end), ylim=(0, None))
    axes.set_ylim(top=axes.get_ylim()[1] * 1.15)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.14), ncols=3, frameon=False)
    return _png(figure)


def roc_curves(evaluations: Sequence[evaluation.Evaluation]) -> bytes:
    """One curve a variant, with the area under it."""
    figure, axes = pyplot.subplots(figsize=(5.2, 5), layout="constrained")
    for result in evaluations:
        label = f"{result.variant}: area {result.roc_auc:.3f}"
        axes.plot(
            result.false_positive_rate, result.true_positive_rate, color=COLOURS[result.variant], label=label
        )
    axes.plot([0, 1], [0, 1], color="#999999", linestyle=":", label="guessing: area 0.5")
    axes.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(0, 1), ylim=(0, 1.01))
    axes.legend(loc="lower right", frameon=False)
    return _png(figure)


def _png(figure: drawing.Figure) -> bytes:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130)
    pyplot.close(figure)
    return buffer.getvalue()

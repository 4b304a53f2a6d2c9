"""From turns to figures: medians, ratios between neighbours in time, and what they say about the promises. Pure."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from tests.bench import turns

NOISY = 0.05
"""Above this share of the cores in other hands, rates and latencies say little; CPU per request still does."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Medians over a contender's turns; ``ratios`` are this one's over the reference's, of the same round.

    ``growth`` is by how many MB its memory grew from the first turn to the last.
    """

    rate: float
    p50: float
    p99: float
    worst: float
    cpu: float
    rss: float
    worker: float
    growth: float
    busy: float
    foreign: float
    requests: int
    errors: int
    turns: int
    ratios: Mapping[str, float]


_MEDIANS = ("rate", "p50", "p99", "worst", "cpu", "rss", "worker", "busy", "foreign")
_RATIOS = ("rate", "p50", "p99", "cpu")


def summarise(measured: turns.Turns, reference: str) -> dict[str, Summary]:
    """A summary for each contender; without ratios where the reference is missing."""
    return {name: _summary(measured, name, reference) for name, own in measured.items() if own}


def ratio(measured: turns.Turns, mine: str, theirs: str, figure: str) -> float | None:
    """The median of one's figure over another's in the same round; None when they never met."""
    others = {turn.round: getattr(turn, figure) for turn in measured.get(theirs, ())}
    ratios = [
        getattr(turn, figure) / max(1e-9, others[turn.round])
        for turn in measured.get(mine, ())
        if turn.round in others
    ]
    return statistics.median(ratios) if ratios else None


def _summary(measured: turns.Turns, name: str, reference: str) -> Summary:
    own = measured[name]
    found = {figure: ratio(measured, name, reference, figure) for figure in _RATIOS}
    return Summary(
        **{figure: statistics.median(getattr(turn, figure) for turn in own) for figure in _MEDIANS},
        growth=own[-1].rss - own[0].rss,
        requests=sum(turn.requests for turn in own),
        errors=sum(turn.errors for turn in own),
        turns=len(own),
        ratios={figure: value for figure, value in found.items() if value is not None},
    )

"""From turns to figures: medians, ratios between neighbours in time, and what they say about the promises. Pure."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from tests.bench import turns

NOISY = 0.05
"""Above this share of the cores in other hands, rates and latencies say little; CPU per request still does."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Medians over a contender's turns; ``ratios`` are this one's over the reference's, of the same round."""

    rate: float
    p50: float
    p99: float
    worst: float
    cpu: float
    rss: float
    busy: float
    foreign: float
    requests: int
    errors: int
    turns: int
    ratios: Mapping[str, float]


_MEDIANS = ("rate", "p50", "p99", "worst", "cpu", "rss", "busy", "foreign")
_RATIOS = ("rate", "p50", "p99", "cpu")


def summarise(measured: turns.Turns, reference: str) -> dict[str, Summary]:
    """A summary for each contender; without ratios where the reference is missing."""
    by_round = {turn.round: turn for turn in measured.get(reference, [])}
    return {name: _summary(own, by_round) for name, own in measured.items() if own}


def _summary(own: Sequence[turns.Turn], reference: Mapping[int, turns.Turn]) -> Summary:
    pairs = [(asdict(turn), asdict(reference[turn.round])) for turn in own if turn.round in reference]
    medians = {name: statistics.median(getattr(turn, name) for turn in own) for name in _MEDIANS}
    return Summary(
        **medians,
        requests=sum(turn.requests for turn in own),
        errors=sum(turn.errors for turn in own),
        turns=len(own),
        ratios={
            name: statistics.median(mine[name] / max(1e-9, theirs[name]) for mine, theirs in pairs)
            for name in _RATIOS
            if pairs
        },
    )


def ratio(table: Mapping[str, Summary], mine: str, theirs: str, figure: str) -> float | None:
    """A figure of one contender over another's; None when one of them is missing."""
    if mine not in table or theirs not in table:
        return None
    return float(getattr(table[mine], figure) / max(1e-9, getattr(table[theirs], figure)))

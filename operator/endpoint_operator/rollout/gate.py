"""When a coming roll-out may take over."""

from dataclasses import dataclass

from endpoint_operator.desired import roll_out
from endpoint_operator.rollout import readiness, replicas, routers, routing, weights
from endpoint_operator.rollout.observed import Observed
from endpoint_operator.rollout.plan import Phase


@dataclass(frozen=True, slots=True)
class Verdict:
    """``phase`` is CUTTING_OVER when the gate is open; else it and ``waiting`` say what is missing."""

    phase: Phase
    waiting: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the coming roll-out takes over now."""
        return self.phase is Phase.CUTTING_OVER


def verdict(
    observed: Observed,
    serving: roll_out.StoredRollOut | None,
    coming: roll_out.StoredRollOut,
    taking: tuple[routing.Place, ...],
) -> Verdict:
    """Whether ``coming`` may take over from ``taking``, the places that take requests now."""
    if observed.is_held:
        return Verdict(Phase.HELD_BY_WRITES, "the API server has not stored yet what it needs")
    if not taking:
        return Verdict(Phase.CUTTING_OVER)
    if weights.all_zero(weights.weights(coming, observed.endpoint.spec.weights)):
        return Verdict(Phase.HELD_BY_ZERO_WEIGHTS, "all of its weights are 0")
    needed = replicas.needed(observed, serving, coming)
    short = readiness.shortfalls(observed, coming, needed)
    if short:
        return Verdict(Phase.WAITING_FOR_PODS, ", ".join(map(str, short)))
    blind = routers.without_addresses(observed, [name for name, count in needed.items() if count > 0])
    if blind:
        return Verdict(Phase.WAITING_FOR_ROUTERS, f"routers that don't know the new pods yet: {_some(blind)}")
    return Verdict(Phase.CUTTING_OVER)


def _some(names: tuple[str, ...], most: int = 5) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")

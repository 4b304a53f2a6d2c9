"""What the conditions are made from: who is ready among those that take requests, and who is not."""

from dataclasses import dataclass

from endpoint_operator.rollout import plan as plans
from endpoint_operator.rollout import readiness
from endpoint_operator.rollout.observed import Failure, Observed


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """One variant that clients can name: its weight in the table and its ready pods.

    ``wanted`` is the number of pods asked for, None when the record of what serves is lost.
    """

    name: str
    weight: float
    ready: int
    wanted: int | None
    failure: Failure | None

    @property
    def is_short(self) -> bool:
        """Whether pods are missing."""
        return self.ready < (1 if self.wanted is None else self.wanted)


def variants(observed: Observed, plan: plans.Plan) -> tuple[VariantFacts, ...]:
    """The variants of the plan's table that take requests, in its order."""
    if plan.table is None:
        return ()
    found = []
    for variant in plan.table.variants:
        if not variant.is_announced:
            continue
        services = [backend.service for backend in variant.backends if backend.service is not None]
        ready = sum(ready_pods(observed, service) for service in services)
        wanted = plan.counts.get(variant.name)
        short = ready < (1 if wanted is None else wanted)
        failure = readiness.failure_of(observed, services[0]) if short and services else None
        found.append(VariantFacts(variant.name, variant.weight, ready, wanted, failure))
    return tuple(found)


def ready_pods(observed: Observed, revision: str) -> int:
    """The pods of ``revision`` that take new requests."""
    return sum(pod.ready for pod in observed.live_pods(revision))

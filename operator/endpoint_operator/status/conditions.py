"""The five conditions: Ready, Serving, Progressing, Degraded and WeightsApplied.

Serving says whether requests are answered, Progressing whether something is under way, Degraded whether
something is wrong, WeightsApplied whether every router splits as asked; Ready is all of it together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from endpoint_operator.rollout import plan as plans
from endpoint_operator.rollout import reasons
from endpoint_operator.rollout.observed import Observed
from endpoint_operator.status import facts, problems, weights_applied
from endpoint_operator.status.verdict import FALSE, TRUE, UNKNOWN, Verdict

READY = "Ready"
SERVING = "Serving"
PROGRESSING = "Progressing"
DEGRADED = "Degraded"
WEIGHTS_APPLIED = "WeightsApplied"


@dataclass(frozen=True, slots=True)
class Conditions:
    """All five, as found now."""

    ready: Verdict
    serving: Verdict
    progressing: Verdict
    degraded: Verdict
    weights_applied: Verdict

    def by_type(self) -> dict[str, Verdict]:
        """Each verdict under its condition's type, in the order in which people read them."""
        return {
            READY: self.ready,
            SERVING: self.serving,
            PROGRESSING: self.progressing,
            DEGRADED: self.degraded,
            WEIGHTS_APPLIED: self.weights_applied,
        }


def find(observed: Observed, plan: plans.Plan, *, has_served: bool) -> Conditions:
    """The conditions. ``has_served``: the endpoint has answered requests before."""
    variants = facts.variants(observed, plan)
    serving = _serving(observed, plan, variants)
    progressing = _progressing(observed, plan, variants)
    degraded = problems.degraded(observed, plan, variants, has_served=has_served)
    applied = weights_applied.find(observed, plan)
    return Conditions(
        ready=_ready(serving, degraded, progressing, applied),
        serving=serving,
        progressing=progressing,
        degraded=degraded,
        weights_applied=applied,
    )


def render(
    found: Conditions, previous: Mapping[str, Any], *, generation: int, now: str
) -> list[dict[str, Any]]:
    """The conditions as the API has them; lastTransitionTime stays while a condition's status does."""
    before = {item.get("type"): item for item in previous.get("conditions") or ()}
    return [
        {
            "type": type_,
            "status": verdict.status,
            "observedGeneration": generation,
            "lastTransitionTime": _since(before.get(type_), verdict, now),
            "reason": verdict.reason,
            "message": verdict.message,
        }
        for type_, verdict in found.by_type().items()
    ]


def _since(before: Mapping[str, Any] | None, verdict: Verdict, now: str) -> str:
    if before is not None and before.get("status") == verdict.status:
        return str(before.get("lastTransitionTime") or now)
    return now


def _serving(observed: Observed, plan: plans.Plan, variants: Sequence[facts.VariantFacts]) -> Verdict:
    if not variants:
        failure = observed.config_failure
        message = failure.message if failure else "Nothing serves yet"
        return Verdict.advised(FALSE, failure.reason if failure else reasons.NO_READY_POD, message)
    ready = [variant.name for variant in variants if variant.ready]
    if not ready:
        return _nobody(plan, variants)
    if any(variant.ready and variant.weight > 0 for variant in variants):
        return Verdict(TRUE, reasons.SERVING, f"Requests are answered by {' and '.join(ready)}.")
    named = f"only requests that name a variant are answered, by {' and '.join(ready)}"
    if plan.all_zero:
        return Verdict.advised(FALSE, reasons.ALL_WEIGHTS_ZERO, f"All weights are 0: {named}")
    return Verdict.advised(
        FALSE, reasons.NO_WEIGHTED_POD, f"No variant with a weight has a ready pod: {named}"
    )


def _nobody(plan: plans.Plan, variants: Sequence[facts.VariantFacts]) -> Verdict:
    if plan.counts and not any(plan.counts.values()):
        return Verdict.advised(FALSE, reasons.SCALED_TO_ZERO, "All variants have an instance count of 0")
    failed = [f"{variant.name}: {variant.failure.message}" for variant in variants if variant.failure]
    message = (
        f"No pod of any variant is ready: {'; '.join(failed)}"
        if failed
        else "No pod of any variant is ready yet"
    )
    return Verdict.advised(FALSE, reasons.NO_READY_POD, message)


def _progressing(observed: Observed, plan: plans.Plan, variants: Sequence[facts.VariantFacts]) -> Verdict:
    if plan.phase is plans.Phase.DELETING:
        return Verdict(TRUE, reasons.BEING_DELETED, "The Endpoint and all that it owns are being deleted.")
    if plan.coming is not None:
        return _rolling_out(plan, plan.coming.config_name)
    if plan.phase is plans.Phase.CUTTING_OVER and plan.serving is not None:
        message = f"EndpointConfig {plan.serving.config_name} takes over."
        return Verdict(TRUE, reasons.CUTTING_OVER, message)
    failure = observed.config_failure
    if failure is not None and (plan.serving is None or not problems.serves_what_is_asked(observed, plan)):
        return Verdict.advised(FALSE, failure.reason, failure.message)
    if plan.phase is plans.Phase.NOTHING_TO_SERVE:
        return Verdict(TRUE, reasons.ROLLING_OUT, "The first roll-out is about to start.")
    if plan.stalled is not None:
        return Verdict.advised(FALSE, plan.stalled.reason, plan.stalled.message)
    short = [variant.name for variant in variants if variant.is_short]
    if short or plan.scale:
        return Verdict(
            TRUE, reasons.STARTING_PODS, f"Pods are starting or ending: {', '.join(short) or 'scaling'}."
        )
    if plan.leftover:
        return Verdict(TRUE, reasons.DRAINING, _draining(plan))
    return Verdict(FALSE, reasons.COMPLETE, "All that is asked for is done.")


def _rolling_out(plan: plans.Plan, config: str) -> Verdict:
    if plan.phase is plans.Phase.HELD_BY_ZERO_WEIGHTS:
        message = f"EndpointConfig {config} does not take over: all of its weights are 0"
        return Verdict.advised(FALSE, reasons.ALL_WEIGHTS_ZERO, message)
    if plan.stalled is not None:
        return Verdict.advised(FALSE, plan.stalled.reason, problems.stuck(plan, config))
    if plan.phase is plans.Phase.WAITING_FOR_ROUTERS:
        message = (
            f"EndpointConfig {config} is ready and waits until every router knows its pods: {plan.waiting}."
        )
        return Verdict(TRUE, reasons.WAITING_FOR_ROUTERS, message)
    beside = " beside what serves" if plan.serving else ""
    message = f"EndpointConfig {config} starts{beside}: {plan.waiting}."
    return Verdict(TRUE, reasons.ROLLING_OUT, message)


def _draining(plan: plans.Plan) -> str:
    held = [name for name, _ in plan.routers.silent]
    waits = f" They wait for the routers of {', '.join(held)}, which don't answer." if held else ""
    return f"Pods that serve no more are being drained: {', '.join(plan.leftover)}.{waits}"


def _ready(serving: Verdict, degraded: Verdict, progressing: Verdict, applied: Verdict) -> Verdict:
    if serving.status != TRUE:
        return Verdict(FALSE, serving.reason, serving.message)
    if degraded.status != FALSE:
        return Verdict(FALSE, degraded.reason, degraded.message)
    if progressing.reason != reasons.COMPLETE:
        return Verdict(FALSE, progressing.reason, progressing.message)
    if applied.status != TRUE:
        return Verdict(UNKNOWN if applied.status == UNKNOWN else FALSE, applied.reason, applied.message)
    return Verdict(TRUE, READY, "The endpoint serves all that is asked for.")

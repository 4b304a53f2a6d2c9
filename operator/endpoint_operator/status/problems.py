"""What is wrong, in the order of how much it hurts: the condition Degraded."""

from collections.abc import Iterator, Sequence

from endpoint_operator.rollout import plan as plans
from endpoint_operator.rollout import reasons
from endpoint_operator.rollout.observed import Failure, Observed
from endpoint_operator.status import facts
from endpoint_operator.status.verdict import FALSE, TRUE, Verdict


def degraded(
    observed: Observed, plan: plans.Plan, variants: Sequence[facts.VariantFacts], *, has_served: bool
) -> Verdict:
    """The worst problem's reason, with the messages of all of them."""
    found = list(_all(observed, plan, variants, has_served=has_served))
    found += _refused(observed, found)
    if not found:
        return Verdict(FALSE, reasons.AS_ASKED, "Nothing is wrong.")
    messages = list(dict.fromkeys(Verdict.advised(TRUE, one.reason, one.message).message for one in found))
    return Verdict(TRUE, found[0].reason, " ".join(messages))


def serves_what_is_asked(observed: Observed, plan: plans.Plan) -> bool:
    """Whether the config that the spec names is the one that serves."""
    asked = observed.endpoint.spec.endpoint_config_name
    return plan.serving is not None and plan.serving.config_name == asked


def stuck(plan: plans.Plan, config: str) -> str:
    """Why the coming config does not take over, and what serves meanwhile."""
    failure = plan.stalled.message.rstrip(".") if plan.stalled else ""
    old = plan.serving.config_name if plan.serving else None
    if old == config:
        return f"The new pods of EndpointConfig {config} can't take over and the old ones keep serving: {failure}"
    stays = f" and {old} keeps serving" if old else ""
    return f"EndpointConfig {config} can't take over{stays}: {failure}"


def _all(
    observed: Observed, plan: plans.Plan, variants: Sequence[facts.VariantFacts], *, has_served: bool
) -> Iterator[Failure]:
    for conflict in observed.conflicts:
        yield conflict.told
    for variant in variants:
        if variant.failure is not None:
            yield Failure(variant.failure.reason, f"{variant.name}: {variant.failure.message}")
    yield from _unserved(variants, has_served=has_served)
    if plan.coming is not None and plan.stalled is not None:
        yield Failure(plan.stalled.reason, stuck(plan, plan.coming.config_name))
    if observed.config_failure is not None:
        yield observed.config_failure
    if plan.unknown_counts:
        names = ", ".join(plan.unknown_counts)
        yield Failure(reasons.UNKNOWN_VARIANT, f"spec.instanceCounts names unknown variants: {names}")


def _refused(observed: Observed, told: Sequence[Failure]) -> list[Failure]:
    """Refusals that no variant's or roll-out's failure has told already: of a pod that serves on, or of no pod."""
    return [
        refusal.told
        for refusal in observed.refusals
        if not any(refusal.failure.message in one.message for one in told)
    ]


def _unserved(variants: Sequence[facts.VariantFacts], *, has_served: bool) -> Iterator[Failure]:
    """Variants whose share others get. Before the first request pods are only starting."""
    if not any(variant.ready for variant in variants):
        if has_served and any(variant.wanted != 0 for variant in variants):
            yield Failure(reasons.NO_READY_POD, "No pod of any variant is ready")
        return
    for variant in variants:
        if variant.weight > 0 and not variant.ready and variant.failure is None:
            lacks = "an instance count of 0" if variant.wanted == 0 else "no ready pod"
            message = f"{variant.name} has a weight and {lacks}: its requests go to the other variants"
            yield Failure(reasons.NO_READY_POD, message)

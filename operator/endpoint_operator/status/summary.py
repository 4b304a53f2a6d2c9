"""The Endpoint's status as a whole.

endpointStatus uses SageMaker's words:

- Creating: it has never served and may still come up. Failed: it has never served and can't.
- Updating: a roll-out, a scaling or the end of old pods goes on and may succeed.
- InService: it serves and nothing is under way. That is also so when an update can make no progress: the old
  config serves on, failureReason and the condition Degraded say why (SageMaker rolls back to the same word).
- OutOfService: it has served and can't answer now, or all counts are 0.
- Deleting: the Endpoint is on its way out.
"""

import datetime
from collections.abc import Mapping
from typing import Any

from endpoint_operator.desired import names
from endpoint_operator.rollout import plan as plans
from endpoint_operator.rollout import reasons, routers
from endpoint_operator.rollout.observed import Observed
from endpoint_operator.status import conditions, fitting, shares, variants, verdict

CREATING = "Creating"
UPDATING = "Updating"
IN_SERVICE = "InService"
ROLLING_BACK = "RollingBack"
FAILED = "Failed"
DELETING = "Deleting"
OUT_OF_SERVICE = "OutOfService"

_HAS_SERVED = frozenset({UPDATING, IN_SERVICE, ROLLING_BACK, OUT_OF_SERVICE})


def build(observed: Observed, plan: plans.Plan, previous: Mapping[str, Any]) -> dict[str, Any]:
    """The status, as it is written to the API; ``previous`` is the one that stands there now, or {}.

    It equals ``previous`` when nothing has changed.
    """
    now = _instant(observed.now)
    has_served = previous.get("endpointStatus") in _HAS_SERVED
    found = conditions.find(observed, plan, has_served=has_served)
    endpoint = observed.endpoint
    rendered = {
        "observedGeneration": endpoint.generation,
        "endpointStatus": _word(plan, found, previous, has_served=has_served),
        "endpointConfigName": plan.serving.config_name if plan.serving else "",
        "url": names.url(endpoint.name, endpoint.namespace),
        "weights": _split(observed, previous),
        "variants": variants.count(observed, plan),
        "failureReason": _failure_reason(found),
        "productionVariants": variants.render(observed, plan, previous, now=now),
        "conditions": conditions.render(found, previous, generation=endpoint.generation, now=now),
    }
    return fitting.fit(rendered)


def _split(observed: Observed, previous: Mapping[str, Any]) -> str:
    """What routers do; until every one has answered, as after the operator's start, what was told of them last."""
    told = str(previous.get("weights") or "")
    if observed.routers and told and not routers.are_all_heard(observed):
        return told
    return shares.text(routers.oldest_table(observed))


def _word(
    plan: plans.Plan, found: conditions.Conditions, previous: Mapping[str, Any], *, has_served: bool
) -> str:
    if plan.phase is plans.Phase.DELETING:
        return DELETING
    serves = found.serving.status == verdict.TRUE
    under_way = found.progressing.status == verdict.TRUE
    if not serves:
        return _not_serving(found, under_way=under_way, has_served=has_served)
    if not under_way:
        return IN_SERVICE
    if found.progressing.reason != reasons.STARTING_PODS:
        return UPDATING
    # A pod that is replaced is no update; one that a new count asks for is.
    before = str(previous.get("endpointStatus") or CREATING)
    if before in (CREATING, FAILED):
        return CREATING
    return UPDATING if before == UPDATING or _counts_changed(plan, previous) else IN_SERVICE


def _not_serving(found: conditions.Conditions, *, under_way: bool, has_served: bool) -> str:
    if found.serving.reason == reasons.SCALED_TO_ZERO or has_served:
        is_update = under_way and found.progressing.reason != reasons.STARTING_PODS
        return UPDATING if is_update else OUT_OF_SERVICE
    return CREATING if under_way else FAILED


def _counts_changed(plan: plans.Plan, previous: Mapping[str, Any]) -> bool:
    before = {
        item.get("variantName"): item.get("desiredInstanceCount")
        for item in previous.get("productionVariants") or ()
    }
    return any(name in before and before[name] != count for name, count in plan.counts.items())


def _failure_reason(found: conditions.Conditions) -> str:
    if found.degraded.status == verdict.TRUE:
        return found.degraded.message
    if found.progressing.status == verdict.FALSE and found.progressing.reason != reasons.COMPLETE:
        return found.progressing.message
    if found.weights_applied.reason in (reasons.ALL_WEIGHTS_ZERO, reasons.UNKNOWN_VARIANT):
        return found.weights_applied.message
    return ""


def _instant(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

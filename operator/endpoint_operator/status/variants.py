"""The serving variants one by one: weights, pods, images and models, as SageMaker's DescribeEndpoint shows them."""

from collections.abc import Mapping
from typing import Any

from endpoint_operator.desired import roll_out
from endpoint_operator.rollout import first_identity, readiness, routers
from endpoint_operator.rollout import plan as plans
from endpoint_operator.rollout.observed import Observed
from endpoint_operator.status import facts

CREATING = "Creating"
UPDATING = "Updating"
ACTIVATING_TRAFFIC = "ActivatingTraffic"


def render(
    observed: Observed, plan: plans.Plan, previous: Mapping[str, Any], *, now: str
) -> list[dict[str, Any]]:
    """One summary a variant of the roll-out that serves, in its order."""
    if plan.serving is None:
        return []
    before = {item.get("variantName"): item for item in previous.get("productionVariants") or ()}
    current = _current(observed, before)
    return [
        {
            "variantName": variant.variant_name,
            **({"currentWeight": current.get(variant.variant_name, 0.0)} if current else {}),
            "desiredWeight": plan.weights[variant.variant_name],
            "currentInstanceCount": facts.ready_pods(observed, variant.revision),
            "desiredInstanceCount": plan.counts[variant.variant_name],
            "variantStatus": _going_on(observed, plan, variant, before.get(variant.variant_name) or {}, now),
            "deployedImages": [_image(observed, variant)],
            "model": _model(observed, variant),
        }
        for variant in plan.serving.variants
    ]


def _current(observed: Observed, before: Mapping[str, Mapping[str, Any]]) -> Mapping[str, float]:
    """The weights of the oldest table; until every router has answered, those told last; empty without routers."""
    told = {name: item["currentWeight"] for name, item in before.items() if "currentWeight" in item}
    if observed.routers and told and not routers.are_all_heard(observed):
        return told
    oldest = routers.oldest_table(observed)
    return {item.name: item.weight for item in oldest.variants if item.is_announced} if oldest else {}


def count(observed: Observed, plan: plans.Plan) -> str:
    """How many of the serving variants have all their pods ready, of how many: ``2/2``."""
    if plan.serving is None:
        return "0/0"
    full = sum(
        0 < plan.counts[variant.variant_name] <= facts.ready_pods(observed, variant.revision)
        for variant in plan.serving.variants
    )
    return f"{full}/{len(plan.serving.variants)}"


def _going_on(
    observed: Observed,
    plan: plans.Plan,
    variant: roll_out.StoredVariant,
    before: Mapping[str, Any],
    now: str,
) -> list[dict[str, Any]]:
    found = _what(observed, plan, variant)
    if found is None:
        return []
    status, message = found
    since = [
        item.get("startTime") for item in before.get("variantStatus") or () if item.get("status") == status
    ]
    return [{"status": status, "statusMessage": message, "startTime": (since[0] if since else None) or now}]


def _what(observed: Observed, plan: plans.Plan, variant: roll_out.StoredVariant) -> tuple[str, str] | None:
    wanted = plan.counts[variant.variant_name]
    ready = facts.ready_pods(observed, variant.revision)
    if ready < wanted:
        failure = readiness.failure_of(observed, variant.revision)
        message = f"{ready} of {wanted} pods ready" + (f": {failure.message}" if failure else "")
        return (UPDATING if ready else CREATING), message
    successor = _successor(plan, variant)
    if successor is not None:
        failure = readiness.failure_of(observed, successor.revision)
        message = f"{successor.revision} is starting to replace it" + (
            f": {failure.message}" if failure else ""
        )
        return UPDATING, message
    if plan.phase in (plans.Phase.CUTTING_OVER, plans.Phase.LEAVING_TABLE):
        return ACTIVATING_TRAFFIC, "routers are taking over the new route table"
    return None


def _successor(plan: plans.Plan, variant: roll_out.StoredVariant) -> roll_out.StoredVariant | None:
    """The coming revision of the same variant, if it is another one."""
    other = plan.coming.variant(variant.variant_name) if plan.coming else None
    return other if other is not None and other.revision != variant.revision else None


def _image(observed: Observed, variant: roll_out.StoredVariant) -> dict[str, Any]:
    resolved = sorted(
        pod.image_id for pod in observed.live_pods(variant.revision) if pod.ready and pod.image_id
    )
    image = {"specifiedImage": variant.images.model}
    return {**image, "resolvedImage": resolved[0]} if resolved else image


def _model(observed: Observed, variant: roll_out.StoredVariant) -> dict[str, Any]:
    """The stored identity; before it is stored, what the first pod's loader found."""
    found = first_identity.find(observed, variant.revision)
    identity = observed.identities.get(variant.revision) or (found[1] if found else None)
    model = {"dataUrl": variant.data_url}
    return {**model, "eTag": identity.e_tag, "sha256": identity.sha256} if identity else model

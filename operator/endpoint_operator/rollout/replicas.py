"""How many pods each revision should have, before and after a cut-over."""

from collections.abc import Mapping

from endpoint_operator.desired import roll_out
from endpoint_operator.rollout import routers, routing, weights
from endpoint_operator.rollout.observed import Observed
from endpoint_operator.rollout.plan import Wanted


def wanted(
    observed: Observed, serving: roll_out.StoredRollOut | None, coming: roll_out.StoredRollOut | None
) -> dict[str, Wanted]:
    """The revisions that should exist; until the cut-over a coming one has at least the pods it replaces."""
    result: dict[str, Wanted] = {}
    if serving is not None:
        counts = weights.counts(serving, observed.endpoint.spec.instance_counts)
        for variant in serving.variants:
            result[variant.revision] = Wanted(variant, counts[variant.variant_name])
    if coming is not None:
        need = needed(observed, serving, coming)
        for variant in coming.variants:
            shared = result.get(variant.revision)
            least = shared.replicas if shared else 0
            result[variant.revision] = Wanted(variant, max(need[variant.revision], least))
    return result


def needed(
    observed: Observed, serving: roll_out.StoredRollOut | None, coming: roll_out.StoredRollOut
) -> dict[str, int]:
    """The ready pods that ``coming`` needs to take over, by revision; one that asks for 0 needs none."""
    counts = weights.counts(coming, observed.endpoint.spec.instance_counts)
    replaced = _replaced(observed, serving)
    return {
        variant.revision: max(count, replaced.get(variant.variant_name.lower(), 0)) if count else 0
        for variant in coming.variants
        for count in [counts[variant.variant_name]]
    }


def scale(observed: Observed, wanted: Mapping[str, Wanted]) -> dict[str, int]:
    """The replicas of existing Deployments that have another number of them."""
    return {
        revision: want.replicas
        for revision, want in wanted.items()
        if revision in observed.deployments and observed.deployments[revision].desired != want.replicas
    }


def _replaced(observed: Observed, serving: roll_out.StoredRollOut | None) -> dict[str, int]:
    """Pods by variant name in lower case: names that differ in case only are one variant to a table."""
    if serving is not None:
        counts = weights.counts(serving, observed.endpoint.spec.instance_counts)
        return {name.lower(): count for name, count in counts.items()}
    taking = routing.active(observed.table or routers.newest_table(observed))
    return {
        place.name.lower(): observed.deployments[place.service].desired
        for place in taking
        if place.service in observed.deployments
    }

"""The condition WeightsApplied: whether every router splits the requests as the spec asks."""

from endpoint_operator.rollout import cutover, reasons
from endpoint_operator.rollout import plan as plans
from endpoint_operator.rollout.observed import Observed
from endpoint_operator.status import shares
from endpoint_operator.status.verdict import FALSE, TRUE, UNKNOWN, Verdict


def find(observed: Observed, plan: plans.Plan) -> Verdict:
    """The verdict. What the spec asks for comes first, then what routers are known to do, then what is not known."""
    if plan.unknown_weights:
        names = ", ".join(plan.unknown_weights)
        message = f"spec.weights names unknown variants: {names}; the rest is applied"
        return Verdict.advised(FALSE, reasons.UNKNOWN_VARIANT, message)
    if plan.all_zero:
        return Verdict.advised(FALSE, reasons.ALL_WEIGHTS_ZERO, _zero(plan))
    if plan.table is None or not observed.routers:
        return Verdict(UNKNOWN, reasons.NO_ROUTER, "No router runs that could split requests.")
    if plan.routers.behind:
        return Verdict(FALSE, reasons.APPLYING, _behind(plan.routers))
    if plan.routers.silent or plan.routers.unasked:
        return _unheard(observed, plan.routers)
    return Verdict(TRUE, reasons.APPLIED, "Every router splits requests as asked.")


def _zero(plan: plans.Plan) -> str:
    split = shares.text(plan.table)
    if plan.table is None or not any(plan.table.shares().values()):
        return (
            "All weights are 0 and there is no earlier split: only requests that name a variant are answered"
        )
    return f"All weights are 0: the last split stays, {split}"


def _behind(view: plans.RouterView) -> str:
    """Names only those that lag behind others: right after a write all do, and a status should not count them down."""
    names = f": {', '.join(view.behind)} still run an older one" if view.applied else ""
    return f"Routers are taking over the newest route table{names}."


def _unheard(observed: Observed, view: plans.RouterView) -> Verdict:
    silent = [name for name, since in view.silent if observed.now >= since + cutover.NAMED_AFTER]
    if not silent:
        return Verdict(UNKNOWN, reasons.WAITING_FOR_ROUTERS, "Not every router has answered yet.")
    message = (
        f"Routers that don't answer: {', '.join(silent)}. What they do is not known until they answer or go."
    )
    return Verdict(UNKNOWN, reasons.ROUTER_UNREACHABLE, message)

"""The cut-over from one roll-out to the next, make-before-break, as a decision from a snapshot."""

from endpoint_operator.desired import roll_out
from endpoint_operator.rollout import plan as plans
from endpoint_operator.rollout.observed import Observed


def plan(observed: Observed, coming: roll_out.StoredRollOut | None) -> plans.Plan:
    """What to do now; ``coming`` is the stored roll-out of the config that the spec names, if any."""
    raise NotImplementedError

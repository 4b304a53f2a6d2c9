"""The Endpoint's status as a whole."""

from collections.abc import Mapping
from typing import Any

from endpoint_operator.rollout import plan as plans
from endpoint_operator.rollout.observed import Observed


def build(observed: Observed, plan: plans.Plan, previous: Mapping[str, Any]) -> dict[str, Any]:
    """The status, as it is written to the API; ``previous`` is the one that stands there now, or {}.

    It equals ``previous`` when nothing has changed.
    """
    raise NotImplementedError

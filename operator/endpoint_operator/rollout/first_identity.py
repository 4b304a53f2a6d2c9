"""Which artefact a revision serves, as its own pods have found it first.

A revision is named by its content, so an Endpoint that was made anew, or that goes back to a config, gives it
the name of one whose pods may live on for a while. What those loaded may be gone: nobody is held to it.
"""

from endpoint_contract import model_identity
from endpoint_operator.rollout.observed import Observed

CLOCKS_APART = 2.0
"""Seconds by which an instant may seem too early: API servers have a clock each, and tell whole seconds."""


def find(observed: Observed, revision: str) -> tuple[str, model_identity.ModelIdentity] | None:
    """Variant and identity from the first pod that the revision's present Deployment can have made."""
    deployment = observed.deployments.get(revision)
    if deployment is None:
        return None
    by_age = sorted(observed.live_pods(revision), key=lambda pod: (pod.started_at or 0.0, pod.name))
    found = (
        (pod.variant, pod.identity)
        for pod in by_age
        if pod.identity is not None and pod.created_at >= deployment.created_at - CLOCKS_APART
    )
    return next(found, None)

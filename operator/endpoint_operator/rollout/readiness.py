"""Whether a roll-out's pods are there, and what keeps them from it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from endpoint_operator.desired import roll_out
from endpoint_operator.rollout import reasons
from endpoint_operator.rollout.observed import Failure, Observed, PodState

UNSCHEDULABLE_PATIENCE = 30.0
"""Seconds that a pod may find no node before that counts as a failure: an autoscaler may be adding one."""

CLAIM_PATIENCE = 5.0
"""The same of a pod whose claim is not there: no autoscaler brings that, only who applies it a moment after the
Endpoint."""

QUICK_SUCCESSION = 600.0
"""Seconds between the making of two pods within which the second counts as another attempt at what the first was
made for: time enough for a node, an image and a large model."""

_NO_CLAIM = re.compile(r'persistentvolumeclaim "[^"]*" not found')


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A variant with fewer ready pods than it needs. ``failure`` says why, when it is more than starting."""

    variant: str
    revision: str
    ready: int
    needed: int
    failure: Failure | None = None

    def __str__(self) -> str:
        return f"{self.variant} has {self.ready} of {self.needed} pods ready"


def ready_pods(observed: Observed, revision: str) -> int:
    """How many pods of ``revision`` have the stored template and are ready, as its Deployment counts them."""
    state = observed.deployments.get(revision)
    return min(state.ready, state.updated) if state else 0


def shortfalls(
    observed: Observed, stored: roll_out.StoredRollOut, needed: Mapping[str, int]
) -> tuple[Shortfall, ...]:
    """The variants of ``stored`` that have fewer ready pods than ``needed`` says, by revision."""
    return tuple(
        Shortfall(variant.variant_name, variant.revision, ready, needed[variant.revision], failure)
        for variant in stored.variants
        if (ready := ready_pods(observed, variant.revision)) < needed[variant.revision]
        for failure in [failure_of(observed, variant.revision)]
    )


def first_failure(short: tuple[Shortfall, ...]) -> Failure | None:
    """The first failure among shortfalls, told with its variant's name."""
    for shortfall in short:
        if shortfall.failure is not None:
            message = f"{shortfall.variant}: {shortfall.failure.message}"
            return Failure(shortfall.failure.reason, message, shortfall.failure.since)
    return None


def failure_of(observed: Observed, revision: str) -> Failure | None:
    """Why pods of ``revision`` don't get ready; None while they may only be starting.

    A pod's own word comes before the Deployment's, which knows less; what earlier pods died of comes last.
    """
    pods = sorted(observed.live_pods(revision), key=lambda pod: pod.name)
    for pod in pods:
        if _is_starting(pod) and pod.failure is not None and not _may_pass(observed, pod.failure):
            return pod.failure
    state = observed.deployments.get(revision)
    return state.failure if state and state.failure else _last_words(observed, pods)


def _last_words(observed: Observed, pods: Sequence[PodState]) -> Failure | None:
    """What the youngest of the pods that have ended died of, while that is news.

    Kubernetes lists such pods for days. They are news where each one is replaced by the next that meets the
    same end (a pod that needs more disk than it may use), so that always one is only starting; they are
    none once a later pod got ready, or when the pods that start now were made too long after them.
    """
    awaited = min((pod.created_at for pod in pods if _is_starting(pod)), default=observed.now)
    news = max((awaited - QUICK_SUCCESSION, *(pod.created_at for pod in pods if pod.ready)))
    ended = [pod for pod in pods if pod.finished and pod.created_at > news]
    return max(ended, key=lambda pod: pod.created_at).failure if ended else None


def _is_starting(pod: PodState) -> bool:
    return not pod.ready and not pod.finished


def patience_left(observed: Observed) -> float | None:
    """Seconds until the first pod without a node counts as failed; None when there is none."""
    left = [
        pod.failure.since + _patience(pod.failure) - observed.now
        for pod in observed.pods
        if pod.failure is not None and pod.failure.since is not None and _may_pass(observed, pod.failure)
    ]
    return min(left, default=None)


def _may_pass(observed: Observed, failure: Failure) -> bool:
    return (
        failure.reason == reasons.UNSCHEDULABLE
        and failure.since is not None
        and observed.now < failure.since + _patience(failure)
    )


def _patience(failure: Failure) -> float:
    return CLAIM_PATIENCE if _NO_CLAIM.search(failure.message) else UNSCHEDULABLE_PATIENCE

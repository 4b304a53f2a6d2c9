"""What a revision's Deployment says about itself, from the API's JSON."""

import re
from collections.abc import Mapping
from typing import Any

from endpoint_operator.rollout import reasons
from endpoint_operator.rollout.observed import DeploymentState, Failure

_PROGRESS_DEADLINE = 600
_GENERATED_POD_NAME = re.compile(r'^pods "[^"]*" is ')


def deployment(raw: Mapping[str, Any]) -> DeploymentState:
    """The state of a Deployment. What it says of an older spec than its present one counts as nothing."""
    metadata, spec, status = raw["metadata"], raw.get("spec") or {}, raw.get("status") or {}
    is_current = status.get("observedGeneration", 0) >= metadata.get("generation", 0)
    return DeploymentState(
        desired=spec.get("replicas", 1),
        ready=status.get("readyReplicas", 0) if is_current else 0,
        updated=status.get("updatedReplicas", 0) if is_current else 0,
        uid=metadata.get("uid", ""),
        failure=_failure(spec, status) if is_current else None,
    )


def _failure(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Failure | None:
    conditions = {condition.get("type"): condition for condition in status.get("conditions") or ()}
    creation, progress = conditions.get("ReplicaFailure", {}), conditions.get("Progressing", {})
    if creation.get("status") == "True":
        # The pod's generated name is another one at every attempt.
        message = _GENERATED_POD_NAME.sub("pods are ", creation.get("message") or "")
        return Failure(reasons.POD_CREATION_FAILED, message)
    if progress.get("status") == "False" and progress.get("reason") == "ProgressDeadlineExceeded":
        seconds = spec.get("progressDeadlineSeconds", _PROGRESS_DEADLINE)
        return Failure(reasons.PROGRESS_DEADLINE_EXCEEDED, f"no progress for {seconds} seconds")
    return None

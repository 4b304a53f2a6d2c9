"""What pods and Deployments say about themselves, from the API's JSON."""

import re
from collections.abc import Mapping
from typing import Any

from endpoint_contract import labels, model_identity, pod_environment
from endpoint_operator.rollout import pod_failures, reasons
from endpoint_operator.rollout.observed import DeploymentState, Failure, PodState

_PROGRESS_DEADLINE = 600
_FINISHED = frozenset({"Failed", "Succeeded"})
_GENERATED_POD_NAME = re.compile(r'^pods "[^"]*" is ')


def pod(raw: Mapping[str, Any]) -> PodState:
    """The state of a variant's pod."""
    metadata, status = raw["metadata"], raw.get("status") or {}
    marks = metadata.get("labels") or {}
    ready = _is_ready(status)
    return PodState(
        name=metadata["name"],
        revision=marks.get(labels.REVISION, ""),
        variant=marks.get(labels.VARIANT, ""),
        ip=status.get("podIP") or None,
        ready=ready,
        terminating=bool(metadata.get("deletionTimestamp")),
        finished=status.get("phase") in _FINISHED,
        has_router=_has_router(raw, ready=ready),
        created_at=pod_failures.instant(metadata.get("creationTimestamp")) or 0.0,
        started_at=pod_failures.instant(status.get("startTime")),
        failure=None if ready else pod_failures.of(raw),
        image_id=_container(status, pod_environment.CONTAINER_MODEL_SERVER).get("imageID") or "",
        identity=_identity(status),
    )


def deployment(raw: Mapping[str, Any]) -> DeploymentState:
    """The state of a Deployment. What it says of an older spec than its present one counts as nothing."""
    metadata, spec, status = raw["metadata"], raw.get("spec") or {}, raw.get("status") or {}
    is_current = status.get("observedGeneration", 0) >= metadata.get("generation", 0)
    return DeploymentState(
        desired=spec.get("replicas", 1),
        ready=status.get("readyReplicas", 0) if is_current else 0,
        updated=status.get("updatedReplicas", 0) if is_current else 0,
        uid=metadata.get("uid", ""),
        created_at=pod_failures.instant(metadata.get("creationTimestamp")) or 0.0,
        failure=_deployment_failure(spec, status) if is_current else None,
    )


def _is_ready(status: Mapping[str, Any]) -> bool:
    return any(
        condition.get("type") == "Ready" and condition.get("status") == "True"
        for condition in status.get("conditions") or ()
    )


def _has_router(raw: Mapping[str, Any], *, ready: bool) -> bool:
    """Whether a router runs in the pod that may have requests.

    A pod that has just lost its model server, or that is going, still answers on connections it has.
    """
    status = raw.get("status") or {}
    router = _container(status, pod_environment.CONTAINER_ROUTER)
    if not status.get("podIP") or "running" not in (router.get("state") or {}):
        return False
    return ready or bool(router.get("ready")) or bool(raw["metadata"].get("deletionTimestamp"))


def _identity(status: Mapping[str, Any]) -> model_identity.ModelIdentity | None:
    loader = _container(status, pod_environment.CONTAINER_MODEL_LOADER)
    ended = (loader.get("state") or {}).get("terminated") or {}
    if ended.get("exitCode") != 0:
        return None
    try:
        return model_identity.parse(ended.get("message") or "")
    except model_identity.ModelIdentityError:
        return None


def _container(status: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    containers = (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ()))
    return next((container for container in containers if container.get("name") == name), {})


def _deployment_failure(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Failure | None:
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

"""What a pod says about itself, from the API's JSON."""

from collections.abc import Mapping
from typing import Any

from endpoint_contract import labels, model_identity, pod_environment
from endpoint_operator.rollout import pod_failures
from endpoint_operator.rollout.observed import PodState


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
        has_router=_has_router(raw, ready=ready),
        started_at=pod_failures.instant(status.get("startTime")),
        failure=None if ready else pod_failures.of(raw),
        image_id=_container(status, pod_environment.CONTAINER_MODEL_SERVER).get("imageID") or "",
        identity=_identity(status),
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

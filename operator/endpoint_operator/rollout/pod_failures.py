"""Why a pod does not get ready, in one line: from the API's JSON of the pod.

A container that is being restarted still counts as failed for what it ended with last, so that a status
does not flap between the attempts. Texts that change from attempt to attempt (back-off times) are left out
for the same reason.
"""

import datetime
import re
from collections.abc import Iterator, Mapping
from typing import Any

from endpoint_contract import failures, pod_environment
from endpoint_operator.rollout import reasons
from endpoint_operator.rollout.observed import Failure

LONGEST = 400
"""Characters of somebody else's message that are kept."""

_NAMES = {
    pod_environment.CONTAINER_MODEL_LOADER: "model loader",
    pod_environment.CONTAINER_ROUTER: "router",
    pod_environment.CONTAINER_MODEL_SERVER: "model server",
}
_IMAGE_REASONS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
_START_REASONS = frozenset(
    {
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
        "PreCreateHookError",
        "PreStartHookError",
        "PostStartHookError",
    }
)
_BACK_OFF = re.compile(r'^Back-off pulling image "[^"]*"(: ErrImagePull)?(: )?')


def of(raw: Mapping[str, Any]) -> Failure | None:
    """The failure of a pod; None when it is ready, or may only be starting."""
    status = raw.get("status") or {}
    if status.get("phase") == "Failed" and status.get("reason"):
        return Failure(reasons.EVICTED, _line(f"{status['reason']}: {status.get('message', '')}"))
    for container, may_end in _containers(status):
        failure = _of_container(container, may_end=may_end)
        if failure is not None:
            return failure
    return _unschedulable(status)


def instant(text: str | None) -> float | None:
    """Seconds since the epoch of one of the API's timestamps."""
    return datetime.datetime.fromisoformat(text).timestamp() if text else None


def _containers(status: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """The states of the containers in the order of their start, and whether ending with 0 is what each should do."""
    for container in status.get("initContainerStatuses") or ():
        yield container, container.get("name") != pod_environment.CONTAINER_ROUTER
    for container in status.get("containerStatuses") or ():
        yield container, False


def _of_container(container: Mapping[str, Any], *, may_end: bool) -> Failure | None:
    state = container.get("state") or {}
    waiting, ended = state.get("waiting") or {}, state.get("terminated")
    if waiting.get("reason") in _IMAGE_REASONS:
        return _image(container, waiting)
    if waiting.get("reason") in _START_REASONS:
        who, why = _who(container), waiting.get("message") or waiting["reason"]
        return Failure(reasons.CONTAINER_CONFIG_FAILED, _line(f"the {who} can't be started: {why}"))
    if container.get("ready") or (may_end and ended and ended.get("exitCode") == 0):
        return None
    ended = ended or (container.get("lastState") or {}).get("terminated")
    return _ended(container, ended) if ended else None


def _image(container: Mapping[str, Any], waiting: Mapping[str, Any]) -> Failure:
    detail = _BACK_OFF.sub("", waiting.get("message") or "").strip()
    message = f'image "{container.get("image", "")}" of the {_who(container)} can\'t be pulled'
    return Failure(reasons.IMAGE_PULL_FAILED, _line(f"{message}: {detail}" if detail else message))


def _ended(container: Mapping[str, Any], ended: Mapping[str, Any]) -> Failure:
    lines = [line for line in (ended.get("message") or "").splitlines() if line.strip()]
    for line in reversed(lines):
        promised = failures.reason_of(line)
        if promised is not None:
            return Failure(promised, _line(line))
    who = _who(container)
    if ended.get("reason") == "OOMKilled":
        return Failure(reasons.OUT_OF_MEMORY, f"the {who} used more memory than its limit and was killed")
    said = f": {lines[-1]}" if lines else ""
    return Failure(
        reasons.CONTAINER_CRASHED, _line(f"the {who} ended with exit code {ended.get('exitCode')}{said}")
    )


def _unschedulable(status: Mapping[str, Any]) -> Failure | None:
    for condition in status.get("conditions") or ():
        if (
            condition.get("type") == "PodScheduled"
            and condition.get("status") == "False"
            and condition.get("reason") == "Unschedulable"
        ):
            message = _line(f"no node can take the pod: {condition.get('message', '')}")
            return Failure(reasons.UNSCHEDULABLE, message, instant(condition.get("lastTransitionTime")))
    return None


def _who(container: Mapping[str, Any]) -> str:
    name = str(container.get("name", ""))
    return _NAMES.get(name, f"container {name}")


def _line(text: str) -> str:
    line = " ".join(text.split()).rstrip(": ")
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"

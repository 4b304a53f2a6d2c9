"""What is read out of the API's JSON of pods and Deployments."""

from typing import Any

import pytest

from endpoint_contract import labels, model_identity
from endpoint_operator.rollout import pod_state, reasons
from endpoint_operator.rollout.observed import DeploymentState, Failure

IDENTITY = model_identity.ModelIdentity("s3://models/a.tar.gz", "e1", "0" * 64, 12)
RUNNING: dict[str, Any] = {"running": {"startedAt": "2026-11-22T01:00:05Z"}}


def pod(
    *, ready: bool = True, router_ready: bool = True, router_state: dict[str, Any] = RUNNING, **metadata: Any
) -> dict[str, Any]:
    loaded = {"terminated": {"exitCode": 0, "message": model_identity.render(IDENTITY)}}
    return {
        "metadata": {
            "name": "churn-a-1",
            "labels": {labels.REVISION: "churn-a-0011223344", labels.VARIANT: "A"},
            **metadata,
        },
        "status": {
            "podIP": "10.1.2.3",
            "startTime": "1970-01-01T00:01:40Z",
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "initContainerStatuses": [
                {"name": "model-loader", "ready": True, "state": loaded},
                {"name": "router", "ready": router_ready, "state": router_state},
            ],
            "containerStatuses": [
                {"name": "model", "ready": ready, "state": RUNNING, "imageID": "docker.io/x@sha256:ab"}
            ],
        },
    }


def test_a_ready_pod_is_read_whole() -> None:
    state = pod_state.pod(pod())
    assert (state.name, state.revision, state.variant) == ("churn-a-1", "churn-a-0011223344", "A")
    assert (state.ip, state.ready, state.terminating, state.has_router) == ("10.1.2.3", True, False, True)
    assert (state.started_at, state.failure, state.image_id) == (100.0, None, "docker.io/x@sha256:ab")
    assert state.identity == IDENTITY


@pytest.mark.parametrize(
    ("raw", "asked"),
    [
        pytest.param(pod(), True, id="ready"),
        pytest.param(pod(ready=False), True, id="model server down, router still answers"),
        pytest.param(pod(ready=False, router_ready=False), False, id="router still starting"),
        pytest.param(
            pod(ready=False, router_ready=False, deletionTimestamp="2026-11-22T01:00:05Z"), True, id="going"
        ),
        pytest.param(
            pod(router_state={"terminated": {"exitCode": 0}}, deletionTimestamp="2026-11-22T01:00:05Z"),
            False,
            id="going, router ended",
        ),
    ],
)
def test_a_router_is_asked_as_long_as_it_may_have_requests(raw: dict[str, Any], asked: bool) -> None:
    assert pod_state.pod(raw).has_router is asked


def test_a_pod_without_status_is_only_starting() -> None:
    state = pod_state.pod({"metadata": {"name": "x"}})
    assert (state.ready, state.has_router, state.failure, state.identity) == (False, False, None, None)


@pytest.mark.parametrize(
    ("phase", "finished"), [("Pending", False), ("Running", False), ("Failed", True), ("Succeeded", True)]
)
def test_a_pod_that_runs_no_more_has_finished(phase: str, finished: bool) -> None:
    state = pod_state.pod({"metadata": {"name": "x"}, "status": {"phase": phase}})
    assert state.finished is finished


def test_when_pods_and_deployments_were_made_is_read() -> None:
    made = {"name": "x", "creationTimestamp": "1970-01-01T00:01:40Z"}
    assert pod_state.pod({"metadata": made}).created_at == 100.0
    assert pod_state.deployment({"metadata": made}).created_at == 100.0


def deployment(status: dict[str, Any], **spec: Any) -> DeploymentState:
    return pod_state.deployment(
        {"metadata": {"uid": "u", "generation": 2}, "spec": {"replicas": 2, **spec}, "status": status}
    )


def test_a_deployment_tells_what_it_has_and_what_it_should_have() -> None:
    state = deployment({"observedGeneration": 2, "readyReplicas": 1, "updatedReplicas": 2})
    assert state == DeploymentState(desired=2, ready=1, updated=2, uid="u")


def test_what_a_deployment_says_of_an_older_spec_counts_as_nothing() -> None:
    state = deployment({"observedGeneration": 1, "readyReplicas": 2, "updatedReplicas": 2})
    assert (state.ready, state.updated) == (0, 0)


def test_pods_that_cannot_be_created_are_told_without_their_changing_names() -> None:
    message = 'pods "churn-a-0011223344-x7k2p" is forbidden: exceeded quota: team, requested: cpu=8'
    condition = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}
    state = deployment({"observedGeneration": 2, "conditions": [condition]})
    assert state.failure == Failure(
        reasons.POD_CREATION_FAILED, "pods are forbidden: exceeded quota: team, requested: cpu=8"
    )


def test_a_passed_progress_deadline_is_a_failure() -> None:
    condition = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    state = deployment({"observedGeneration": 2, "conditions": [condition]}, progressDeadlineSeconds=300)
    assert state.failure == Failure(reasons.PROGRESS_DEADLINE_EXCEEDED, "no progress for 300 seconds")

"""Pods as a kubelet reports them, and the one line that each comes to."""

from typing import Any

import pytest

from endpoint_operator.rollout import pod_failures, reasons
from endpoint_operator.rollout.observed import Failure

LOADED = {
    "name": "model-loader",
    "image": "pointsman/loader:1",
    "ready": True,
    "restartCount": 0,
    "state": {"terminated": {"exitCode": 0, "reason": "Completed", "message": "{}"}},
    "lastState": {},
}
ROUTER = {
    "name": "router",
    "image": "pointsman/router:1",
    "ready": True,
    "started": True,
    "restartCount": 0,
    "state": {"running": {"startedAt": "2026-11-22T01:00:05Z"}},
    "lastState": {},
}
INITIALIZING = {
    "name": "model",
    "image": "pointsman/xgboost:1",
    "ready": False,
    "started": False,
    "restartCount": 0,
    "state": {"waiting": {"reason": "PodInitializing"}},
    "lastState": {},
}


def pod(*, init: list[dict[str, Any]], main: dict[str, Any] = INITIALIZING, **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "churn-a-1"},
        "status": {
            "phase": "Pending",
            "conditions": [{"type": "PodScheduled", "status": "True"}],
            "initContainerStatuses": init,
            "containerStatuses": [main],
            **status,
        },
    }


def loader(state: dict[str, Any], last: dict[str, Any] | None = None) -> dict[str, Any]:
    return {**LOADED, "ready": False, "restartCount": 3, "state": state, "lastState": last or {}}


def model(state: dict[str, Any], last: dict[str, Any] | None = None) -> dict[str, Any]:
    return {**INITIALIZING, "restartCount": 1, "state": state, "lastState": last or {}}


def ended(exit_code: int, message: str = "", reason: str = "Error") -> dict[str, Any]:
    return {
        "terminated": {
            "exitCode": exit_code,
            "reason": reason,
            "message": message,
            "startedAt": "2026-11-22T01:00:00Z",
            "finishedAt": "2026-11-22T01:00:01Z",
        }
    }


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


BACK_OFF = waiting(
    "CrashLoopBackOff", "back-off 40s restarting failed container=model-loader pod=churn-a-1_default(17d0)"
)
DOWNLOAD = "ModelDownloadFailed: s3://models/churn.tar.gz: no such key"


@pytest.mark.parametrize(
    ("raw", "failure"),
    [
        pytest.param(
            pod(init=[loader(BACK_OFF, ended(1, DOWNLOAD + "\n"))]),
            Failure("ModelDownloadFailed", DOWNLOAD),
            id="loader in back-off, its last word in lastState",
        ),
        pytest.param(
            pod(init=[loader({"running": {}}, ended(1, DOWNLOAD))]),
            Failure("ModelDownloadFailed", DOWNLOAD),
            id="the same while it tries again",
        ),
        pytest.param(
            pod(init=[loader(ended(1, DOWNLOAD))]),
            Failure("ModelDownloadFailed", DOWNLOAD),
            id="the same just after it ended",
        ),
        pytest.param(
            pod(init=[loader(BACK_OFF, ended(1, "retrying\nModelChanged: it was a, is b\n"))]),
            Failure("ModelChanged", "ModelChanged: it was a, is b"),
            id="the promised line is the last of several",
        ),
        pytest.param(
            pod(init=[LOADED, ROUTER], main=model(BACK_OFF, ended(1, "ModelLoadFailed: not a model"))),
            Failure("ModelLoadFailed", "ModelLoadFailed: not a model"),
            id="model server with a termination message",
        ),
        pytest.param(
            pod(init=[LOADED, ROUTER], main=model(BACK_OFF, ended(3, "Traceback:\n  x\nKeyError: 'a'\n\n"))),
            Failure(reasons.CONTAINER_CRASHED, "the model server ended with exit code 3: KeyError: 'a'"),
            id="foreign model server with its last log lines",
        ),
        pytest.param(
            pod(init=[LOADED, ROUTER], main=model(BACK_OFF, ended(137, "loading", "OOMKilled"))),
            Failure(reasons.OUT_OF_MEMORY, "the model server used more memory than its limit and was killed"),
            id="killed for its memory",
        ),
        pytest.param(
            pod(init=[LOADED, ROUTER], main=model(BACK_OFF, ended(0, reason="Completed"))),
            Failure(reasons.CONTAINER_CRASHED, "the model server ended with exit code 0"),
            id="a server that just ends",
        ),
        pytest.param(
            pod(
                init=[LOADED, ROUTER],
                main=model(
                    waiting(
                        "ImagePullBackOff",
                        'Back-off pulling image "pointsman/xgboost:1": ErrImagePull: rpc error: code = NotFound '
                        "desc = pointsman/xgboost:1: not found",
                    )
                ),
            ),
            Failure(
                reasons.IMAGE_PULL_FAILED,
                'image "pointsman/xgboost:1" of the model server can\'t be pulled: rpc error: code = NotFound '
                "desc = pointsman/xgboost:1: not found",
            ),
            id="image pull in back-off",
        ),
        pytest.param(
            pod(
                init=[LOADED, ROUTER],
                main=model(
                    waiting(
                        "ErrImagePull", "rpc error: code = NotFound desc = pointsman/xgboost:1: not found"
                    )
                ),
            ),
            Failure(
                reasons.IMAGE_PULL_FAILED,
                'image "pointsman/xgboost:1" of the model server can\'t be pulled: rpc error: code = NotFound '
                "desc = pointsman/xgboost:1: not found",
            ),
            id="the same image pull between back-offs",
        ),
        pytest.param(
            pod(init=[loader(waiting("ImagePullBackOff", 'Back-off pulling image "pointsman/loader:1"'))]),
            Failure(
                reasons.IMAGE_PULL_FAILED, 'image "pointsman/loader:1" of the model loader can\'t be pulled'
            ),
            id="image pull on an older kubelet",
        ),
        pytest.param(
            pod(init=[loader(waiting("CreateContainerConfigError", 'secret "models-s3" not found'))]),
            Failure(
                reasons.CONTAINER_CONFIG_FAILED,
                'the model loader can\'t be started: secret "models-s3" not found',
            ),
            id="a Secret that there is not",
        ),
        pytest.param(
            pod(init=[], phase="Failed", reason="Evicted", message="The node was low on resource: memory."),
            Failure(reasons.EVICTED, "Evicted: The node was low on resource: memory."),
            id="evicted",
        ),
        pytest.param(
            {
                "metadata": {"name": "churn-a-1"},
                "status": {
                    "phase": "Pending",
                    "conditions": [
                        {
                            "type": "PodScheduled",
                            "status": "False",
                            "reason": "Unschedulable",
                            "message": "0/1 nodes are available: 1 Insufficient cpu.",
                            "lastTransitionTime": "1970-01-01T00:01:40Z",
                        }
                    ],
                },
            },
            Failure(
                reasons.UNSCHEDULABLE,
                "no node can take the pod: 0/1 nodes are available: 1 Insufficient cpu.",
                since=100.0,
            ),
            id="no node",
        ),
    ],
)
def test_a_pod_that_cannot_get_ready_says_why(raw: dict[str, Any], failure: Failure) -> None:
    assert pod_failures.of(raw) == failure


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param({"metadata": {"name": "x"}}, id="nothing known yet"),
        pytest.param(pod(init=[loader({"running": {}})]), id="downloading"),
        pytest.param(pod(init=[LOADED, ROUTER]), id="model server about to start"),
        pytest.param(pod(init=[LOADED, ROUTER], main=model({"running": {}})), id="model server loading"),
        pytest.param(
            pod(init=[{**LOADED, "lastState": ended(1, DOWNLOAD)}, ROUTER]), id="loaded at the second attempt"
        ),
        pytest.param(
            pod(init=[LOADED, ROUTER], main={**model({"running": {}}, ended(1)), "ready": True}),
            id="up again after a crash",
        ),
    ],
)
def test_a_pod_that_only_starts_has_no_failure(raw: dict[str, Any]) -> None:
    assert pod_failures.of(raw) is None


def test_a_long_last_word_is_cut_to_one_readable_line() -> None:
    failure = pod_failures.of(pod(init=[loader(ended(1, "ModelDownloadFailed: " + "x" * 4000))]))
    assert failure is not None
    assert len(failure.message) == pod_failures.LONGEST
    assert failure.message.endswith("…")

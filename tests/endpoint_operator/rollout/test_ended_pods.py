"""Pods that have ended stay listed until Kubernetes' own clean-up: when what ended them is still news."""

import pytest

from endpoint_operator.rollout import cutover, observed, readiness, reasons
from endpoint_operator.status import summary
from tests.builders import snapshots
from tests.builders.snapshots import NOW, an_endpoint

DAY = 24 * 3600.0
EVICTED = observed.Failure(reasons.EVICTED, "Evicted: Pod ephemeral local storage usage exceeds 1Gi")
CRASHED = observed.Failure(reasons.CONTAINER_CRASHED, "the model server ended with exit code 1")
QUOTA = observed.Failure(reasons.POD_CREATION_FAILED, "pods are forbidden: exceeded quota")


def ended(created_at: float) -> observed.PodState:
    name = f"A-1-ended-{created_at:.0f}"
    return observed.PodState(name, "A-1", "A", finished=True, created_at=created_at, failure=EVICTED)


def starting(created_at: float, failure: observed.Failure | None = None) -> observed.PodState:
    return observed.PodState("A-1-starting", "A-1", "A", created_at=created_at, failure=failure)


def ready(created_at: float) -> observed.PodState:
    return observed.PodState(
        "A-1-ready", "A-1", "A", ip="10.0.0.1", ready=True, has_router=True, created_at=created_at
    )


def an_endpoint_with(*pods: observed.PodState, failure: observed.Failure | None = None) -> snapshots.Endpoint:
    state = observed.DeploymentState(2, sum(pod.ready for pod in pods), 2, failure=failure)
    endpoint = an_endpoint("one").with_variant("A", count=2).ready()
    return endpoint.seeing(pods=pods, deployments={"A-1": state}).heard()


@pytest.mark.parametrize(
    ("pods", "failure"),
    [
        pytest.param([ended(NOW - DAY), ready(NOW - DAY + 9), starting(NOW)], None, id="long replaced"),
        pytest.param([ended(NOW - 90), ready(NOW - 60), starting(NOW)], None, id="just replaced"),
        pytest.param([ended(NOW - DAY), starting(NOW)], None, id="served for a day until its node went"),
        pytest.param([ended(NOW - DAY)], None, id="old, and the next one is not there yet"),
        pytest.param([ended(NOW - 90), starting(NOW)], EVICTED, id="one after the other"),
        pytest.param([ready(NOW - DAY), ended(NOW - 90), starting(NOW)], EVICTED, id="beside one that works"),
        pytest.param([ended(NOW - 90)], EVICTED, id="new, and the next one is not there yet"),
        pytest.param([ended(NOW - 90), starting(NOW, CRASHED)], CRASHED, id="the next one fails otherwise"),
    ],
)
def test_a_pod_that_ended_is_told_of_only_while_the_next_may_meet_the_same_end(
    pods: list[observed.PodState], failure: observed.Failure | None
) -> None:
    assert readiness.failure_of(an_endpoint_with(*pods).observed(), "A-1") == failure


def test_a_deployment_that_can_make_no_pod_knows_more_than_one_that_ended() -> None:
    endpoint = an_endpoint_with(ended(NOW - 90), failure=QUOTA)
    assert readiness.failure_of(endpoint.observed(), "A-1") == QUOTA


def test_scaling_up_is_an_update_whatever_ended_pods_are_still_listed() -> None:
    endpoint = an_endpoint_with(ended(NOW - 2 * DAY), ready(NOW - DAY), starting(NOW))
    seen = endpoint.observed()
    before = {
        "endpointStatus": "InService",
        "productionVariants": [{"variantName": "A", "desiredInstanceCount": 1}],
    }
    status = summary.build(seen, cutover.plan(seen, endpoint.coming), before)
    degraded = next(item for item in status["conditions"] if item["type"] == "Degraded")
    assert (status["endpointStatus"], degraded["status"]) == ("Updating", "False")

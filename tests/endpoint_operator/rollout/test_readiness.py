"""Who is short of pods, and why."""

from endpoint_operator.rollout import readiness, reasons
from endpoint_operator.rollout.observed import DeploymentState, Failure
from tests.builders import snapshots
from tests.builders.snapshots import an_endpoint

TWO = an_endpoint("one").with_variant("A").with_variant("B")
CRASHED = Failure(reasons.CONTAINER_CRASHED, "the model server ended with exit code 1")


def short(endpoint: snapshots.Endpoint, **needed: int) -> tuple[readiness.Shortfall, ...]:
    counts = {"A-1": 1, "B-1": 1, **{name.replace("_", "-"): count for name, count in needed.items()}}
    return readiness.shortfalls(endpoint.observed(), endpoint.serving.stored(), counts)


def test_nobody_is_short_when_all_are_ready() -> None:
    assert short(TWO.ready()) == ()


def test_a_variant_that_is_short_says_by_how_much() -> None:
    assert [str(one) for one in short(TWO.ready(), B_1=3)] == ["B has 1 of 3 pods ready"]


def test_a_revision_that_does_not_exist_has_no_ready_pod() -> None:
    assert [one.ready for one in short(TWO.first())] == [0, 0]


def test_pods_of_an_outdated_template_are_not_ready() -> None:
    stale = TWO.ready().seeing(deployments={"A-1": DeploymentState(1, 1, 0), "B-1": DeploymentState(1, 1, 1)})
    assert [one.variant for one in short(stale)] == ["A"]


def test_the_first_failure_is_told_with_its_variant() -> None:
    failure = readiness.first_failure(short(TWO.ready().failing("B-1", CRASHED)))
    assert failure == Failure(CRASHED.reason, f"B: {CRASHED.message}")
    assert readiness.first_failure(()) is None


def test_a_deployment_speaks_when_its_pods_do_not() -> None:
    late = Failure(reasons.PROGRESS_DEADLINE_EXCEEDED, "no progress for 600 seconds")
    endpoint = TWO.ready().seeing(deployments={"A-1": DeploymentState(1, 0, 1, failure=late)})
    assert readiness.failure_of(endpoint.observed(), "A-1") == late
    assert readiness.failure_of(endpoint.failing("A-1", CRASHED).observed(), "A-1") == CRASHED


def test_a_pod_that_finds_no_node_at_once_may_find_one_later() -> None:
    nowhere = Failure(reasons.UNSCHEDULABLE, "no node can take the pod", since=snapshots.NOW)
    endpoint = TWO.ready().failing("B-1", nowhere)
    assert readiness.failure_of(endpoint.observed(), "B-1") is None
    assert readiness.patience_left(endpoint.observed()) == readiness.UNSCHEDULABLE_PATIENCE
    later = endpoint.after(readiness.UNSCHEDULABLE_PATIENCE).observed()
    assert readiness.failure_of(later, "B-1") == nowhere
    assert readiness.patience_left(later) is None


def test_a_claim_that_is_not_there_is_no_matter_for_an_autoscaler() -> None:
    words = 'no node can take the pod: 0/3 nodes are available: persistentvolumeclaim "models" not found.'
    claimless = Failure(reasons.UNSCHEDULABLE, words, since=snapshots.NOW)
    endpoint = TWO.ready().failing("B-1", claimless)
    assert readiness.failure_of(endpoint.observed(), "B-1") is None
    assert readiness.patience_left(endpoint.observed()) == readiness.CLAIM_PATIENCE
    assert readiness.CLAIM_PATIENCE < readiness.UNSCHEDULABLE_PATIENCE
    later = endpoint.after(readiness.CLAIM_PATIENCE).observed()
    assert readiness.failure_of(later, "B-1") == claimless

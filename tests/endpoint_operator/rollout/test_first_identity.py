"""Which artefact a revision's own pods found first."""

import dataclasses

import pytest

from endpoint_contract import model_identity
from endpoint_operator.rollout import first_identity, observed
from tests.builders.snapshots import an_endpoint

DEPLOYMENT = observed.DeploymentState(1, 0, 1, created_at=1000.0)
POD = observed.PodState("A-1-x", "A-1", "A", created_at=1000.0, started_at=1000.0)


def artefact(sha: str) -> model_identity.ModelIdentity:
    return model_identity.ModelIdentity("s3://m/1", "", sha * 64, 1)


def pod(sha: str, created_at: float, *, terminating: bool = False) -> observed.PodState:
    return dataclasses.replace(
        POD,
        name=sha,
        identity=artefact(sha),
        terminating=terminating,
        created_at=created_at,
        started_at=created_at,
    )


@pytest.mark.parametrize(
    ("pods", "sha"),
    [
        pytest.param([], None, id="no pod"),
        pytest.param([POD], None, id="still loading"),
        pytest.param([pod("b", 1005), pod("a", 1002)], "a", id="the first counts"),
        pytest.param([pod("a", 400), pod("b", 1005)], "b", id="older than the Deployment"),
        pytest.param([pod("a", 1000, terminating=True)], None, id="going"),
        pytest.param([pod("a", 999)], "a", id="by the clock of another API server"),
    ],
)
def test_only_a_pod_of_the_present_deployment_tells(pods: list[observed.PodState], sha: str | None) -> None:
    seen = an_endpoint().seeing(pods=tuple(pods), deployments={"A-1": DEPLOYMENT}).observed()
    found = first_identity.find(seen, "A-1")
    assert found == (("A", artefact(sha)) if sha else None)


def test_without_a_deployment_no_pod_is_known_to_be_its_own() -> None:
    seen = an_endpoint().seeing(pods=(pod("a", 1000),)).observed()
    assert first_identity.find(seen, "A-1") is None

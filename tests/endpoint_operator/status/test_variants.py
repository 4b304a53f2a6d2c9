"""What goes on with single variants, in SageMaker's words."""

import dataclasses
from typing import Any

import pytest

from endpoint_contract import model_identity
from endpoint_operator.rollout import observed
from endpoint_operator.status import variants
from tests.builders import snapshots
from tests.builders.planning import carried_out, plan
from tests.builders.snapshots import a_roll_out, an_endpoint

ONE = an_endpoint("one").with_variant("A", count=2)
NEW = a_roll_out("two").with_variant("A", model="2")
IDENTITY = model_identity.ModelIdentity("s3://models/A/1.tar.gz", "e1", "ab" * 32, 10)
CRASHED = observed.Failure("ContainerCrashed", "the model server ended with exit code 1")


def first(endpoint: snapshots.Endpoint, previous: dict[str, Any] | None = None) -> dict[str, Any]:
    return variants.render(endpoint.observed(), plan(endpoint), previous or {}, now="now")[0]


@pytest.mark.parametrize(
    ("endpoint", "status", "message"),
    [
        pytest.param(ONE.first(), "Creating", "0 of 2 pods ready", id="starting"),
        pytest.param(
            ONE.ready().asks(instance_counts={"A": 3}), "Updating", "2 of 3 pods ready", id="scaling"
        ),
        pytest.param(
            ONE.ready().failing("A-1", CRASHED),
            "Creating",
            "0 of 2 pods ready: the model server ended with exit code 1",
            id="failing",
        ),
        pytest.param(
            ONE.ready().rolling_out(NEW), "Updating", "A-2 is starting to replace it", id="being replaced"
        ),
        pytest.param(
            carried_out(ONE.ready().rolling_out(NEW).with_coming_pods(2).heard()),
            "ActivatingTraffic",
            "routers are taking over the new route table",
            id="taking over",
        ),
    ],
)
def test_what_goes_on_with_a_variant_is_told(endpoint: snapshots.Endpoint, status: str, message: str) -> None:
    assert first(endpoint)["variantStatus"] == [
        {"status": status, "statusMessage": message, "startTime": "now"}
    ]


def test_a_variant_that_just_runs_has_nothing_going_on() -> None:
    assert first(ONE.ready())["variantStatus"] == []


def test_what_goes_on_keeps_the_time_of_its_start() -> None:
    going = {"variantStatus": [{"status": "Updating", "startTime": "before"}], "variantName": "A"}
    changed = first(ONE.ready().asks(instance_counts={"A": 3}), {"productionVariants": [going]})
    assert changed["variantStatus"][0]["startTime"] == "before"


def test_without_any_router_no_current_weight_is_claimed() -> None:
    assert "currentWeight" not in first(ONE.first())
    assert first(ONE.first())["desiredWeight"] == 1.0


def test_going_pods_do_not_count() -> None:
    endpoint = ONE.ready()
    pods = (observed.PodState("x", "A-1", "A", ready=True, terminating=True), *endpoint.seen.pods[1:])
    assert first(endpoint.seeing(pods=pods))["currentInstanceCount"] == 1


def test_a_model_that_only_an_earlier_deployments_pods_loaded_is_not_shown() -> None:
    endpoint = ONE.ready()
    old = dataclasses.replace(endpoint.seen.pods[0], identity=IDENTITY, created_at=1000.0)
    made = observed.DeploymentState(2, 2, 2, created_at=2000.0)
    assert first(endpoint.seeing(pods=(old,)))["model"]["sha256"] == IDENTITY.sha256
    seen = endpoint.seeing(pods=(old,), deployments={"A-1": made})
    assert "sha256" not in first(seen)["model"]


def test_variants_without_pods_by_wish_are_not_counted_as_ready() -> None:
    endpoint = an_endpoint("one").with_variant("A").with_variant("B", count=0).ready()
    assert variants.count(endpoint.observed(), plan(endpoint)) == "1/2"
    assert variants.count(endpoint.observed(), plan(an_endpoint())) == "0/0"

"""How the conditions go together."""

import dataclasses

import pytest

from endpoint_operator.api import status as schema
from endpoint_operator.rollout import observed
from endpoint_operator.status import conditions
from tests.builders import snapshots
from tests.builders.planning import carried_out, plan
from tests.builders.snapshots import a_roll_out, an_endpoint
from tests.builders.statuses import status_of

TWO = an_endpoint("one").with_variant("A").with_variant("B")
CRASHED = observed.Failure("ContainerCrashed", "the model server ended with exit code 1: " + "x" * 300)
STATES = {
    "at rest": TWO.ready(),
    "starting": TWO.first(),
    "empty": an_endpoint("one"),
    "failing": TWO.ready().failing("A-1", CRASHED),
    "rolling out": TWO.ready().rolling_out(a_roll_out("two").with_variant("C")),
    "rolling out to what fails": TWO.ready()
    .rolling_out(a_roll_out("two").with_variant("C"))
    .failing("C-1", CRASHED),
    "all zero": TWO.ready().asks(weights={"A": 0, "B": 0}),
    "unknown variant": TWO.ready().asks(weights={"X": 1}, instance_counts={"Y": 1}),
    "unheard": TWO.ready().seeing(reports={}),
    "silent": TWO.ready().with_report("A-1-0", observed.Unreachable(snapshots.NOW - 90)),
    "config gone": TWO.ready().seeing(config_failure=observed.Failure("EndpointConfigNotFound", "gone")),
    "conflict": TWO.ready().seeing(conflicts=(observed.Conflict("Service", "churn"),)),
    "scaled to zero": TWO.ready().asks(instance_counts={"A": 0, "B": 0}),
}


def find(endpoint: snapshots.Endpoint) -> conditions.Conditions:
    return conditions.find(endpoint.observed(), plan(endpoint), has_served=True)


@pytest.mark.parametrize("state", STATES)
def test_ready_means_that_nothing_is_left_to_wish_for(state: str) -> None:
    found = find(STATES[state])
    rest = (found.serving.status, found.progressing.reason, found.degraded.status)
    is_all_well = (*rest, found.weights_applied.status) == ("True", "Complete", "False", "True")
    assert (found.ready.status == "True") is is_all_well


@pytest.mark.parametrize("state", STATES)
def test_every_status_keeps_the_schema(state: str) -> None:
    status = status_of(STATES[state])
    parsed = schema.EndpointStatus.model_validate(status)
    assert set(status) <= {field.alias for field in schema.EndpointStatus.model_fields.values()}
    assert len(parsed.conditions) == 5


@pytest.mark.parametrize("state", STATES)
def test_every_message_is_a_sentence(state: str) -> None:
    for verdict in find(STATES[state]).by_type().values():
        assert verdict.message.endswith((".", "…"))
        assert verdict.reason.isalpha()


def test_many_failures_still_fit_the_schema() -> None:
    endpoint = an_endpoint("one")
    for name in "ABCDEFGHIJ":
        endpoint = endpoint.with_variant(name)
    endpoint = endpoint.ready()
    for name in "ABCDEFGHIJ":
        endpoint = endpoint.failing(f"{name}-1", dataclasses.replace(CRASHED, message="y" * 400))
    status = status_of(endpoint)
    schema.EndpointStatus.model_validate(status)
    assert len(status["failureReason"]) <= schema.MAX_MESSAGE


def test_routers_that_lag_behind_others_are_named() -> None:
    patched = TWO.ready().asks(weights={"A": 3})
    written = carried_out(patched)
    one = written.with_report("A-1-0", written.heard().seen.reports["A-1-0"])
    assert "B-1-0 still run" in find(one).weights_applied.message

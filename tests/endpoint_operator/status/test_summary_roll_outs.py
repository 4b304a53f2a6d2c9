"""What a user reads of the way from one config to the next: under way, waiting, stuck or at its end."""

import dataclasses

import pytest

from endpoint_operator.rollout import observed
from tests.builders.snapshots import TWO, a_roll_out, an_endpoint
from tests.builders.statuses import DOWNLOAD, SERVED, condition, message, status_of

NEW_B = a_roll_out("two").with_variant("A").with_variant("B", weight=3.0, model="2")


def test_a_first_roll_out_is_creating() -> None:
    status = status_of(TWO.first())
    assert status["endpointStatus"] == "Creating"
    assert condition(status, "Serving") == ("False", "NoReadyPod")
    assert condition(status, "WeightsApplied") == ("Unknown", "NoRouter")
    assert condition(status, "Degraded") == ("False", "AsAsked")


def test_a_first_roll_out_that_cannot_work_has_failed() -> None:
    endpoint = an_endpoint("one").with_variant("B").ready().failing("B-1", DOWNLOAD)
    status = status_of(endpoint, {"endpointStatus": "Creating"})
    assert status["endpointStatus"] == "Failed"
    assert condition(status, "Progressing") == ("False", "ModelDownloadFailed")
    assert condition(status, "Degraded") == ("True", "ModelDownloadFailed")
    assert "s3://models/b: no such key" in status["failureReason"]
    assert "credentialsSecret" in status["failureReason"], "and says what to do"


@pytest.mark.parametrize("reason", ["EndpointConfigNotFound", "EndpointConfigInvalid"])
def test_without_a_usable_config_an_endpoint_cannot_start(reason: str) -> None:
    endpoint = an_endpoint("one").seeing(config_failure=observed.Failure(reason, "EndpointConfig one: no"))
    status = status_of(endpoint)
    assert status["endpointStatus"] == "Failed"
    assert condition(status, "Progressing") == ("False", reason)
    assert condition(status, "Serving") == ("False", reason)
    assert status["productionVariants"] == []


def test_a_config_deleted_while_in_use_lets_it_serve_and_is_told() -> None:
    failure = observed.Failure("EndpointConfigNotFound", "there is no EndpointConfig one")
    status = status_of(TWO.ready().seeing(config_failure=failure), SERVED)
    assert status["endpointStatus"] == "InService"
    assert condition(status, "Serving") == ("True", "Serving")
    assert condition(status, "Degraded") == ("True", "EndpointConfigNotFound")
    assert condition(status, "Progressing") == ("False", "Complete")


def test_a_config_that_does_not_exist_is_no_progress() -> None:
    failure = observed.Failure("EndpointConfigNotFound", "there is no EndpointConfig two")
    endpoint = TWO.ready().asks(endpoint_config_name="two").seeing(config_failure=failure)
    status = status_of(dataclasses.replace(endpoint, coming=None), SERVED)
    assert condition(status, "Progressing") == ("False", "EndpointConfigNotFound")
    assert status["endpointConfigName"] == "one"
    assert status["failureReason"].startswith("there is no EndpointConfig two.")


def test_a_roll_out_is_updating_while_the_old_config_serves() -> None:
    status = status_of(TWO.ready().rolling_out(NEW_B), SERVED)
    assert status["endpointStatus"] == "Updating"
    assert status["endpointConfigName"] == "one"
    assert condition(status, "Serving") == ("True", "Serving")
    assert condition(status, "Progressing") == ("True", "RollingOut")
    assert "B has 0 of 1 pods ready" in message(status, "Progressing")
    b_status = status["productionVariants"][1]["variantStatus"][0]
    assert (b_status["status"], b_status["startTime"]) == ("Updating", "2027-01-15T08:00:00Z")


def test_a_roll_out_that_waits_for_routers_names_them() -> None:
    endpoint = TWO.ready().rolling_out(NEW_B).with_coming_pods().heard(blind=frozenset({"B-2"}))
    status = status_of(endpoint, SERVED)
    assert condition(status, "Progressing") == ("True", "WaitingForRouters")
    assert "A-1-0" in message(status, "Progressing")


def test_a_roll_out_that_cannot_work_leaves_the_old_one_in_service() -> None:
    endpoint = TWO.ready().rolling_out(NEW_B).failing("B-2", DOWNLOAD)
    status = status_of(endpoint, SERVED)
    assert status["endpointStatus"] == "InService"
    assert condition(status, "Serving") == ("True", "Serving")
    assert condition(status, "Progressing") == ("False", "ModelDownloadFailed")
    assert condition(status, "Degraded") == ("True", "ModelDownloadFailed")
    assert condition(status, "Ready") == ("False", "ModelDownloadFailed")
    assert "one keeps serving" in status["failureReason"]


def test_a_roll_out_without_weight_makes_no_progress() -> None:
    endpoint = TWO.ready().rolling_out(a_roll_out("two").with_variant("C", weight=0)).with_coming_pods()
    status = status_of(endpoint.heard(), SERVED)
    assert condition(status, "Progressing") == ("False", "AllWeightsZero")
    assert status["endpointConfigName"] == "one"
    assert "Give at least one variant a weight above 0." in status["failureReason"]


def test_a_restart_that_cannot_work_names_the_config_once() -> None:
    again = a_roll_out("one").with_variant("A", model="restarted").with_variant("B", weight=3.0)
    stored = dataclasses.replace(again.stored(), name="churn-restarted")
    endpoint = dataclasses.replace(TWO.ready().rolling_out(again), coming=stored)
    status = status_of(endpoint.failing("A-restarted", DOWNLOAD), SERVED)
    assert status["failureReason"].startswith("The new pods of EndpointConfig one can't take over")


def test_old_pods_that_drain_are_an_update_too() -> None:
    endpoint = TWO.ready().with_pods(NEW_B.stored().variants[1], 1).heard()
    status = status_of(endpoint, {"endpointStatus": "Updating"})
    assert status["endpointStatus"] == "Updating"
    assert condition(status, "Progressing") == ("True", "DrainingOldPods")
    assert "B-2" in message(status, "Progressing")

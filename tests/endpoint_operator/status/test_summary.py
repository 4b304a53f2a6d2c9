"""The rows of "what the words mean", as a user reads them in an Endpoint's status."""

import dataclasses
from typing import Any

import pytest

from endpoint_contract import model_identity, route_table
from endpoint_operator.rollout import cutover, observed
from endpoint_operator.status import summary
from tests.builders import snapshots
from tests.builders.snapshots import a_roll_out, an_endpoint

TWO = an_endpoint("one").with_variant("A", weight=1.0).with_variant("B", weight=3.0)
NEW_B = a_roll_out("two").with_variant("A").with_variant("B", weight=3.0, model="2")
DOWNLOAD = observed.Failure("ModelDownloadFailed", "ModelDownloadFailed: s3://models/b: no such key")
SERVED = {"endpointStatus": "InService"}


def status_of(endpoint: snapshots.Endpoint, previous: dict[str, Any] | None = None) -> dict[str, Any]:
    seen = endpoint.observed()
    return summary.build(seen, cutover.plan(seen, endpoint.coming), previous or {})


def condition(status: dict[str, Any], type_: str) -> tuple[str, str]:
    item = next(item for item in status["conditions"] if item["type"] == type_)
    return item["status"], item["reason"]


def message(status: dict[str, Any], type_: str) -> str:
    return str(next(item for item in status["conditions"] if item["type"] == type_)["message"])


def test_an_endpoint_at_rest_is_in_service() -> None:
    status = status_of(TWO.ready())
    assert status["endpointStatus"] == "InService"
    assert status["endpointConfigName"] == "one"
    assert status["url"] == "http://churn.default.svc"
    assert status["weights"] == "A=25% B=75%"
    assert status["variants"] == "2/2"
    assert status["failureReason"] == ""
    assert {item["type"]: item["status"] for item in status["conditions"]} == {
        "Ready": "True",
        "Serving": "True",
        "Progressing": "False",
        "Degraded": "False",
        "WeightsApplied": "True",
    }


def test_a_status_does_not_change_when_nothing_has() -> None:
    endpoint = TWO.ready().failing("B-1", DOWNLOAD)
    status = status_of(endpoint)
    assert status_of(endpoint.after(3600), status) == status


def test_the_time_of_a_transition_is_that_of_the_status_not_of_the_reason() -> None:
    first = status_of(TWO.ready())
    second = status_of(TWO.ready().after(60).failing("B-1", DOWNLOAD), first)
    times = {item["type"]: item["lastTransitionTime"] for item in second["conditions"]}
    assert times["Degraded"] != times["Serving"]
    assert times["Serving"] == first["conditions"][0]["lastTransitionTime"]


def test_every_condition_names_the_generation_that_it_speaks_of() -> None:
    endpoint = TWO.ready()
    newer = endpoint.seeing(endpoint=dataclasses.replace(endpoint.seen.endpoint, generation=8))
    status = status_of(newer)
    assert status["observedGeneration"] == 8
    assert {item["observedGeneration"] for item in status["conditions"]} == {8}


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


def test_old_pods_that_drain_are_an_update_too() -> None:
    endpoint = TWO.ready().with_pods(NEW_B.stored().variants[1], 1).heard()
    status = status_of(endpoint, {"endpointStatus": "Updating"})
    assert status["endpointStatus"] == "Updating"
    assert condition(status, "Progressing") == ("True", "DrainingOldPods")
    assert "B-2" in message(status, "Progressing")


def test_all_weights_zero_keep_the_last_split_and_say_so() -> None:
    status = status_of(TWO.ready().asks(weights={"A": 0, "B": 0}), SERVED)
    assert condition(status, "WeightsApplied") == ("False", "AllWeightsZero")
    assert "A=25% B=75%" in message(status, "WeightsApplied")
    assert condition(status, "Serving") == ("True", "Serving")
    assert [item["desiredWeight"] for item in status["productionVariants"]] == [0.0, 0.0]
    assert [item["currentWeight"] for item in status["productionVariants"]] == [1.0, 3.0]


def test_all_weights_zero_without_an_earlier_split_answer_named_requests_only() -> None:
    endpoint = an_endpoint("one").with_variant("A", weight=0).ready()
    status = status_of(endpoint)
    assert condition(status, "Serving") == ("False", "AllWeightsZero")
    assert "no earlier split" in message(status, "WeightsApplied")


def test_a_weight_for_an_unknown_variant_is_named() -> None:
    endpoint = TWO.ready().asks(weights={"Nope": 1})
    status = status_of(endpoint, SERVED)
    assert condition(status, "WeightsApplied") == ("False", "UnknownVariant")
    assert "Nope" in status["failureReason"]


def test_a_count_for_an_unknown_variant_is_named() -> None:
    status = status_of(TWO.ready().asks(instance_counts={"Nope": 1}), SERVED)
    assert condition(status, "Degraded") == ("True", "UnknownVariant")
    assert "Nope" in status["failureReason"]


def test_a_weight_patch_is_claimed_only_when_routers_apply_it() -> None:
    patched = TWO.ready().asks(weights={"A": 3})
    pending = status_of(patched, SERVED)
    assert condition(pending, "WeightsApplied") == ("False", "Applying")
    assert pending["weights"] == "A=25% B=75%"
    variant = pending["productionVariants"][0]
    assert (variant["currentWeight"], variant["desiredWeight"]) == (1.0, 3.0)
    write = cutover.plan(patched.observed(), patched.coming).table_write
    assert write is not None
    applied = status_of(patched.written(write.table).heard(), pending)
    assert condition(applied, "WeightsApplied") == ("True", "Applied")
    assert applied["weights"] == "A=50% B=50%"


def test_the_current_weight_is_that_of_the_oldest_table_that_a_router_runs() -> None:
    endpoint = TWO.ready()
    table = endpoint.seen.table
    assert table is not None
    newer = route_table.RouteTable(
        "churn", 8, (dataclasses.replace(table.variants[0], weight=9.0), *table.variants[1:])
    )
    mixed = endpoint.asks(weights={"A": 9}).written(newer)
    report = mixed.heard(newer).seen.reports["A-1-0"]
    status = status_of(mixed.with_report("A-1-0", report), SERVED)
    assert condition(status, "WeightsApplied") == ("False", "Applying")
    assert status["productionVariants"][0]["currentWeight"] == 1.0


@pytest.mark.parametrize(
    ("silent_for", "reason"),
    [
        pytest.param(5.0, "WaitingForRouters", id="a moment"),
        pytest.param(61.0, "RouterUnreachable", id="a minute"),
    ],
)
def test_a_router_that_does_not_answer_is_not_spoken_for(silent_for: float, reason: str) -> None:
    endpoint = TWO.ready().with_report("A-1-0", observed.Unreachable(snapshots.NOW - silent_for))
    status = status_of(endpoint, SERVED)
    assert condition(status, "WeightsApplied") == ("Unknown", reason)
    assert condition(status, "Ready") == ("Unknown", reason)
    assert ("A-1-0" in message(status, "WeightsApplied")) is (reason == "RouterUnreachable")
    assert status["endpointStatus"] == "InService"


def test_a_weighted_variant_without_a_ready_pod_degrades_and_heals() -> None:
    endpoint = TWO.ready()
    gone = endpoint.seeing(
        pods=tuple(pod for pod in endpoint.seen.pods if pod.revision != "B-1"),
        deployments={**endpoint.seen.deployments, "B-1": observed.DeploymentState(1, 0, 1)},
    )
    status = status_of(gone, SERVED)
    assert status["endpointStatus"] == "InService"
    assert condition(status, "Serving") == ("True", "Serving")
    assert condition(status, "Degraded") == ("True", "NoReadyPod")
    assert status["variants"] == "1/2"
    assert condition(status_of(endpoint, status), "Degraded") == ("False", "AsAsked")


def test_only_variants_without_weight_ready_is_not_serving() -> None:
    endpoint = TWO.ready().asks(weights={"A": 0}).failing("B-1", DOWNLOAD)
    status = status_of(endpoint, SERVED)
    assert condition(status, "Serving") == ("False", "NoWeightedPodReady")
    assert status["endpointStatus"] == "OutOfService"


def test_no_ready_pod_at_all_is_out_of_service() -> None:
    endpoint = an_endpoint("one").with_variant("B").ready().failing("B-1", DOWNLOAD)
    status = status_of(endpoint, SERVED)
    assert status["endpointStatus"] == "OutOfService"
    assert condition(status, "Serving") == ("False", "NoReadyPod")
    assert "no such key" in message(status, "Serving")


def test_scaled_to_zero_is_out_of_service_on_purpose() -> None:
    endpoint = an_endpoint("one").with_variant("A", count=0).ready()
    status = status_of(endpoint, SERVED)
    assert status["endpointStatus"] == "OutOfService"
    assert condition(status, "Serving") == ("False", "ScaledToZero")
    assert condition(status, "WeightsApplied") == ("Unknown", "NoRouter")
    assert status["weights"] == ""


def test_a_new_count_is_an_update_and_a_replaced_pod_is_none() -> None:
    before = status_of(TWO.ready())
    scaled = status_of(TWO.ready().asks(instance_counts={"A": 2}), before)
    assert scaled["endpointStatus"] == "Updating"
    assert condition(scaled, "Progressing") == ("True", "StartingPods")
    endpoint = TWO.ready()
    starting = tuple(dataclasses.replace(pod, ready=pod.revision != "A-1") for pod in endpoint.seen.pods)
    replaced = status_of(endpoint.seeing(pods=starting), before)
    assert replaced["endpointStatus"] == "InService"


def test_a_name_that_belongs_to_somebody_else_is_told() -> None:
    status = status_of(TWO.ready().seeing(conflicts=(observed.Conflict("Service", "churn"),)), SERVED)
    assert condition(status, "Degraded") == ("True", "NameConflict")
    assert "Service churn" in status["failureReason"]


def test_an_endpoint_on_its_way_out_says_so() -> None:
    endpoint = TWO.ready()
    going = dataclasses.replace(endpoint.seen.endpoint, is_being_deleted=True)
    assert status_of(endpoint.seeing(endpoint=going), SERVED)["endpointStatus"] == "Deleting"


def test_images_and_models_are_those_of_the_pods() -> None:
    identity = model_identity.ModelIdentity("s3://models/A/1.tar.gz", "e1", "ab" * 32, 10)
    endpoint = TWO.ready()
    pods = tuple(
        dataclasses.replace(pod, image_id="pointsman/xgboost@sha256:cd", identity=identity)
        for pod in endpoint.seen.pods
    )
    variant = status_of(endpoint.seeing(pods=pods))["productionVariants"][0]
    assert variant["deployedImages"] == [
        {"specifiedImage": "pointsman/xgboost:1", "resolvedImage": "pointsman/xgboost@sha256:cd"}
    ]
    assert variant["model"] == {"dataUrl": "s3://models/A/1.tar.gz", "eTag": "e1", "sha256": "ab" * 32}


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        pytest.param({"A": 1, "B": 2}, "A=33.33% B=66.67%", id="thirds"),
        pytest.param({"A": 0, "B": 2}, "A=0% B=100%", id="all to one"),
        pytest.param({"A": 1, "B": 1e9}, "A=<0.01% B=100%", id="hardly any"),
    ],
)
def test_shares_are_written_as_people_write_them(weights: dict[str, float], text: str) -> None:
    endpoint = an_endpoint("one")
    for name, weight in weights.items():
        endpoint = endpoint.with_variant(name, weight=weight)
    assert status_of(endpoint.ready())["weights"] == text


def test_until_a_router_has_answered_the_split_that_was_told_last_stays_and_is_not_vouched_for() -> None:
    before = status_of(TWO.ready())
    status = status_of(TWO.ready().seeing(reports={}), before)
    assert condition(status, "WeightsApplied") == ("Unknown", "WaitingForRouters")
    assert status["weights"] == before["weights"]
    assert status["productionVariants"] == before["productionVariants"]


def test_an_endpoint_that_lost_all_pods_says_it_once() -> None:
    status = status_of(TWO.first().seeing(roll_outs=TWO.ready().seen.roll_outs), SERVED)
    assert status["failureReason"] == "No pod of any variant is ready."


def test_a_variant_with_a_weight_and_no_pods_by_wish_degrades() -> None:
    endpoint = an_endpoint("one").with_variant("A").with_variant("B", count=0).ready()
    status = status_of(endpoint, SERVED)
    assert condition(status, "Degraded") == ("True", "NoReadyPod")
    assert "an instance count of 0" in status["failureReason"]


def test_a_restart_that_cannot_work_names_the_config_once() -> None:
    again = a_roll_out("one").with_variant("A", model="restarted").with_variant("B", weight=3.0)
    stored = dataclasses.replace(again.stored(), name="churn-restarted")
    endpoint = dataclasses.replace(TWO.ready().rolling_out(again), coming=stored)
    status = status_of(endpoint.failing("A-restarted", DOWNLOAD), SERVED)
    assert status["failureReason"].startswith("The new pods of EndpointConfig one can't take over")

"""The rows of "what the words mean", as a user reads them in an Endpoint's status."""

import dataclasses

from endpoint_contract import model_identity
from endpoint_operator.rollout import observed
from tests.builders.snapshots import TWO, an_endpoint
from tests.builders.statuses import DOWNLOAD, SERVED, condition, message, status_of


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


def test_a_variant_with_a_weight_and_no_pods_by_wish_degrades() -> None:
    endpoint = an_endpoint("one").with_variant("A").with_variant("B", count=0).ready()
    status = status_of(endpoint, SERVED)
    assert condition(status, "Degraded") == ("True", "NoReadyPod")
    assert "an instance count of 0" in status["failureReason"]


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


def test_an_endpoint_that_lost_all_pods_says_it_once() -> None:
    status = status_of(TWO.first().seeing(roll_outs=TWO.ready().seen.roll_outs), SERVED)
    assert status["failureReason"] == "No pod of any variant is ready."


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


def test_a_count_for_an_unknown_variant_is_named() -> None:
    status = status_of(TWO.ready().asks(instance_counts={"Nope": 1}), SERVED)
    assert condition(status, "Degraded") == ("True", "UnknownVariant")
    assert "Nope" in status["failureReason"]


def test_a_name_that_belongs_to_somebody_else_is_told() -> None:
    status = status_of(TWO.ready().seeing(conflicts=(observed.Conflict("Service", "churn"),)), SERVED)
    assert condition(status, "Degraded") == ("True", "NameConflict")
    assert "Service churn" in status["failureReason"]


def test_an_endpoint_on_its_way_out_says_so() -> None:
    endpoint = TWO.ready()
    going = dataclasses.replace(endpoint.seen.endpoint, is_being_deleted=True)
    status = status_of(endpoint.seeing(endpoint=going), SERVED)
    assert status["endpointStatus"] == "Deleting"
    assert condition(status, "Serving") == ("True", "Serving")
    assert condition(status, "WeightsApplied") == ("True", "Applied")
    assert condition(status, "Ready") == ("False", "BeingDeleted")
    assert (status["endpointConfigName"], status["variants"]) == ("one", "2/2")


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

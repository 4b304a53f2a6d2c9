"""Changing the EndpointConfig: the new pods take over only when ready, the old ones serve until then."""

from collections.abc import Callable

import pytest

from tests.builders import figures
from tests.cluster import images
from tests.e2e import endpoints, load

Handle = Callable[[str], endpoints.LiveEndpoint]


@pytest.fixture(scope="module")
def churn(endpoint: Handle, data_urls: dict[str, str]) -> endpoints.LiveEndpoint:
    """Three variants: one will keep its model, one gets another, one goes."""
    live = endpoint("churn")
    live.apply_config(
        "before", [keeping(data_urls), changing(data_urls["Variant1"]), extra("Leaving", data_urls)]
    )
    live.apply("before")
    live.wait_until_ready()
    return live


def keeping(data_urls: dict[str, str]) -> endpoints.VariantSpec:
    return endpoints.VariantSpec("Keeping", data_urls["Variant1"], image=images.reference("xgboost-2.1.4"))


def changing(data_url: str) -> endpoints.VariantSpec:
    return endpoints.VariantSpec("Changing", data_url)


def extra(name: str, data_urls: dict[str, str]) -> endpoints.VariantSpec:
    return endpoints.VariantSpec(
        name, data_urls["Variant2"], env={"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv"}
    )


def test_a_new_config_takes_over_under_load_without_a_failed_request(
    churn: endpoints.LiveEndpoint, data_urls: dict[str, str], row: str, figure: figures.Figure
) -> None:
    kept = churn.pod_uids("Keeping")
    old = churn.pod_uids("Changing")
    churn.apply_config(
        "after", [keeping(data_urls), changing(data_urls["Variant2"]), extra("Coming", data_urls)]
    )
    with load.Load(churn.url(), row) as traffic:
        churn.patch({"endpointConfigName": "after"})
        churn.wait_until(
            lambda: churn.status().get("endpointConfigName") == "after", "it serves", timeout=120
        )
        churn.wait_until_ready()
        since = traffic.now()
        churn.wait_until(lambda: not churn.pod_uids("Leaving"), "the old pods are gone", timeout=60)
        churn.wait_until(lambda: not set(old) & set(churn.pod_uids()), "the changed ones too", timeout=60)
        traffic.wait_for(300)
    figure(f"{len(traffic.outcomes)} requests while the config changed, {len(traffic.failures)} failed")
    assert traffic.failures == []
    assert set(traffic.since(since)) == {"Keeping", "Changing", "Coming"}
    assert churn.pod_uids("Keeping") == kept
    bodies = {o.body for o in traffic.outcomes if o.variant == "Changing"}
    assert len(bodies) == 2, "the old model answered, then the new one, and nothing else"


def test_a_config_whose_model_does_not_exist_changes_nothing_and_going_back_works_at_once(
    churn: endpoints.LiveEndpoint, data_urls: dict[str, str], row: str
) -> None:
    serving = churn.status()["endpointConfigName"]
    before = churn.pod_uids()
    churn.apply_config("missing", [keeping(data_urls), changing(data_urls["missing"])])
    with load.Load(churn.url(), row) as traffic:
        churn.patch({"endpointConfigName": "missing"})
        degraded = churn.wait_for_condition("Degraded", "True", reason="ModelDownloadFailed")
        assert f"{data_urls['missing']}: no such key" in degraded["message"]
        assert churn.condition("Serving")["status"] == "True"
        assert churn.status()["endpointConfigName"] == serving
        churn.patch({"endpointConfigName": serving})
        churn.wait_until_ready(timeout=15)
    assert traffic.failures == []
    assert before.items() <= churn.pod_uids().items()
    churn.wait_until(lambda: churn.pod_uids() == before, "the failed pods are gone")


def test_a_model_that_cannot_be_loaded_is_named(endpoint: Handle, data_urls: dict[str, str]) -> None:
    live = endpoint("broken")
    live.apply_config("broken", [endpoints.VariantSpec("Only", data_urls["broken"])])
    live.apply("broken")
    degraded = live.wait_for_condition("Degraded", "True", reason="ModelLoadFailed")
    assert "pickle" in degraded["message"]
    assert live.condition("Serving")["reason"] == "NoReadyPod"
    live.delete()


def test_an_image_that_cannot_be_pulled_is_named(endpoint: Handle, data_urls: dict[str, str]) -> None:
    live = endpoint("no-image")
    image = "localhost/no/such-image:1"
    live.apply_config("no-image", [endpoints.VariantSpec("Only", data_urls["Variant1"], image=image)])
    live.apply("no-image")
    degraded = live.wait_for_condition("Degraded", "True", reason="ImagePullFailed")
    assert image in degraded["message"]
    live.delete()

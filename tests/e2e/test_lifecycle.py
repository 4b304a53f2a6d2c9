"""From apply to delete: what kubectl shows, and that nothing stays behind."""

import json
import socket
import time
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import pytest

from endpoint_contract import model_identity
from tests.builders import figures
from tests.cluster import Cluster
from tests.demo import install
from tests.e2e import endpoints, load, operators

Handle = Callable[[str], endpoints.LiveEndpoint]


@pytest.fixture
def churn(endpoint: Handle, pair: list[endpoints.VariantSpec]) -> endpoints.LiveEndpoint:
    live = endpoint("churn")
    if "churn-1" not in live.kubectl("get", "mlepc", "-o", "name"):
        live.apply_config("churn-1", pair)
    live.apply("churn-1")
    live.wait_until_ready()
    return live


def test_kubectl_get_shows_status_weights_variants_and_config(churn: endpoints.LiveEndpoint) -> None:
    listing = churn.kubectl("get", "mlep,mlepc")
    print(listing)
    header, line = listing.splitlines()[:2]
    assert header.split() == ["NAME", "STATUS", "READY", "WEIGHTS", "VARIANTS", "CONFIG", "AGE"]
    assert line.split()[:7] == [
        *("endpoint.pointsman.dev/churn", "InService", "True"),
        *("Variant1=50%", "Variant2=50%", "2/2", "churn-1"),
    ]


def test_kubectl_describe_tells_the_story_in_events(churn: endpoints.LiveEndpoint) -> None:
    churn.patch({"weights": {"Variant1": 0, "Variant2": 0}})
    churn.wait_for_condition("WeightsApplied", "False", reason="AllWeightsZero")
    churn.wait_until(
        lambda: "AllWeightsZero" in churn.kubectl("describe", "mlep", "churn"), "a Warning event"
    )
    print(churn.kubectl("describe", "mlep", "churn"))
    churn.patch({"weights": None})
    churn.wait_for_condition("WeightsApplied", "True")


def test_a_child_deleted_by_hand_comes_back(churn: endpoints.LiveEndpoint) -> None:
    for child in ("service/churn", "configmap/churn-routes", "serviceaccount/churn-router"):
        churn.kubectl("delete", child)
        churn.wait_until(partial(exists, churn, child), f"{child} is back")
    churn.wait_until_ready()


def test_a_models_identity_edited_by_hand_is_put_back(churn: endpoints.LiveEndpoint) -> None:
    before = identities(churn)
    assert len(before) == 2
    for name in before:
        churn.kubectl("patch", "configmap", name, "--type=merge", "-p", '{"data": {"identity.json": "{}"}}')
    churn.wait_until(lambda: identities(churn) == before, "the identities are as before")


def identities(churn: endpoints.LiveEndpoint) -> dict[str, str]:
    """What each revision's pods are held to, by the name of its ConfigMap."""
    listed = json.loads(
        churn.kubectl("get", "configmaps", "-l", "pointsman.dev/endpoint=churn", "-o", "json")
    )
    return {
        item["metadata"]["name"]: item["data"][model_identity.CONFIG_MAP_KEY]
        for item in listed["items"]
        if model_identity.CONFIG_MAP_KEY in item["data"]
    }


def test_counts_of_0_leave_nobody_to_connect_to_and_counts_of_1_serve_again(
    churn: endpoints.LiveEndpoint, row: str
) -> None:
    url = churn.url()
    churn.patch({"instanceCounts": {"Variant1": 0, "Variant2": 0}})
    churn.wait_for_condition("Serving", "False", reason="ScaledToZero")
    churn.wait_until(lambda: is_refused(url), "connections are refused")
    assert churn.condition("Serving")["reason"] == "ScaledToZero"
    churn.patch({"instanceCounts": {"Variant1": 1, "Variant2": 1}})
    churn.wait_until_ready()
    churn.wait_until(partial(endpoints.accepts, url), "connections are accepted")
    with load.Load(url, row) as traffic:
        churn.patch({"instanceCounts": None})
    assert traffic.failures == []


def is_refused(url: str) -> bool:
    """Anything else that may become of a connection only tells that the last pod is about to go, or that Linux
    sends few refusals a second."""
    try:
        socket.create_connection((urlsplit(url).netloc, 80), timeout=5).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False


def test_helm_uninstall_neither_hangs_nor_stops_what_serves(
    cluster: Cluster, churn: endpoints.LiveEndpoint, row: str, figure: figures.Figure
) -> None:
    before = churn.pod_uids()
    with load.Load(churn.url(), row) as traffic:
        began = time.monotonic()
        cluster.helm("uninstall", install.RELEASE, "--namespace", install.OPERATOR_NAMESPACE, "--wait")
        figure(f"helm uninstall took {time.monotonic() - began:.1f} s")
        traffic.wait_for(300)
        assert churn.pod_uids() == before
        install.operator(cluster)
        churn.patch({"weights": {"Variant1": 1, "Variant2": 0}})
        churn.wait_for_condition("WeightsApplied", "True")
        churn.patch({"weights": None})
        churn.wait_for_condition("WeightsApplied", "True")
    assert traffic.failures == []
    assert churn.pod_uids() == before


def test_delete_leaves_nothing_behind(churn: endpoints.LiveEndpoint) -> None:
    assert churn.owned()
    churn.delete()
    churn.wait_until(lambda: churn.owned() == [], "all that it owned is gone", timeout=120)
    churn.kubectl("delete", "mlepc", "--all")


def test_delete_returns_at_once_while_no_operator_runs(
    cluster: Cluster, endpoint: Handle, pair: list[endpoints.VariantSpec], figure: figures.Figure
) -> None:
    live = endpoint("orphan")
    live.apply_config("orphan-1", pair)
    live.apply("orphan-1")
    live.wait_until_ready()
    operators.scale(cluster, 0)
    try:
        began = time.monotonic()
        live.delete()
        seconds = time.monotonic() - began
        figure(f"kubectl delete mlep without an operator: {seconds:.1f} s")
        assert seconds < 5
        live.wait_until(lambda: live.owned() == [], "all that it owned is gone", timeout=120)
    finally:
        operators.scale(cluster, 1)


def exists(live: endpoints.LiveEndpoint, name: str) -> bool:
    return name.partition("/")[2] in live.kubectl("get", name, "-o", "name", "--ignore-not-found")

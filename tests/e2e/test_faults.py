"""Faults are normal weather: a pod or the operator goes or is replaced, and no request fails."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.builders import figures
from tests.cluster import Cluster
from tests.demo import install
from tests.e2e import endpoints, load, operators


def test_a_pod_deleted_under_load_costs_no_request(
    two_each: endpoints.LiveEndpoint, row: str, figure: figures.Figure
) -> None:
    with load.Load(two_each.url(), row) as traffic:
        for variant in ("Variant1", "Variant2"):
            victim = sorted(two_each.pod_uids(variant))[0]
            two_each.kubectl("delete", "pod", victim, "--timeout=100s")
            two_each.wait_until(lambda: len(two_each.pod_uids()) == 4, "a new pod")
            two_each.wait_until_ready()
        traffic.wait_for(200)
    figure(f"{len(traffic.outcomes)} requests while 2 pods were deleted, {len(traffic.failures)} failed")
    assert traffic.failures == []


def test_a_new_operator_version_restarts_no_pod_and_weight_patches_still_work(
    cluster: Cluster, two_each: endpoints.LiveEndpoint
) -> None:
    before = two_each.pod_uids()
    install.operator(cluster, "image.pullPolicy=Never")
    try:
        two_each.patch({"weights": {"Variant1": 3, "Variant2": 1}})
        two_each.wait_for_condition("WeightsApplied", "True", timeout=60)
        for at in two_each.router_addresses().values():
            assert endpoints.router_weights(at) == {"Variant1": 3.0, "Variant2": 1.0}
        assert two_each.pod_uids() == before
    finally:
        install.operator(cluster)
    two_each.patch({"weights": None})
    two_each.wait_until_ready()
    assert two_each.pod_uids() == before


@pytest.fixture
def two_operators(cluster: Cluster) -> Iterator[None]:
    operators.scale(cluster, 2)
    yield
    operators.scale(cluster, 1)


@pytest.mark.usefixtures("two_operators")
def test_of_two_operators_one_leads_and_killing_it_moves_the_lead(
    cluster: Cluster, two_each: endpoints.LiveEndpoint, figure: figures.Figure
) -> None:
    two_each.wait_until(lambda: bool(holder(cluster)), "somebody leads", timeout=40)
    first = holder(cluster)
    began = time.monotonic()
    os.kill(operators.pid(cluster, first), signal.SIGKILL)
    # Else the kubelet would start it again in a second or two, and it would go on leading.
    operators.remove(cluster, first)
    two_each.wait_until(lambda: holder(cluster) not in ("", first), "another one leads", timeout=40)
    seconds = time.monotonic() - began
    figure(f"the lead moved {seconds:.1f} s after the leader was killed")
    assert seconds < 20
    two_each.patch({"weights": {"Variant1": 5, "Variant2": 1}})
    two_each.wait_for_condition("WeightsApplied", "True", timeout=30)
    two_each.patch({"weights": None})
    two_each.wait_until_ready()


def holder(cluster: Cluster) -> str:
    """The pod that holds the operators' Lease; empty when none does."""
    where = ["--namespace", install.OPERATOR_NAMESPACE]
    lease = ["lease", "pointsman-operator", "--ignore-not-found", *where]
    return cluster.kubectl("get", *lease, "-o", "jsonpath={.spec.holderIdentity}").strip()

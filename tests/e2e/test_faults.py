"""Faults are normal weather: a pod, a router, the operator or the API server goes, and no request fails."""

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from tests.cluster import Cluster, control
from tests.demo import install
from tests.e2e import endpoints, load

Handle = Callable[[str], endpoints.LiveEndpoint]
OUTAGE_SECONDS = 30


@pytest.fixture(scope="module")
def churn(cluster: Cluster, endpoint: Handle, pair: list[endpoints.VariantSpec]) -> endpoints.LiveEndpoint:
    """Two variants, two pods each, so that any pod may go."""
    if not cluster.is_ours:
        pytest.fail("needs a cluster whose parts can be stopped: unset KUBECONFIG")
    live = endpoint("churn")
    live.apply_config("churn-1", pair)
    live.apply("churn-1", instanceCounts={"Variant1": 2, "Variant2": 2})
    live.wait_until_ready()
    return live


def test_a_pod_deleted_under_load_costs_no_request(churn: endpoints.LiveEndpoint, row: str) -> None:
    with load.Load(churn.url(), row) as traffic:
        for variant in ("Variant1", "Variant2"):
            victim = sorted(churn.pod_uids(variant))[0]
            churn.kubectl("delete", "pod", victim, "--timeout=100s")
            churn.wait_until(lambda: len(churn.pod_uids()) == 4, "a new pod")
            churn.wait_until_ready()
        traffic.wait_for(200)
    print(f"{len(traffic.outcomes)} requests while 2 pods were deleted, {len(traffic.failures)} failed")
    assert traffic.failures == []


def test_operator_killed_and_api_server_away_under_load_cost_no_request(
    cluster: Cluster, churn: endpoints.LiveEndpoint, row: str
) -> None:
    before = churn.pod_uids()
    with load.Load(churn.url(), row) as traffic:
        os.kill(operator_pid(cluster, operator_names(cluster)[0]), signal.SIGKILL)
        with control.stopped("kube-apiserver"):
            end = traffic.now() + OUTAGE_SECONDS
            traffic.wait_until(lambda: traffic.now() > end, "the outage", timeout=OUTAGE_SECONDS + 10)
        back = traffic.now()
        churn.patch({"weights": {"Variant1": 1, "Variant2": 0}})
        churn.wait_for_condition("WeightsApplied", "True", timeout=150)
        since = traffic.now()
        print(f"a weight patch was applied {since - back:.1f} s after the API server was back")
        traffic.wait_for(300)
    print(
        f"{len(traffic.outcomes)} requests, API server away for {OUTAGE_SECONDS} s: {len(traffic.failures)} failed"
    )
    assert traffic.failures == []
    assert set(traffic.since(since)) == {"Variant1"}
    assert churn.pod_uids() == before
    churn.patch({"weights": None})
    churn.wait_until_ready()


def test_a_router_killed_while_the_api_server_is_away_serves_from_its_stored_table(
    cluster: Cluster, churn: endpoints.LiveEndpoint, row: str
) -> None:
    pod = churn.pods()[0]
    name, address = pod["metadata"]["name"], pod["status"]["podIP"]
    pid = control.container_pid(cluster, churn.namespace, name, "router")
    weights = endpoints.router_weights(f"{address}:8001")
    with control.stopped("kube-apiserver"):
        began = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        with load.Load(f"http://{address}:8000", row, workers=2, pause=0.1) as traffic:
            traffic.wait_until(
                lambda: any(not o.is_failure for o in traffic.outcomes),
                "the killed router serves again",
                timeout=30,
            )
            print(f"killed router serves again after {time.monotonic() - began:.1f} s without API server")
            traffic.wait_until(lambda: len(traffic.since(0)) == 2, "both variants", timeout=20)
        assert endpoints.router_weights(f"{address}:8001") == weights
    churn.wait_until_ready(timeout=120)


def test_a_new_operator_version_restarts_no_pod_and_weight_patches_still_work(
    cluster: Cluster, churn: endpoints.LiveEndpoint
) -> None:
    before = churn.pod_uids()
    install.operator(cluster, "image.pullPolicy=Never")
    try:
        churn.patch({"weights": {"Variant1": 3, "Variant2": 1}})
        churn.wait_for_condition("WeightsApplied", "True", timeout=60)
        for at in churn.router_addresses().values():
            assert endpoints.router_weights(at) == {"Variant1": 3.0, "Variant2": 1.0}
        assert churn.pod_uids() == before
    finally:
        install.operator(cluster)
    churn.patch({"weights": None})
    churn.wait_until_ready()
    assert churn.pod_uids() == before


@pytest.fixture
def two_operators(cluster: Cluster) -> Iterator[None]:
    install.operator(cluster, "replicas=2")
    yield
    install.operator(cluster)


@pytest.mark.usefixtures("two_operators")
def test_of_two_operators_one_leads_and_killing_it_moves_the_lead(
    cluster: Cluster, churn: endpoints.LiveEndpoint
) -> None:
    churn.wait_until(lambda: bool(holder(cluster)), "somebody leads", timeout=40)
    first = holder(cluster)
    began = time.monotonic()
    os.kill(operator_pid(cluster, pod_of(cluster, first)), signal.SIGKILL)
    churn.wait_until(lambda: holder(cluster) not in ("", first), "another one leads", timeout=40)
    seconds = time.monotonic() - began
    print(f"the lead moved {seconds:.1f} s after the leader was killed")
    assert seconds < 20
    churn.patch({"weights": {"Variant1": 5, "Variant2": 1}})
    churn.wait_for_condition("WeightsApplied", "True", timeout=30)
    churn.patch({"weights": None})
    churn.wait_until_ready()


def holder(cluster: Cluster) -> str:
    """Who holds the operators' Lease; empty when nobody does."""
    where = ["--namespace", install.OPERATOR_NAMESPACE]
    return cluster.kubectl(
        "get", "lease", "pointsman-operator", "-o", "jsonpath={.spec.holderIdentity}", *where
    ).strip()


def operator_names(cluster: Cluster) -> list[str]:
    """The operators' pods that run."""
    where = ["--namespace", install.OPERATOR_NAMESPACE, "--field-selector=status.phase=Running"]
    return cluster.kubectl("get", "pods", "-o", "jsonpath={.items[*].metadata.name}", *where).split()


def pod_of(cluster: Cluster, identity: str) -> str:
    """The operator pod whose name begins the leader's identity."""
    return next(name for name in operator_names(cluster) if identity.startswith(name))


def operator_pid(cluster: Cluster, pod: str) -> int:
    """Process id of an operator on this machine."""
    return control.container_pid(cluster, install.OPERATOR_NAMESPACE, pod, "operator")

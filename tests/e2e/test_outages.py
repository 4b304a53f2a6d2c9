"""The API server goes away, alone or with the operator or a router, and no request fails.

These run last (``conftest``), so that no other test meets what they leave unfinished.
"""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.builders import figures
from tests.cluster import Cluster, control
from tests.e2e import endpoints, load, operators

OUTAGE_SECONDS = 30


@pytest.fixture(scope="module", autouse=True)
def _kubernetes_is_as_before(cluster: Cluster) -> Iterator[None]:
    """Kubernetes' own controllers look for a lost API server ever more rarely, and then make no pod for a minute.

    Ours don't; a next run should not wait for theirs.
    """
    yield
    if cluster.is_ours:
        for name in ("kube-controller-manager", "kube-scheduler"):
            control.stop(name)
            control.start(name)


def test_operator_killed_and_api_server_away_under_load_cost_no_request(
    cluster: Cluster, two_each: endpoints.LiveEndpoint, row: str, figure: figures.Figure
) -> None:
    before = two_each.pod_uids()
    with load.Load(two_each.url(), row) as traffic:
        os.kill(operators.pid(cluster, operators.names(cluster)[0]), signal.SIGKILL)
        with control.stopped("kube-apiserver"):
            end = traffic.now() + OUTAGE_SECONDS
            traffic.wait_until(lambda: traffic.now() > end, "the outage", timeout=OUTAGE_SECONDS + 10)
        back = traffic.now()
        two_each.patch({"weights": {"Variant1": 1, "Variant2": 0}})
        two_each.wait_for_condition("WeightsApplied", "True", timeout=150)
        since = traffic.now()
        figure(f"a weight patch was applied {since - back:.1f} s after the API server was back")
        traffic.wait_for(300)
    figure(
        f"{len(traffic.outcomes)} requests, API server away for {OUTAGE_SECONDS} s: {len(traffic.failures)} failed"
    )
    assert traffic.failures == []
    assert set(traffic.since(since)) == {"Variant1"}
    assert two_each.pod_uids() == before
    two_each.patch({"weights": None})
    two_each.wait_until_ready()


def test_a_router_killed_while_the_api_server_is_away_serves_from_its_stored_table(
    cluster: Cluster, two_each: endpoints.LiveEndpoint, row: str, figure: figures.Figure
) -> None:
    pod = two_each.pods()[0]
    name, address = pod["metadata"]["name"], pod["status"]["podIP"]
    pid = control.container_pid(cluster, two_each.namespace, name, "router")
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
            figure(f"killed router serves again after {time.monotonic() - began:.1f} s without API server")
            traffic.wait_until(lambda: len(traffic.since(0)) == 2, "both variants", timeout=20)
        assert endpoints.router_weights(f"{address}:8001") == weights
    two_each.wait_until_ready(timeout=120)

"""What a platform engineer sets in the chart, as the pods of an endpoint have it."""

import json
import pathlib
import urllib.request
from collections.abc import Callable

import pytest
from prometheus_client import parser

from endpoint_contract import ports
from tests.cluster import Cluster
from tests.demo import install
from tests.e2e import endpoints, load

CPUS = 2
REQUESTS = 400


@pytest.fixture(scope="module")
def operator(cluster: Cluster, node_folder: pathlib.Path) -> Cluster:
    """The chart with values of its own; the next module's installation sets them back."""
    cache = node_folder / "cache"
    cache.mkdir()
    cache.chmod(0o777)
    install.crds(cluster)
    install.operator(
        cluster,
        f"loader.cache.hostPath={cache}",
        "loader.cache.size=100Mi",
        f"router.resources.limits.cpu={CPUS}",
    )
    return cluster


def test_with_a_cache_on_the_node_its_second_pod_fetches_nothing(
    endpoint: Callable[[str], endpoints.LiveEndpoint], data_urls: dict[str, str]
) -> None:
    live = endpoint("cached")
    live.apply_config("cached-1", [endpoints.VariantSpec("V", data_urls["Variant2"])])
    live.apply("cached-1")
    live.wait_until_ready()
    (first,) = live.pod_uids()
    live.patch({"instanceCounts": {"V": 2}})
    live.wait_until(lambda: live.status()["variants"] == "1/1" and len(ready(live)) == 2, "two ready pods")
    (second,) = set(live.pod_uids()) - {first}
    logs = [live.kubectl("logs", pod, "-c", "model-loader") for pod in (first, second)]
    assert ["comes from this node's cache" in log for log in logs] == [False, True]
    assert identity(logs[0]) == identity(logs[1])
    live.delete()


async def test_router_and_model_server_use_the_cores_of_their_limits(
    endpoint: Callable[[str], endpoints.LiveEndpoint], data_urls: dict[str, str], row: str
) -> None:
    live = endpoint("cores")
    live.apply_config("cores-1", [endpoints.VariantSpec("V", data_urls["Variant2"], cpu_limit=CPUS)])
    live.apply("cores-1")
    live.wait_until_ready()
    (pod,) = live.pod_uids()
    assert f"{CPUS} workers" in live.kubectl("logs", pod, "-c", "model")
    router, model = (live.addresses(port)[pod] for port in (ports.ROUTER_ADMIN, ports.MODEL_SERVER))
    assert total(router, "pointsman_router_workers") == CPUS
    await load.burst(live.url(), row, REQUESTS)
    # A process tells the others what it counted ten times a second.
    live.wait_until(
        lambda: total(router, "pointsman_invocations_total") == REQUESTS, "all counted by routers"
    )
    live.wait_until(
        lambda: total(model, "xgboost_server_predictions_total") >= REQUESTS, "all counted by model servers"
    )
    live.delete()


def total(address: str, name: str) -> float:
    """The sum of a metric's samples, as the pod's program at ``address`` reports it."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
        families = parser.text_string_to_metric_families(answer.read().decode())
    return sum(sample.value for family in families for sample in family.samples if sample.name == name)


def identity(log: str) -> object:
    """The loader's one line on standard output; those of its other output come in any order beside it."""
    (line,) = (line for line in log.splitlines() if line.startswith("{"))
    return json.loads(line)


def ready(live: endpoints.LiveEndpoint) -> list[str]:
    """Names of the pods that are ready."""
    return [
        pod["metadata"]["name"]
        for pod in live.pods()
        if any(
            each["type"] == "Ready" and each["status"] == "True"
            for each in pod["status"].get("conditions", [])
        )
    ]

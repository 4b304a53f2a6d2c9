"""Weights are shifted by patching the resource: quickly, without a restart, without a failed request, without a lie."""

import statistics
import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.builders import figures
from tests.cluster import Cluster, control
from tests.e2e import api_proxy, endpoints, load, propagation

PATCHES = 50

_Split = tuple[dict[str, float], str]
"""What the status says that routers do: the weights, and their shares in words."""


def test_50_weight_patches_under_load_fail_no_request_and_restart_no_pod(
    cluster: Cluster, churn: endpoints.LiveEndpoint, row: str, figure: figures.Figure
) -> None:
    before = churn.pod_uids()
    routers = list(churn.router_addresses().values())
    times: list[float] = []
    with api_proxy.running(cluster) as api, load.Load(churn.url(), row) as traffic:
        for number in range(PATCHES):
            weights = {"Variant1": float(number + 1), "Variant2": float(PATCHES - number)}
            times.append(propagation.patch_and_time(_patching(api, churn, weights), routers, weights))
    p50, p99 = (propagation.percentile(times, share) * 1000 for share in (0.5, 0.99))
    figure(f"{PATCHES} patches, {len(routers)} routers, {len(traffic.outcomes)} requests")
    figure(
        f"patch to last router applying it: p50 {p50:.0f} ms, p99 {p99:.0f} ms, max {max(times) * 1000:.0f} ms"
    )
    assert traffic.failures == []
    assert churn.pod_uids() == before
    assert (p50 < 1000, p99 < 5000) == (True, True), (
        "a change arrives by watching, not by looking now and then"
    )


def _patching(api: str, live: endpoints.LiveEndpoint, weights: dict[str, float]) -> Callable[[], object]:
    return lambda: api_proxy.merge_patch(api, live.namespace, live.name, {"weights": weights})


def test_status_shows_the_weights_once_the_routers_apply_them(churn: endpoints.LiveEndpoint) -> None:
    churn.patch({"weights": {"Variant1": 1, "Variant2": 3}})
    churn.wait_for_condition("WeightsApplied", "True")
    applied = {name: endpoints.router_weights(at) for name, at in churn.router_addresses().items()}
    assert all(weights == {"Variant1": 1.0, "Variant2": 3.0} for weights in applied.values())
    status = churn.status()
    shown = {v["variantName"]: (v["currentWeight"], v["desiredWeight"]) for v in status["productionVariants"]}
    assert shown == {"Variant1": (1, 1), "Variant2": (3, 3)}
    assert status["weights"] == "Variant1=25% Variant2=75%"


def test_an_unreachable_router_holds_up_nobody_and_status_does_not_claim_it(
    cluster: Cluster, churn: endpoints.LiveEndpoint, figure: figures.Figure
) -> None:
    if not cluster.is_ours:
        pytest.skip("needs a node whose processes can be paused: unset KUBECONFIG")
    churn.patch({"weights": {"Variant1": 1, "Variant2": 1}})
    churn.wait_for_condition("WeightsApplied", "True")
    addresses = churn.router_addresses()
    frozen = sorted(addresses)[0]
    others = [address for name, address in addresses.items() if name != frozen]
    patches = [{"Variant1": 9.0, "Variant2": float(number)} for number in (3, 2, 1)]
    told = _split(churn)
    pid = control.container_pid(cluster, churn.namespace, frozen, "router")
    with api_proxy.running(cluster) as api, control.paused(pid):
        times = [propagation.patch_and_time(_patching(api, churn, it), others, it) for it in patches]
        shown = ", ".join(f"{seconds * 1000:.0f}" for seconds in times)
        figure(f"one router frozen: the other {len(others)} apply three patches after {shown} ms")
        assert statistics.median(times) < 0.5
        _see_no_claim(churn, frozen, told, seconds=8)
    churn.wait_for_condition("WeightsApplied", "True")
    churn.wait_until(
        partial(applies, addresses[frozen], patches[-1]), "the frozen router applies the newest too"
    )
    applied = (patches[-1], "Variant1=90% Variant2=10%")
    churn.wait_until(lambda: _split(churn) == applied, "the status shows it")


def _see_no_claim(churn: endpoints.LiveEndpoint, frozen: str, told: _Split, *, seconds: float) -> None:
    """While a router that is still ready does not answer, status claims neither the weights nor their shares."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        # In this order: a frozen router that is ready after the status was read was so when it was written.
        claimed = churn.condition("WeightsApplied").get("status") == "True"
        shown = _split(churn)
        if any(pod["metadata"]["name"] == frozen and _is_ready(pod) for pod in churn.pods()):
            assert (claimed, shown) == (False, told)


def _split(churn: endpoints.LiveEndpoint) -> _Split:
    status = churn.status()
    current = {each["variantName"]: each["currentWeight"] for each in status["productionVariants"]}
    return current, status["weights"]


def _is_ready(pod: dict[str, object]) -> bool:
    status = pod["status"]
    assert isinstance(status, dict)
    return any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", []))


def test_all_weights_0_keeps_the_last_split_and_says_so(churn: endpoints.LiveEndpoint, row: str) -> None:
    churn.patch({"weights": {"Variant1": 1, "Variant2": 3}})
    churn.wait_for_condition("WeightsApplied", "True")
    with load.Load(churn.url(), row) as traffic:
        churn.patch({"weights": {"Variant1": 0, "Variant2": 0}})
        churn.wait_for_condition("WeightsApplied", "False", reason="AllWeightsZero")
        since = traffic.now()
        traffic.wait_for(300)
    assert traffic.failures == []
    counts = traffic.since(since)
    assert counts["Variant2"] > counts["Variant1"] > 0


def test_a_weight_for_an_unknown_variant_is_named_and_the_rest_is_applied(
    churn: endpoints.LiveEndpoint,
) -> None:
    churn.patch({"weights": {"Variant1": 4, "Variant2": 1, "Variant9": 1}})
    condition = churn.wait_for_condition("WeightsApplied", "False", reason="UnknownVariant")
    assert "Variant9" in condition["message"]
    for address in churn.router_addresses().values():
        churn.wait_until(partial(applies, address, {"Variant1": 4.0, "Variant2": 1.0}), "the rest is applied")
    churn.patch({"weights": None})
    churn.wait_for_condition("WeightsApplied", "True")


def applies(address: str, weights: dict[str, float]) -> bool:
    return endpoints.router_weights(address) == weights

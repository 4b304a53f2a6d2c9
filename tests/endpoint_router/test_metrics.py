from prometheus_client import parser

from endpoint_router import counters, metrics


def test_names_and_labels_are_as_promised() -> None:
    counted = counters.Counters()
    counted.endpoint, counted.revision = "churn", 17
    variant = counted.variant("Variant1")
    variant.invocations[counters.REASON_FALLBACK] += 2
    variant.concurrent += 2
    variant.end(0.003, 0.0001)
    counted.refuse(503)
    counted.show_pods({"Variant1": (4, 2, 1)})
    families = {
        family.name: family
        for family in parser.text_string_to_metric_families(metrics.render(counted).decode())
    }
    ours = {name: family for name, family in families.items() if name.startswith("pointsman_")}
    assert {name: family.type for name, family in ours.items()} == {
        "pointsman_invocations": "counter",
        "pointsman_invocation_4xx_errors": "counter",
        "pointsman_invocation_5xx_errors": "counter",
        "pointsman_invocation_model_errors": "counter",
        "pointsman_model_latency_seconds": "histogram",
        "pointsman_overhead_latency_seconds": "histogram",
        "pointsman_pod_failures": "counter",
        "pointsman_pod_ejections": "counter",
        "pointsman_pods": "gauge",
        "pointsman_concurrent_requests": "gauge",
        "pointsman_refused_requests": "counter",
        "pointsman_route_table_revision": "gauge",
    }
    for family in ours.values():
        assert all(sample.labels["endpoint"] == "churn" for sample in family.samples)
    assert ours["pointsman_refused_requests"].samples[0].labels == {"endpoint": "churn", "code": "503"}
    assert ours["pointsman_route_table_revision"].samples[0].value == 17
    states = {sample.labels["state"]: sample.value for sample in ours["pointsman_pods"].samples}
    assert states == {"in_service": 4, "slow_start": 2, "ejected": 1}


def test_the_process_shows_its_memory_too() -> None:
    assert b"process_resident_memory_bytes" in metrics.render(counters.Counters(), metrics.of_process())

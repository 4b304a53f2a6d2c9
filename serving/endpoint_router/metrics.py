"""The router's metrics, counterparts of SageMaker's CloudWatch metrics, and their Prometheus form.

Names and labels are a promise to users; what is counted lives in `counters`.
"""

from collections.abc import Iterator
from itertools import accumulate

import prometheus_client
from prometheus_client import core, registry

from endpoint_router import counters


def render(counts: counters.Counters, *others: registry.Collector) -> bytes:
    """``counts`` and what the ``others`` know, in Prometheus' text format."""
    collectors = registry.CollectorRegistry(auto_describe=False)
    for collector in (_Collector(counts), *others):
        collectors.register(collector)
    return prometheus_client.generate_latest(collectors)


def of_process() -> registry.Collector:
    """CPU time and memory of this process."""
    return prometheus_client.ProcessCollector(registry=None)


class OfWorkers(registry.Collector):
    """How the processes do that handle the requests of one router."""

    def __init__(self, running: int, restarts: int) -> None:
        self._running = running
        self._restarts = restarts

    def collect(self) -> Iterator[core.Metric]:
        """Called by prometheus_client."""
        yield core.GaugeMetricFamily(
            "pointsman_router_workers", "Processes that handle requests now.", value=self._running
        )
        yield core.CounterMetricFamily(
            "pointsman_router_worker_restarts",
            "Processes that were started anew because one ended.",
            value=self._restarts,
        )


class _Collector(registry.Collector):
    def __init__(self, counts: counters.Counters) -> None:
        self._counts = counts

    def collect(self) -> Iterator[core.Metric]:
        yield from _invocations(self._counts)
        yield from _latencies(self._counts)
        yield from _pods(self._counts)
        yield from _router_state(self._counts)


def _invocations(counts: counters.Counters) -> Iterator[core.Metric]:
    invocations = core.CounterMetricFamily(
        "pointsman_invocations", "Requests sent to the variant.", labels=("endpoint", "variant", "reason")
    )
    for name, variant in counts.variants.items():
        for reason, count in zip(counters.REASONS, variant.invocations, strict=True):
            invocations.add_metric((counts.endpoint, name, reason), count)
    yield invocations
    for metric, help_text, attribute in (
        ("pointsman_invocation_4xx_errors", "Answers of the model with a 4xx status.", "errors_4xx"),
        ("pointsman_invocation_5xx_errors", "Answers of the model with a 5xx status.", "errors_5xx"),
        (
            "pointsman_invocation_model_errors",
            "Requests that the model did not answer with 2xx: other statuses, broken connections, time-outs.",
            "model_errors",
        ),
    ):
        family = core.CounterMetricFamily(metric, help_text, labels=("endpoint", "variant"))
        for name, variant in counts.variants.items():
            family.add_metric((counts.endpoint, name), getattr(variant, attribute))
        yield family


def _latencies(counts: counters.Counters) -> Iterator[core.Metric]:
    for metric, help_text, attribute in (
        (
            "pointsman_model_latency_seconds",
            "From sending to the model to its whole answer.",
            "model_latency",
        ),
        (
            "pointsman_overhead_latency_seconds",
            "What the router added to the model's time.",
            "overhead_latency",
        ),
    ):
        family = core.HistogramMetricFamily(metric, help_text, labels=("endpoint", "variant"))
        for name, variant in counts.variants.items():
            histogram: counters.Histogram = getattr(variant, attribute)
            bounds = [*(f"{bound:g}" for bound in counters.LATENCY_BOUNDS), "+Inf"]
            buckets = list(zip(bounds, map(float, accumulate(histogram.counts)), strict=True))
            family.add_metric((counts.endpoint, name), buckets, histogram.total)
        yield family


def _pods(counts: counters.Counters) -> Iterator[core.Metric]:
    for metric, help_text, attribute in (
        ("pointsman_pod_failures", "Tries that came to nothing by a pod's fault.", "pod_failures"),
        ("pointsman_pod_ejections", "How often a pod was ejected because it kept failing.", "ejections"),
    ):
        family = core.CounterMetricFamily(metric, help_text, labels=("endpoint", "variant"))
        for name, variant in counts.variants.items():
            family.add_metric((counts.endpoint, name), getattr(variant, attribute))
        yield family
    pods = core.GaugeMetricFamily(
        "pointsman_pods",
        "Pods of the variant in each state, as this router sees them.",
        labels=("endpoint", "variant", "state"),
    )
    for name, variant in counts.variants.items():
        for state, count in zip(counters.POD_STATES, variant.pods, strict=True):
            pods.add_metric((counts.endpoint, name, state), count)
    yield pods


def _router_state(counts: counters.Counters) -> Iterator[core.Metric]:
    concurrent = core.GaugeMetricFamily(
        "pointsman_concurrent_requests",
        "Requests that wait for the model now.",
        labels=("endpoint", "variant"),
    )
    for name, variant in counts.variants.items():
        concurrent.add_metric((counts.endpoint, name), variant.concurrent)
    yield concurrent
    refused = core.CounterMetricFamily(
        "pointsman_refused_requests", "Requests that never got a variant.", labels=("endpoint", "code")
    )
    for code, count in sorted(counts.refused.items()):
        refused.add_metric((counts.endpoint, str(code)), count)
    yield refused
    revision = core.GaugeMetricFamily(
        "pointsman_route_table_revision", "Revision of the table in use.", labels=("endpoint",)
    )
    revision.add_metric((counts.endpoint,), counts.revision)
    yield revision

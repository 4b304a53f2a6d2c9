"""The operator's own metrics; their names are promised to dashboards and alerts."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from endpoint_operator.reconcile.keys import Key

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """One set of metrics in a registry of its own, so that tests and processes never share counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._reconciles = Counter(
            "pointsman_reconcile_total",
            "Looks at an endpoint, by result: done, retry or failed.",
            ("result",),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "pointsman_reconcile_seconds",
            "Time of one look at an endpoint, with everything it wrote.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self._propagation = Histogram(
            "pointsman_weight_propagation_seconds",
            "Time from a route table's write until the last router was heard to apply it.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self._info = Gauge(
            "pointsman_endpoint_info",
            "Always 1; the labels say what each endpoint serves and how it is.",
            ("namespace", "endpoint", "config", "status"),
            registry=self.registry,
        )
        self._leading = Gauge(
            "pointsman_operator_is_leading", "1 while this process leads.", registry=self.registry
        )
        self._shown: dict[Key, tuple[str, str]] = {}

    def count_reconcile(self, result: str, seconds: float) -> None:
        """One look at an endpoint is over."""
        self._reconciles.labels(result).inc()
        self._seconds.observe(seconds)

    def observe_propagation(self, seconds: float) -> None:
        """The last router was heard to apply a table ``seconds`` after it was written."""
        self._propagation.observe(seconds)

    def set_leading(self, is_leading: bool) -> None:
        """Whether this process leads."""
        self._leading.set(1 if is_leading else 0)

    def show_endpoint(self, key: Key, config: str, status: str) -> None:
        """What ``key`` serves and how it is now."""
        if self._shown.get(key) != (config, status):
            self.forget_endpoint(key)
            self._shown[key] = (config, status)
            self._info.labels(key.namespace, key.name, config, status).set(1)

    def forget_endpoints(self) -> None:
        """This process leads no more: what endpoints are is somebody else's to say."""
        for key in tuple(self._shown):
            self.forget_endpoint(key)

    def forget_endpoint(self, key: Key) -> None:
        """The endpoint is gone."""
        shown = self._shown.pop(key, None)
        if shown is not None:
            self._info.remove(key.namespace, key.name, *shown)

"""The server's own numbers, for Prometheus."""

import prometheus_client
from prometheus_client import core

from xgboost_server import booster

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096)


class Metrics:
    """Counts of one server process. The process's own CPU time and memory come with them."""

    __slots__ = (
        "_by_code",
        "_registry",
        "_requests",
        "_rows",
        "batch_rows",
        "predictions",
        "request_seconds",
    )

    def __init__(self) -> None:
        prometheus_client.disable_created_metrics()
        registry = self._registry = core.CollectorRegistry()
        prometheus_client.ProcessCollector(registry=registry)
        prometheus_client.PlatformCollector(registry=registry)
        self._requests = prometheus_client.Counter(
            "xgboost_server_requests",
            "Prediction requests answered, by status code.",
            ["code"],
            registry=registry,
        )
        self._by_code: dict[int, prometheus_client.Counter] = {}
        self.predictions = prometheus_client.Counter(
            "xgboost_server_predictions", "Rows predicted.", registry=registry
        )
        self.batch_rows = prometheus_client.Histogram(
            "xgboost_server_batch_rows",
            "Rows that went into one prediction.",
            buckets=_ROWS,
            registry=registry,
        )
        self.request_seconds = prometheus_client.Histogram(
            "xgboost_server_request_seconds",
            "From the last byte of a prediction request to its answer.",
            buckets=_SECONDS,
            registry=registry,
        )

    def answered(self, code: int, seconds: float) -> None:
        """Count one answered prediction request."""
        counter = self._by_code.get(code)
        if counter is None:
            counter = self._by_code[code] = self._requests.labels(str(code))
        counter.inc()
        self.request_seconds.observe(seconds)

    def predicted(self, rows: int) -> None:
        """Count one prediction of ``rows`` rows."""
        self.predictions.inc(rows)
        self.batch_rows.observe(rows)

    def serves(self, model: booster.Summary) -> None:
        """Say which model is served, as labels."""
        info = prometheus_client.Info(
            "xgboost_server_model", "The model that is served.", registry=self._registry
        )
        info.info(
            {
                "objective": model.objective,
                "booster": model.kind,
                "features": str(model.features),
                "xgboost": ".".join(map(str, booster.RUNNING_VERSION)),
            }
        )

    def render(self) -> bytes:
        """All of them in Prometheus's text format."""
        return prometheus_client.generate_latest(self._registry)

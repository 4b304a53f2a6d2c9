"""The server's own numbers, for Prometheus."""

import bisect
import collections
import itertools
from collections.abc import Iterator, Sequence

import orjson
import prometheus_client
from prometheus_client import core, registry

from xgboost_server import booster

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096)


class Histogram:
    """Counts of values up to each of ``bounds``; a tenth of the cost of prometheus_client's, which takes locks.

    For one thread, the event loop's.
    """

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect.bisect_left(self._bounds, value)] += 1
        self._sum += value

    def document(self) -> list[float]:
        """The counts and, last, the sum."""
        return [*self._counts, self._sum]

    def add(self, document: Sequence[float]) -> None:
        """Count what another histogram's `document` says too."""
        *counts, total = document
        self._counts = [ours + int(theirs) for ours, theirs in zip(self._counts, counts, strict=True)]
        self._sum += total

    def family(self, name: str, text: str) -> core.HistogramMetricFamily:
        """As Prometheus wants it: cumulative."""
        totals = itertools.accumulate(self._counts)
        names = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        return core.HistogramMetricFamily(
            name, text, buckets=list(zip(names, totals, strict=True)), sum_value=self._sum
        )


class Metrics:
    """Counts of one server process, or the sum of several."""

    __slots__ = ("_batch_rows", "_model", "_predictions", "_request_seconds", "_requests")

    def __init__(self, model: booster.Summary) -> None:
        self._model = model
        self._requests: collections.Counter[int] = collections.Counter()
        self._predictions = 0
        self._request_seconds = Histogram(_SECONDS)
        self._batch_rows = Histogram(_ROWS)

    def answered(self, code: int, seconds: float) -> None:
        """Count one answered prediction request."""
        self._requests[code] += 1
        self._request_seconds.observe(seconds)

    def predicted(self, rows: int) -> None:
        """Count one prediction of ``rows`` rows."""
        self._predictions += rows
        self._batch_rows.observe(rows)

    def collect(self) -> Iterator[core.Metric]:
        """Called by prometheus_client for every scrape."""
        requests = core.CounterMetricFamily(
            "xgboost_server_requests", "Prediction requests answered, by status code.", labels=["code"]
        )
        for code, count in sorted(self._requests.items()):
            requests.add_metric([str(code)], count)
        yield requests
        yield core.CounterMetricFamily(
            "xgboost_server_predictions", "Rows predicted.", value=self._predictions
        )
        yield self._batch_rows.family("xgboost_server_batch_rows", "Rows that went into one prediction.")
        yield self._request_seconds.family(
            "xgboost_server_request_seconds", "From the last byte of a prediction request to its answer."
        )
        info = {
            "objective": self._model.objective,
            "booster": self._model.kind,
            "features": str(self._model.features),
            "xgboost": ".".join(map(str, booster.RUNNING_VERSION)),
        }
        yield core.InfoMetricFamily("xgboost_server_model", "The model that is served.", value=info)

    def document(self) -> bytes:
        """All counts, for `add`."""
        counts = {
            "requests": self._requests,
            "predictions": self._predictions,
            "request_seconds": self._request_seconds.document(),
            "batch_rows": self._batch_rows.document(),
        }
        return orjson.dumps(counts, option=orjson.OPT_NON_STR_KEYS)

    def add(self, document: bytes) -> None:
        """Count what the `document` of another process says too; an empty one says nothing."""
        if document:
            counts = orjson.loads(document)
            self._requests.update({int(code): count for code, count in counts["requests"].items()})
            self._predictions += counts["predictions"]
            self._request_seconds.add(counts["request_seconds"])
            self._batch_rows.add(counts["batch_rows"])

    def render(self, process: registry.Collector) -> bytes:
        """All of them in Prometheus's text format, and those of ``process``."""
        shown = core.CollectorRegistry()
        shown.register(process)
        prometheus_client.PlatformCollector(registry=shown)
        shown.register(self)
        return prometheus_client.generate_latest(shown)

"""Counters of the hot path: plain numbers and lists, because a library's counters cost a seventh of a request.

`metrics` renders them when somebody asks.
"""

from bisect import bisect_left

LATENCY_BOUNDS = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
)  # fmt: skip
"""Upper bounds of the latency buckets, seconds."""

REASON_WEIGHT, REASON_TARGET, REASON_FALLBACK = range(3)
REASONS = ("weight", "target", "fallback")


class Histogram:
    """Counts per bucket, the last one open, and the sum of what was observed, in seconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(LATENCY_BOUNDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one value."""
        self.counts[bisect_left(LATENCY_BOUNDS, seconds)] += 1
        self.total += seconds


class VariantCounters:
    """What happened to the requests of one variant; ``invocations`` is indexed by reason."""

    __slots__ = (
        "concurrent", "errors_4xx", "errors_5xx", "invocations", "model_errors", "model_latency", "overhead_latency",
    )  # fmt: skip

    def __init__(self) -> None:
        self.invocations = [0] * len(REASONS)
        self.errors_4xx = 0
        self.errors_5xx = 0
        self.model_errors = 0
        self.concurrent = 0
        self.model_latency = Histogram()
        self.overhead_latency = Histogram()

    def give_up(self) -> None:
        """Count that one request went to another variant because no pod of this one could be connected to."""
        self.concurrent -= 1
        self.model_errors += 1

    def end(self, model_seconds: float, overhead_seconds: float) -> None:
        """Count the times of one request that is over."""
        self.concurrent -= 1
        self.model_latency.observe(model_seconds)
        self.overhead_latency.observe(overhead_seconds)

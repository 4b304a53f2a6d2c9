"""Counters of the hot path: plain numbers and lists, because a library's counters cost a seventh of a request.

`metrics` renders them when somebody asks. They stay plain in a worker too, which copies them into shared memory ten
times a second: counting there directly costs 28 ns more an increment, and a request makes eight.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, Final

# As a tuple of known length it would be packed anew for every look-up by mypyc.
LATENCY_BOUNDS: Final[Sequence[float]] = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
)  # fmt: skip
"""Upper bounds of the latency buckets, seconds."""

_FIRST_BOUND: Final = 0.0005

REASON_WEIGHT, REASON_TARGET, REASON_FALLBACK = range(3)
REASONS = ("weight", "target", "fallback")

POD_STATES = ("in_service", "slow_start", "ejected")


class Histogram:
    """Counts per bucket, the last one open, and the sum of what was observed, in seconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(LATENCY_BOUNDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one value."""
        # What the router adds is nearly always in the first bucket.
        self.counts[0 if seconds <= _FIRST_BOUND else bisect_left(LATENCY_BOUNDS, seconds)] += 1
        self.total += seconds

    def document(self) -> list[float]:
        """The counts and, last, the sum."""
        return [*self.counts, self.total]

    def add(self, document: list[float]) -> None:
        """Count what another histogram's `document` says too."""
        *counts, total = document
        self.counts = [int(ours + theirs) for ours, theirs in zip(self.counts, counts, strict=True)]
        self.total += total


class VariantCounters:
    """What happened to the requests of one variant; ``invocations`` is indexed by reason.

    ``pod_failures`` counts tries that came to nothing by a pod's fault, also where another pod then answered;
    ``pods`` says how many pods are in each of `POD_STATES` now.
    """

    __slots__ = (
        "concurrent", "ejections", "errors_4xx", "errors_5xx", "invocations", "model_errors", "model_latency",
        "overhead_latency", "pod_failures", "pods",
    )  # fmt: skip

    def __init__(self) -> None:
        self.invocations = [0] * len(REASONS)
        self.errors_4xx = 0
        self.errors_5xx = 0
        self.model_errors = 0
        self.concurrent = 0
        self.pod_failures = 0
        self.ejections = 0
        self.pods = [0] * len(POD_STATES)
        self.model_latency = Histogram()
        self.overhead_latency = Histogram()

    def give_up(self) -> None:
        """Count that one request went to another variant because no pod of this one could be connected to."""
        self.concurrent -= 1
        self.model_errors += 1

    def answered(self) -> int:
        """How many requests a pod answered as it should, refusals of the model included."""
        return sum(self.model_latency.counts) - self.model_errors + self.errors_4xx

    def end(self, model_seconds: float, overhead_seconds: float) -> None:
        """Count the times of one request that is over."""
        self.concurrent -= 1
        self.model_latency.observe(model_seconds)
        self.overhead_latency.observe(overhead_seconds)

    def document(self) -> dict[str, Any]:
        """All of it, to be stored as JSON."""
        return {
            "invocations": self.invocations,
            "errors_4xx": self.errors_4xx,
            "errors_5xx": self.errors_5xx,
            "model_errors": self.model_errors,
            "concurrent": self.concurrent,
            "pod_failures": self.pod_failures,
            "ejections": self.ejections,
            "pods": self.pods,
            "model_latency": self.model_latency.document(),
            "overhead_latency": self.overhead_latency.document(),
        }

    def add(self, document: Mapping[str, Any], *, is_alive: bool) -> None:
        """Count what another's `document` says too; nothing is under way in a process that is not alive."""
        pairs = zip(self.invocations, document["invocations"], strict=True)
        self.invocations = [ours + theirs for ours, theirs in pairs]
        self.errors_4xx += document["errors_4xx"]
        self.errors_5xx += document["errors_5xx"]
        self.model_errors += document["model_errors"]
        self.pod_failures += document["pod_failures"]
        self.ejections += document["ejections"]
        if is_alive:
            self.concurrent += document["concurrent"]
            # Every process has its own opinion of the same pods: the most that any of them says.
            self.pods = [max(pair) for pair in zip(self.pods, document["pods"], strict=True)]
        self.model_latency.add(document["model_latency"])
        self.overhead_latency.add(document["overhead_latency"])


class Counters:
    """Everything that a router counts. Variants that left the table keep their counters: they only ever grow."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.revision = 0
        self.variants: dict[str, VariantCounters] = {}
        self.refused: dict[int, int] = {}

    def variant(self, name: str) -> VariantCounters:
        """The counters of a variant, made when it is first seen."""
        return self.variants.setdefault(name, VariantCounters())

    def refuse(self, code: int) -> None:
        """Count a request that was answered with ``code`` before it got a variant."""
        self.refused[code] = self.refused.get(code, 0) + 1

    def show_pods(self, found: Mapping[str, Sequence[int]]) -> None:
        """``found`` has, by variant, how many pods are in each state now; a variant that it lacks has none."""
        for name, variant in self.variants.items():
            variant.pods = list(found.get(name, (0,) * len(POD_STATES)))

    def document(self) -> dict[str, Any]:
        """All counts, to be stored as JSON."""
        return {
            "variants": {name: variant.document() for name, variant in self.variants.items()},
            "refused": self.refused,
        }

    def add(self, document: Mapping[str, Any], *, is_alive: bool) -> None:
        """Count what another process's `document` says too, or, in its successor, go on from there."""
        for name, found in document["variants"].items():
            self.variant(name).add(found, is_alive=is_alive)
        for code, count in document["refused"].items():
            self.refused[int(code)] = self.refused.get(int(code), 0) + count

import json

import pytest

from endpoint_router import counters


@pytest.mark.parametrize(("seconds", "bucket"), [(0.0, 0), (0.0005, 0), (0.00051, 1), (60.0, 15), (61.0, 16)])
def test_a_bucket_includes_its_upper_bound(seconds: float, bucket: int) -> None:
    histogram = counters.Histogram()
    histogram.observe(seconds)
    assert histogram.counts.index(1) == bucket
    assert histogram.total == seconds


def test_a_variant_keeps_its_counters() -> None:
    counted = counters.Counters()
    assert counted.variant("A") is counted.variant("A")


def test_counts_add_up_over_processes_and_survive_being_stored() -> None:
    one, other = some_counts(1), some_counts(2)
    total = counters.Counters()
    for counts in (one, other):
        total.add(json.loads(json.dumps(counts.document())), is_alive=True)
    assert total.document() == {
        "variants": {
            "A": {
                "invocations": [0, 6, 0],
                "errors_4xx": 6,
                "errors_5xx": 6,
                "model_errors": 9,
                "concurrent": 6,
                "pod_failures": 3,
                "ejections": 6,
                "pods": [2, 0, 1],
                "model_latency": [3, *[0] * 15, 0, 0.0],
                "overhead_latency": [*[0] * 16, 3, 300.0],
            },
            "B1": {**counters.VariantCounters().document(), "concurrent": 1},
            "B2": {**counters.VariantCounters().document(), "concurrent": 1},
        },
        "refused": {400: 3, 503: 3},
    }


def test_nothing_is_under_way_in_a_process_that_has_ended() -> None:
    successor = counters.Counters()
    successor.add(some_counts(3).document(), is_alive=False)
    assert successor.variant("A").concurrent == 0
    assert successor.variant("A").pods == [0, 0, 0]
    assert successor.variant("A").errors_4xx == 6


def test_what_a_pod_answered_includes_refusals_of_the_model_but_no_failure() -> None:
    variant = counters.VariantCounters()
    for _ in range(10):
        variant.end(0.0, 0.0)
    variant.model_errors, variant.errors_4xx, variant.errors_5xx = 5, 3, 1
    assert variant.answered() == 8


def test_a_variant_that_left_the_table_has_no_pods() -> None:
    counts = counters.Counters()
    counts.variant("A"), counts.variant("B")
    counts.show_pods({"A": (1, 2, 3), "B": (4, 5, 6)})
    counts.show_pods({"A": (3, 2, 1)})
    assert (counts.variant("A").pods, counts.variant("B").pods) == ([3, 2, 1], [0, 0, 0])


def some_counts(times: int) -> counters.Counters:
    """So many times of everything, but the variant B, which has an own name each time."""
    counts = counters.Counters()
    counts.variant(f"B{times}").concurrent += 1
    variant = counts.variant("A")
    counts.show_pods({"A": (3 - times, 0, times - 1)})
    for _ in range(times):
        variant.invocations[counters.REASON_TARGET] += 2
        variant.errors_4xx += 2
        variant.errors_5xx += 2
        variant.model_errors += 2
        variant.concurrent += 4
        variant.pod_failures += 1
        variant.ejections += 2
        variant.give_up()
        variant.end(0.0, 100.0)
        counts.refuse(400)
        counts.refuse(503)
    return counts

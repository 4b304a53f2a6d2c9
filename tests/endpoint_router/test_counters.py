import pytest

from endpoint_router import counters


@pytest.mark.parametrize(("seconds", "bucket"), [(0.0, 0), (0.0005, 0), (0.00051, 1), (60.0, 15), (61.0, 16)])
def test_a_bucket_includes_its_upper_bound(seconds: float, bucket: int) -> None:
    histogram = counters.Histogram()
    histogram.observe(seconds)
    assert histogram.counts.index(1) == bucket
    assert histogram.total == seconds

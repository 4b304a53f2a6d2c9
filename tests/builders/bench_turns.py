"""Turns of a benchmark as they might have been measured."""

from tests.bench import turns


def a_turn(
    number: int = 0,
    *,
    rate: float = 1000.0,
    cpu: float = 10.0,
    p50: float = 100.0,
    rss: float = 40.0,
    worker: float = 0.0,
) -> turns.Turn:
    """Turn ``number`` of a contender; what is not given does not matter."""
    return turns.Turn(
        round=number,
        rate=rate,
        p50=p50,
        p99=2 * p50,
        worst=3 * p50,
        cpu=cpu,
        rss=rss,
        worker=worker,
        busy=1.0,
        foreign=0.0,
        requests=int(rate),
        errors=0,
    )

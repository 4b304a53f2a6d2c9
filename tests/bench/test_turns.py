"""Everybody gets the same load, and nobody always comes first."""

from pathlib import Path

import pytest

from tests.bench import contender, load, turns
from tests.builders import free_ports


def an_entrant(name: str) -> turns.Entrant:
    item = contender.Contender(name=name, version="1", command=["true"], port=1)
    return turns.Entrant(item, NotRunning())  # type: ignore[arg-type]


class NotRunning:
    """Stands for a program that answers, without a process."""

    is_alive = True

    def cpu_seconds(self) -> float:
        return 0.0

    ready_seconds = 0.5

    def rss_megabytes(self) -> float:
        return 3.0

    def worker_megabytes(self) -> float:
        return 1.0


def a_bench(folder: Path, *names: str) -> turns.Bench:
    return turns.Bench([an_entrant(name) for name in names], (), 0, 0, folder)


SCENARIO = contender.Scenario("rows", 4, lambda _: [contender.post("/", {}, b"1")], units=10)


def an_outcome(errors: int = 0) -> load.Outcome:
    return load.Outcome(
        requests=100, seconds=2.0, p50=1e-4, p99=2e-4, worst=1e-3, errors=errors, cpu_seconds=0.0
    )


def test_another_one_begins_each_round() -> None:
    entrants = [an_entrant(name) for name in "abc"]
    order = ["".join(item.contender.name for item in turns.rotated(entrants, number)) for number in range(4)]
    assert order == ["abc", "bca", "cab", "abc"]


def test_it_is_told_how_each_began(tmp_path: Path) -> None:
    began = turns.Start(ready=0.5, rss=3, worker=1)
    assert turns.starts(a_bench(tmp_path, "a", "b")) == {"a": began, "b": began}


def test_rates_count_units_and_times_are_microseconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "run", lambda *_, **__: an_outcome())
    played, faults = turns.play(a_bench(tmp_path, "a"), SCENARIO, rounds=2, seconds=1, show=str)
    assert faults == {}
    first, second = played["a"]
    assert (first.rate, first.p50, first.requests) == (500, 100, 100)
    assert (first.round, second.round) == (0, 1)


def test_a_turn_with_failed_requests_is_told_and_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = iter([an_outcome(), an_outcome(errors=7), an_outcome()])
    monkeypatch.setattr(load, "run", lambda *_, **__: next(outcomes))
    played, faults = turns.play(a_bench(tmp_path, "a"), SCENARIO, rounds=3, seconds=1, show=str)
    assert [turn.round for turn in played["a"]] == [0, 2]
    assert faults == {"a": "round 2: 7 of 100 requests failed"}


def test_the_others_play_on_when_one_gives_no_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(requests: Path, **_: object) -> load.Outcome:
        if requests.name == "0.requests":
            raise load.LoadError("refused")
        return an_outcome()

    monkeypatch.setattr(load, "run", run)
    played, faults = turns.play(a_bench(tmp_path, "a", "b"), SCENARIO, rounds=2, seconds=1, show=str)
    assert list(played) == ["b"]
    assert faults == {"a": "round 2: refused"}


def test_busy_time_of_the_cores_only_grows() -> None:
    before = turns.busy_seconds({0})
    assert free_ports.find(1)
    assert turns.busy_seconds({0}) >= before > 0

"""A promise is judged by what was measured, never by what is missing."""

import pytest

from tests.bench import comparison, promises, turns
from tests.builders.bench_turns import a_turn

AT_LEAST = promises.Promise("row", "rate", "nginx", 0.9, is_minimum=True)
AT_MOST = promises.Promise("row", "cpu", "nginx", 1.2, is_minimum=False)
MEMORY = promises.Promise("row", "rss", "", 60, is_minimum=False)
WORKER = promises.Promise("row", "worker", "", 35, is_minimum=False)
READY = promises.Promise(promises.START, "ready", "", 1, is_minimum=False)
IDLE = promises.Promise(promises.START, "worker", "", 35, is_minimum=False)


@pytest.mark.parametrize(
    ("promise", "ours", "kept"),
    [
        (AT_LEAST, a_turn(rate=90), True),
        (AT_LEAST, a_turn(rate=89), False),
        (AT_MOST, a_turn(cpu=12), True),
        (AT_MOST, a_turn(cpu=12.1), False),
        (MEMORY, a_turn(rss=60), True),
        (MEMORY, a_turn(rss=61), False),
        (WORKER, a_turn(worker=35), True),
        (WORKER, a_turn(worker=36), False),
    ],
)
def test_a_bound_itself_keeps_the_promise(promise: promises.Promise, ours: turns.Turn, kept: bool) -> None:
    played = {"row": {"ours": [ours], "nginx": [a_turn(rate=100, cpu=10)]}}
    (verdict,) = promises.judge((promise,), played, {}, "ours")
    assert verdict.is_kept is kept


@pytest.mark.parametrize(("ready", "idle", "kept"), [(1.0, 35.0, [True, True]), (1.1, 36.0, [False, False])])
def test_a_start_is_judged_whatever_is_played(ready: float, idle: float, kept: list[bool]) -> None:
    starts = {"ours": turns.Start(ready=ready, rss=80, worker=idle)}
    verdicts = promises.judge((READY, IDLE), {}, starts, "ours")
    assert [verdict.is_kept for verdict in verdicts] == kept
    assert [verdict.measured for verdict in verdicts] == [ready, idle]


def test_who_did_not_start_was_not_ready() -> None:
    (verdict,) = promises.judge((READY,), {}, {"nginx": turns.Start(ready=0.1, rss=10, worker=5)}, "ours")
    assert (verdict.measured, verdict.is_kept) == (None, False)


@pytest.mark.parametrize("missing", ["ours", "nginx"])
def test_a_promise_about_one_who_is_missing_is_neither_measured_nor_kept(missing: str) -> None:
    measured = {"ours": [a_turn()], "nginx": [a_turn()]}
    del measured[missing]
    (verdict,) = promises.judge((AT_LEAST,), {"row": measured}, {}, "ours")
    assert (verdict.measured, verdict.is_kept) == (None, False)


def test_what_was_not_played_is_not_judged() -> None:
    assert promises.judge((AT_LEAST,), {}, {}, "ours") == []


@pytest.mark.parametrize("chosen", comparison.ALL.values(), ids=comparison.ALL)
def test_every_promise_is_about_a_scenario_that_is_played(chosen: comparison.Comparison) -> None:
    names = {promises.START, *(scenario.name for scenario in chosen.scenarios)}
    assert {promise.scenario for promise in chosen.promises} <= names

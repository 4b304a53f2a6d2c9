import dataclasses
import itertools
import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint_router import pod_health, routing, selection
from tests.builders import route_tables

RULES = pod_health.Rules()
WELL = pod_health.Health()
START = pod_health.Tally()


def a_row(failures: int, health: pod_health.Health = WELL) -> pod_health.Health:
    """After so many failures in a row, the variant having done nothing before."""
    for _ in range(failures):
        health = pod_health.failed(health, START)
    return health


def is_outlier(failures: int, *, others_answered: int = 0, others_failed: int = 0) -> bool:
    tally = pod_health.Tally(others_answered, others_failed + failures)
    return pod_health.is_outlier(a_row(failures), tally, RULES)


# Who is an outlier


def test_the_fifth_failure_in_a_row_makes_an_outlier_while_others_answer() -> None:
    assert not is_outlier(4, others_answered=1000)
    assert is_outlier(5, others_answered=100)


def test_one_answer_ends_the_row() -> None:
    health = a_row(1, pod_health.answered(a_row(4)))
    assert not pod_health.is_outlier(health, pod_health.Tally(1000, 5), RULES)


@pytest.mark.parametrize("failures", [5, 50, 500])
def test_nothing_tells_a_pod_from_others_that_were_not_asked_or_failed_too(failures: int) -> None:
    assert not is_outlier(failures)
    assert not is_outlier(failures, others_failed=failures)
    assert not is_outlier(failures, others_failed=9 * failures)


@pytest.mark.parametrize(("pods", "failures"), [(2, 8), (3, 6), (4, 5), (10, 5)])
def test_the_only_bad_one_of_some_pods_is_found_after(pods: int, failures: int) -> None:
    found = (row for row in itertools.count(1) if is_outlier(row, others_answered=row * (pods - 1)))
    assert next(found) == failures


def test_the_more_often_others_fail_too_the_longer_the_row_must_be() -> None:
    def needed(percent: int) -> int:
        fared = {"others_answered": 100_000 - 1000 * percent, "others_failed": 1000 * percent}
        return next(row for row in itertools.count(1) if is_outlier(row, **fared))

    assert [needed(percent) for percent in (0, 10, 50, 70, 90)] == [5, 5, 14, 26, 88]


def test_the_rule_is_fishers_exact_test() -> None:
    for failures, answered, failed in itertools.product((5, 6, 9), (3, 20, 80), (0, 2, 30)):
        dealt = math.comb(failures + failed, failures) / math.comb(failures + failed + answered, failures)
        found = is_outlier(failures, others_answered=answered, others_failed=failed)
        assert found == (dealt <= 1e-4)


def test_what_others_did_before_the_row_does_not_matter() -> None:
    health, before = WELL, pod_health.Tally(1_000_000, 10)
    for failed in range(50):
        health = pod_health.failed(health, pod_health.Tally(before.answered, before.failed + 5 * failed))
    assert not pod_health.is_outlier(health, pod_health.Tally(before.answered, before.failed + 250), RULES)


@pytest.mark.parametrize("bad", [0.2, 0.5, 0.8, 0.9, 0.99])
@pytest.mark.parametrize("pods", [2, 3, 10])
def test_bad_requests_that_meet_any_pod_hardly_ever_make_an_outlier(bad: float, pods: int) -> None:
    chance, found, requests = random.Random(pods), 0, 40_000
    health, tally = [WELL] * pods, START
    for _ in range(requests):
        asked = chance.randrange(pods)
        if chance.random() >= bad:
            tally = dataclasses.replace(tally, answered=tally.answered + 1)
            health[asked] = pod_health.answered(health[asked])
            continue
        health[asked] = pod_health.failed(health[asked], tally)
        tally = dataclasses.replace(tally, failed=tally.failed + 1)
        if pod_health.is_outlier(health[asked], tally, RULES):
            found += 1
            health[asked] = WELL
    assert found <= requests / 4000


def test_0_consecutive_failures_turn_ejection_off() -> None:
    off = dataclasses.replace(RULES, consecutive_failures=0)
    assert not pod_health.is_outlier(a_row(1000), pod_health.Tally(1000, 1000), off)


# Out, and back


def out(health: pod_health.Health, now: float) -> float:
    """For how long it is ejected."""
    return pod_health.ejected(health, now, RULES).out_until - now


def test_the_time_out_grows_with_every_ejection_in_a_row_up_to_a_limit() -> None:
    health, now, seconds = WELL, 100.0, []
    for _ in range(40):
        health = pod_health.ejected(health, now, RULES)
        seconds.append(health.out_until - now)
        now = health.out_until
        health = pod_health.returned(health, now, START)
    assert seconds == pytest.approx([10.0 * i for i in range(1, 31)] + [300.0] * 10)


def test_time_in_service_is_forgiven_one_ejection_an_interval() -> None:
    health = dataclasses.replace(WELL, joined_at=1000.0, ejections=5)
    assert [out(health, 1000.0 + seconds) for seconds in (0, 9, 10, 35, 50, 5000)] == [
        60.0, 60.0, 50.0, 30.0, 10.0, 10.0,
    ]  # fmt: skip


def test_what_an_ejected_pod_still_does_is_no_news() -> None:
    ejected = pod_health.ejected(a_row(5), 7.0, RULES)
    assert ejected.is_out
    assert pod_health.failed(ejected, START) == ejected
    assert pod_health.answered(ejected) == ejected
    assert not pod_health.is_outlier(ejected, pod_health.Tally(1000, 1000), RULES)


def test_a_pod_that_is_back_is_on_trial_until_it_answers() -> None:
    back = pod_health.returned(pod_health.ejected(WELL, 0.0, RULES), 10.0, START)
    while_others_answered = pod_health.Tally(answered=100, failed=1)
    assert pod_health.is_outlier(a_row(1, back), while_others_answered, RULES), "no second full row"
    assert pod_health.is_outlier(a_row(2, back), pod_health.Tally(13, 2), RULES)
    assert not pod_health.is_outlier(a_row(1, back), pod_health.Tally(13, 1), RULES), "too little to tell"
    assert not pod_health.is_outlier(a_row(2, back), pod_health.Tally(50, 8), RULES), "others fail too"
    passed = a_row(1, pod_health.answered(back))
    assert not pod_health.is_outlier(passed, while_others_answered, RULES)
    assert passed.ejections == 1, "but not forgotten"


# Never the whole variant


ADDRESSES = st.lists(st.integers(0, 99).map(str), min_size=1, max_size=20, unique=True)


@given(members=ADDRESSES, data=st.data(), max_ejected=st.floats(0, 1))
def test_never_all_of_a_variant_are_left_out(
    members: list[str], data: st.DataObject, max_ejected: float
) -> None:
    out_until = data.draw(st.dictionaries(st.sampled_from(members), st.floats(0, 1e6)))
    rules = dataclasses.replace(RULES, max_ejected=max_ejected)
    left_out = pod_health.Standing(out_until=out_until, rules=rules).left_out(members)
    assert left_out <= out_until.keys()
    assert len(left_out) < len(members)
    assert len(left_out) == min(len(out_until), pod_health.most_ejected(len(members), rules))
    assert all(
        out_until[there] <= out_until[gone] for gone in left_out for there in out_until.keys() - left_out
    ), "those who would come back first are back"


def test_of_two_pods_one_may_be_out_and_else_up_to_half() -> None:
    assert [pod_health.most_ejected(pods, RULES) for pods in range(8)] == [0, 0, 1, 1, 2, 2, 3, 3]


# Slow start


@given(ages=st.lists(st.floats(0, 1e5), min_size=2, max_size=50))
def test_a_share_only_grows_from_the_smallest_to_1(ages: list[float]) -> None:
    shares = [pod_health.share(pod_health.Health(100.0), 100.0 + age, RULES) for age in sorted(ages)]
    assert shares == sorted(shares)
    assert all(RULES.min_share <= share <= 1.0 for share in shares)
    assert pod_health.share(pod_health.Health(100.0), 100.0 + RULES.slow_start_seconds, RULES) == 1.0
    assert pod_health.share(WELL, 0.0, RULES) == 1.0, "a pod that was always there"


def test_0_seconds_turn_slow_start_off() -> None:
    off = dataclasses.replace(RULES, slow_start_seconds=0.0)
    assert pod_health.share(pod_health.Health(100.0), 100.0, off) == 1.0


@given(shares=st.dictionaries(st.integers(0, 30).map(str), st.floats(0.05, 1.0), min_size=1, max_size=20))
def test_all_levels_together_are_all_draws_and_each_pod_gets_its_part(shares: dict[str, float]) -> None:
    addresses, oldest = tuple(shares), max(shares.values())
    levels = pod_health.Standing(shares).levels(addresses)
    assert sum(part for part, _ in levels) == pytest.approx(1.0)
    assert levels[0][1] == addresses, "everybody stands in the first part"
    for address, share in shares.items():
        stands = sum(part for part, standing in levels if address in standing)
        assert stands == pytest.approx(share / oldest)


def test_new_pods_alone_share_everything_at_once() -> None:
    standing = pod_health.Standing(newcomers=0.1)
    assert standing.levels(("a", "b")) == [(1.0, ("a", "b"))]
    assert standing.starting(("a", "b")) == 0


@pytest.mark.parametrize("old", [1, 2, 9])
def test_a_new_pods_part_of_the_requests_grows_to_that_of_the_others(old: int) -> None:
    addresses = (*(f"old{i}:1" for i in range(old)), "new:1")
    table = route_tables.a_table(A=1)
    snapshot = route_tables.a_snapshot(table, churn_a=addresses)
    parts = []
    for age in range(12):
        share = pod_health.share(pod_health.Health(0.0), float(age), RULES)
        standing = pod_health.Standing(dict.fromkeys(addresses, 1.0) | {"new:1": share})
        parts.append(part_of("new:1", routing.compile_routing(snapshot, standing=standing).untargeted))
    fair = 1 / len(addresses)
    assert parts == sorted(parts)
    assert parts[0] == pytest.approx(fair * RULES.min_share)
    assert parts[5] == pytest.approx(fair / 2)
    assert parts[10] == parts[11] == pytest.approx(fair)


def part_of(address: str, shares: tuple[routing.Share, ...]) -> float:
    """The part of the draws that a pod gets when all are equally busy."""
    lowers = [0.0, *(share.upper for share in shares)]
    return sum(
        (share.upper - lower) / len(share.addresses)
        for share, lower in zip(shares, lowers, strict=False)
        if address in share.addresses
    )


def test_one_random_number_is_enough_also_during_slow_start() -> None:
    addresses = ("a:1", "b:1", "new:1")
    snapshot = route_tables.a_snapshot(route_tables.a_table(A=1), churn_a=addresses)
    standing = pod_health.Standing(dict.fromkeys(addresses, 1.0) | {"new:1": 0.3})
    shares = routing.compile_routing(snapshot, standing=standing).untargeted
    chance, drawn = random.Random(5), Counter[str]()
    for _ in range(30_000):
        index, rest = selection.draw(shares, chance.random())
        drawn[shares[index].addresses[int(rest * len(shares[index].addresses))]] += 1
    assert drawn["new:1"] / 30_000 == pytest.approx(0.1, abs=0.01)
    assert drawn["a:1"] / 30_000 == pytest.approx(0.45, abs=0.015)

"""Figures come from neighbours in time."""

import pytest

from tests.bench import figures, turns
from tests.builders.bench_turns import a_turn


def test_a_ratio_is_the_median_of_those_within_each_round() -> None:
    measured = {
        "ours": [a_turn(0, rate=100), a_turn(1, rate=10), a_turn(2, rate=90)],
        "nginx": [a_turn(0, rate=50), a_turn(1, rate=10), a_turn(2, rate=30)],
    }
    assert figures.ratio(measured, "ours", "nginx", "rate") == 2


def test_a_round_that_one_of_them_missed_counts_for_nothing() -> None:
    measured = {
        "ours": [a_turn(0, rate=100), a_turn(1, rate=100)],
        "nginx": [a_turn(1, rate=50), a_turn(2, rate=1)],
    }
    assert figures.ratio(measured, "ours", "nginx", "rate") == 2


@pytest.mark.parametrize("measured", [{"ours": [a_turn()]}, {"ours": [a_turn(0)], "nginx": [a_turn(1)]}])
def test_there_is_no_ratio_to_one_that_was_never_met(measured: dict[str, list[turns.Turn]]) -> None:
    assert figures.ratio(measured, "ours", "nginx", "rate") is None


def test_a_summary_has_medians_and_ratios_to_the_reference() -> None:
    measured = {
        "ours": [a_turn(0, cpu=30, rss=40), a_turn(1, cpu=10, rss=60), a_turn(2, cpu=20, rss=50)],
        "nginx": [a_turn(number, cpu=10) for number in range(3)],
    }
    summary = figures.summarise(measured, "nginx")["ours"]
    assert (summary.cpu, summary.rss, summary.turns) == (20, 50, 3)
    assert summary.growth == 10
    assert summary.ratios["cpu"] == 2


def test_without_the_reference_there_are_figures_but_no_ratios() -> None:
    assert figures.summarise({"ours": [a_turn()]}, "nginx")["ours"].ratios == {}

"""What each XGBoost wrote, served by each: the right answers, or a refusal that says what to do."""

import functools
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.xgboost_versions import recipes
from tests.xgboost_versions.conftest import ONE_THREAD, RELEASES, Run

Outcomes = list[dict[str, Any]]


def numbers(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


@pytest.fixture(scope="module")
def outcomes(run: Run, written: dict[str, Path]) -> Callable[[str], Outcomes]:
    """What became of every file, by the release that served it."""

    @functools.cache
    def of(runner: str) -> Outcomes:
        printed = run(runner, "-m", "tests.xgboost_versions.read", *written.values(), **ONE_THREAD)
        return [json.loads(line) for line in printed.splitlines()]

    return of


def expected_refusal(recipe: recipes.Recipe, form: str, writer: str, runner: str) -> str:
    """A part of the message with which this has to be refused; empty when it has to be served."""
    written_by, running = numbers(writer), numbers(runner)
    if written_by > running:
        shown = ".".join(map(str, written_by)) if form == "deprecated" else writer
        return f"written by XGBoost {shown}, which is newer than the running XGBoost {runner}"
    if form == "deprecated" and running >= (3, 1):
        return f"old binary format, which the running XGBoost {runner} does not read: use the server image of"
    if recipe.parameters.get("multi_strategy") == "multi_output_tree" and written_by < (3, 2) <= running:
        return f"(multi_output_tree), written by XGBoost {writer}, which the running XGBoost {runner} does not read"
    # Two defects of XGBoost's own: its newer versions do not read all that 1.7 wrote.
    if recipe.parameters["objective"] == "reg:gamma" and written_by == (1, 7) and running in ((2, 1), (3, 0)):
        return f"XGBoost {runner} cannot read "
    if recipe.rounds == 0 and form != "deprecated" and written_by == (1, 7) and running > (1, 7):
        return f"XGBoost {runner} cannot predict with "
    return ""


def test_each_pair_of_writer_and_runner_is_served_or_refused_by_the_rule(
    outcomes: Callable[[str], Outcomes], writer: str, runner: str
) -> None:
    found = [outcome for outcome in outcomes(runner) if outcome["folder"] == writer]
    forms = Counter(outcome["file"].partition(".")[2] for outcome in found)
    kinds = sum(recipe.since <= numbers(writer) for recipe in recipes.RECIPES)
    assert {forms["json"], forms["ubj"], forms["pickle"]} == {kinds}
    assert (forms["deprecated"] > 0) == (numbers(writer) < (3, 1))
    served = 0
    for outcome in found:
        number, _, form = outcome["file"].partition(".")
        refusal = expected_refusal(recipes.RECIPES[int(number)], form, writer, runner)
        if refusal:
            assert refusal in outcome["refusal"]
            continue
        assert outcome["refusal"] == ""
        assert outcome["is_equal"], f"{outcome['file']} differs from Booster.predict of {runner}"
        assert outcome["difference"] < 1e-5, f"{outcome['file']} differs from what {writer} predicted"
        served += 1
    print(f"written by {writer}, run by {runner}: {served} served, {len(found) - served} refused")
    assert (served == 0) == (numbers(writer) > numbers(runner))


def test_there_is_more_than_one_release() -> None:
    assert len(RELEASES) >= 4

"""What a user reads of weights: claimed of routers only as far as they are known to apply them."""

import dataclasses

import pytest

from endpoint_contract import route_table
from endpoint_operator.rollout import observed
from tests.builders import snapshots
from tests.builders.planning import carried_out
from tests.builders.snapshots import TWO, an_endpoint
from tests.builders.statuses import SERVED, condition, message, status_of


def test_all_weights_zero_keep_the_last_split_and_say_so() -> None:
    status = status_of(TWO.ready().asks(weights={"A": 0, "B": 0}), SERVED)
    assert condition(status, "WeightsApplied") == ("False", "AllWeightsZero")
    assert "A=25% B=75%" in message(status, "WeightsApplied")
    assert condition(status, "Serving") == ("True", "Serving")
    assert [item["desiredWeight"] for item in status["productionVariants"]] == [0.0, 0.0]
    assert [item["currentWeight"] for item in status["productionVariants"]] == [1.0, 3.0]


def test_all_weights_zero_without_an_earlier_split_answer_named_requests_only() -> None:
    endpoint = an_endpoint("one").with_variant("A", weight=0).ready()
    status = status_of(endpoint)
    assert condition(status, "Serving") == ("False", "AllWeightsZero")
    assert "no earlier split" in message(status, "WeightsApplied")


def test_a_weight_for_an_unknown_variant_is_named() -> None:
    endpoint = TWO.ready().asks(weights={"Nope": 1})
    status = status_of(endpoint, SERVED)
    assert condition(status, "WeightsApplied") == ("False", "UnknownVariant")
    assert "Nope" in status["failureReason"]


def test_a_weight_patch_is_claimed_only_when_routers_apply_it() -> None:
    patched = TWO.ready().asks(weights={"A": 3})
    pending = status_of(patched, SERVED)
    assert condition(pending, "WeightsApplied") == ("False", "Applying")
    assert pending["weights"] == "A=25% B=75%"
    variant = pending["productionVariants"][0]
    assert (variant["currentWeight"], variant["desiredWeight"]) == (1.0, 3.0)
    applied = status_of(carried_out(patched).heard(), pending)
    assert condition(applied, "WeightsApplied") == ("True", "Applied")
    assert applied["weights"] == "A=50% B=50%"


def test_the_current_weight_is_that_of_the_oldest_table_that_a_router_runs() -> None:
    endpoint = TWO.ready()
    table = endpoint.seen.table
    assert table is not None
    newer = route_table.RouteTable(
        "churn", 8, (dataclasses.replace(table.variants[0], weight=9.0), *table.variants[1:])
    )
    mixed = endpoint.asks(weights={"A": 9}).written(newer)
    report = mixed.heard(newer).seen.reports["A-1-0"]
    status = status_of(mixed.with_report("A-1-0", report), SERVED)
    assert condition(status, "WeightsApplied") == ("False", "Applying")
    assert status["productionVariants"][0]["currentWeight"] == 1.0


@pytest.mark.parametrize(
    "answer", [None, observed.Unreachable(snapshots.NOW - 90)], ids=["unasked", "silent"]
)
def test_of_a_router_that_was_never_heard_no_new_weight_is_claimed(
    answer: observed.Unreachable | None,
) -> None:
    told = status_of(TWO.ready(), SERVED)
    endpoint = carried_out(TWO.ready().asks(weights={"A": 9})).heard()
    heard = {name: report for name, report in endpoint.seen.reports.items() if name != "A-1-0"}
    reports = heard if answer is None else {**heard, "A-1-0": answer}
    status = status_of(endpoint.seeing(reports=reports), told)
    assert [item["currentWeight"] for item in status["productionVariants"]] == [1.0, 3.0]
    assert status["weights"] == told["weights"]
    assert condition(status, "WeightsApplied")[0] == "Unknown"


@pytest.mark.parametrize(
    ("silent_for", "reason"),
    [
        pytest.param(5.0, "WaitingForRouters", id="a moment"),
        pytest.param(61.0, "RouterUnreachable", id="a minute"),
    ],
)
def test_a_router_that_does_not_answer_is_not_spoken_for(silent_for: float, reason: str) -> None:
    endpoint = TWO.ready().with_report("A-1-0", observed.Unreachable(snapshots.NOW - silent_for))
    status = status_of(endpoint, SERVED)
    assert condition(status, "WeightsApplied") == ("Unknown", reason)
    assert condition(status, "Ready") == ("Unknown", reason)
    assert ("A-1-0" in message(status, "WeightsApplied")) is (reason == "RouterUnreachable")
    assert status["endpointStatus"] == "InService"


def test_until_a_router_has_answered_the_split_that_was_told_last_stays_and_is_not_vouched_for() -> None:
    before = status_of(TWO.ready())
    status = status_of(TWO.ready().seeing(reports={}), before)
    assert condition(status, "WeightsApplied") == ("Unknown", "WaitingForRouters")
    assert status["weights"] == before["weights"]
    assert status["productionVariants"] == before["productionVariants"]


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        pytest.param({"A": 1, "B": 2}, "A=33.33% B=66.67%", id="thirds"),
        pytest.param({"A": 0, "B": 2}, "A=0% B=100%", id="all to one"),
        pytest.param({"A": 1, "B": 1e9}, "A=<0.01% B=100%", id="hardly any"),
    ],
)
def test_shares_are_written_as_people_write_them(weights: dict[str, float], text: str) -> None:
    endpoint = an_endpoint("one")
    for name, weight in weights.items():
        endpoint = endpoint.with_variant(name, weight=weight)
    assert status_of(endpoint.ready())["weights"] == text

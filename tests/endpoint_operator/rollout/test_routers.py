"""What is concluded from routers' answers, and from their silence."""

import dataclasses

import pytest

from endpoint_contract import route_table
from endpoint_operator.rollout import observed, routers
from tests.builders import snapshots
from tests.builders.snapshots import an_endpoint

ONE = an_endpoint("one").with_variant("A", count=2).ready()
TABLE = ONE.seen.table
NEWER = dataclasses.replace(TABLE, revision=8) if TABLE else None
SILENT = observed.Unreachable(snapshots.NOW - 1)


def test_routers_that_run_the_table_have_applied_it() -> None:
    view = routers.view(ONE.observed(), TABLE)
    assert view.applied == ("A-1-0", "A-1-1")
    assert view.all_applied


def test_each_router_is_counted_once_for_what_is_known_of_it() -> None:
    unasked = {name: answer for name, answer in ONE.seen.reports.items() if name != "A-1-0"}
    seen = ONE.seeing(reports=unasked).with_report("A-1-1", SILENT).observed()
    view = routers.view(seen, TABLE)
    assert (view.applied, view.behind, view.unasked) == ((), (), ("A-1-0",))
    assert view.silent == (("A-1-1", SILENT.since),)
    assert not view.all_applied


def test_a_router_with_an_older_table_is_behind() -> None:
    assert routers.view(ONE.observed(), NEWER).behind == ("A-1-0", "A-1-1")


def test_without_a_table_nobody_has_applied_it() -> None:
    assert routers.view(ONE.observed(), None).applied == ()


def test_a_silent_router_counts_as_it_answered_last() -> None:
    last = ONE.seen.reports["A-1-0"]
    assert not isinstance(last, observed.Unreachable)
    silent = ONE.with_report("A-1-0", observed.Unreachable(snapshots.NOW, last)).observed()
    assert routers.view(silent, TABLE).all_applied
    assert routers.view(silent, NEWER).silent == (("A-1-0", snapshots.NOW),)


def test_a_router_lacks_a_service_without_ready_addresses() -> None:
    assert routers.without_addresses(ONE.observed(), ["A-1"]) == ()
    assert routers.without_addresses(ONE.observed(), ["A-1", "B-1"]) == ("A-1-0", "A-1-1")


@pytest.mark.parametrize(
    ("since", "waits"),
    [pytest.param(-1.0, True, id="a moment"), pytest.param(-routers.PATIENCE, False, id="long enough")],
)
def test_a_silent_router_is_waited_for_only_for_a_moment(since: float, waits: bool) -> None:
    seen = ONE.with_report("A-1-0", observed.Unreachable(snapshots.NOW + since)).observed()
    assert (routers.without_addresses(seen, ["A-1"]) == ("A-1-0",)) is waits
    assert (routers.patience_left(seen) is not None) is waits


def test_oldest_and_newest_are_of_all_that_routers_run() -> None:
    assert NEWER is not None
    mixed = ONE.with_report("A-1-1", ONE.heard(NEWER).seen.reports["A-1-1"]).observed()
    assert routers.oldest_table(mixed) == TABLE
    assert routers.newest_table(mixed) == NEWER
    assert routers.oldest_table(ONE.seeing(reports={}).observed()) is None


def test_a_table_is_numbered_after_all_that_were_seen() -> None:
    lost = ONE.seeing(table=None)
    assert routers.next_revision(ONE.observed()) == 8
    assert routers.next_revision(lost.observed()) == 8, "routers still run 7"
    assert routers.next_revision(lost.seeing(reports={}).observed()) == 1


def test_another_table_of_the_same_number_is_no_acknowledgement() -> None:
    other = route_table.RouteTable("churn", 7, ())
    assert routers.view(ONE.observed(), other).applied == ()

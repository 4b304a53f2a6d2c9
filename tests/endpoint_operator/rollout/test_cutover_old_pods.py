"""What becomes of pods whose requests go elsewhere, and of those whose roll-out is no longer wished for."""

import dataclasses

import pytest

from endpoint_operator.rollout import observed
from endpoint_operator.rollout.plan import Phase
from tests.builders import snapshots
from tests.builders.planning import carried_out, plan, written
from tests.builders.snapshots import NEW_MODEL, TWO, a_roll_out


def test_old_backends_stay_in_the_table_until_every_router_has_it() -> None:
    moved = carried_out(TWO.ready().rolling_out(NEW_MODEL).with_coming_pods().heard())
    decided = plan(moved)
    assert (decided.phase, decided.table_write, decided.delete) == (Phase.LEAVING_TABLE, None, ())
    assert decided.asks_routers
    acknowledged = plan(moved.heard())
    assert acknowledged.phase is Phase.DRAINING
    assert acknowledged.table_write is not None
    assert "B-1" not in str(acknowledged.table_write.table)
    assert acknowledged.delete == (), "the table that drops them is not even written"


def test_a_router_whose_last_answer_was_the_present_table_holds_nothing_up() -> None:
    moved = carried_out(TWO.ready().rolling_out(NEW_MODEL).with_coming_pods().heard()).heard()
    last = moved.seen.reports["A-1-0"]
    assert not isinstance(last, observed.Unreachable)
    silent = moved.with_report("A-1-0", observed.Unreachable(snapshots.NOW, last))
    assert plan(silent).phase is Phase.DRAINING


def test_a_silent_router_that_may_name_old_pods_keeps_them_alive() -> None:
    moved = carried_out(TWO.ready().rolling_out(NEW_MODEL).with_coming_pods().heard()).heard()
    silent = moved.with_report("A-1-0", observed.Unreachable(snapshots.NOW)).after(3600)
    decided = plan(silent)
    assert (decided.phase, decided.delete) == (Phase.LEAVING_TABLE, ())
    assert "B-1" in decided.leftover


def test_old_pods_go_after_the_drain_interval() -> None:
    moved = carried_out(TWO.ready().rolling_out(NEW_MODEL).with_coming_pods().heard()).heard()
    left = carried_out(moved).heard()
    early = plan(left.after(4.0))
    assert early.delete == ()
    assert early.requeue_after == pytest.approx(1.0)
    assert plan(left.after(5.0)).delete == ("B-1",)


def test_old_pods_stay_while_a_router_has_not_dropped_them() -> None:
    moved = carried_out(TWO.ready().rolling_out(NEW_MODEL).with_coming_pods().heard()).heard()
    assert plan(carried_out(moved).after(60)).delete == ()


def test_a_going_router_must_drop_them_too() -> None:
    moved = carried_out(TWO.ready().rolling_out(NEW_MODEL).with_coming_pods().heard()).heard()
    before = moved.seen.reports["B-1-0"]
    left = carried_out(moved).heard().with_report("B-1-0", before).after(60)
    going = tuple(dataclasses.replace(pod, terminating=pod.name == "B-1-0") for pod in left.seen.pods)
    assert plan(left.seeing(pods=going)).delete == ()


def test_the_same_digest_of_an_earlier_table_is_no_acknowledgement() -> None:
    endpoint = TWO.ready()
    table = endpoint.seen.table
    assert table is not None
    again = endpoint.written(dataclasses.replace(table, revision=9))
    assert plan(again).routers.behind == ("A-1-0", "B-1-0")


def test_going_back_before_the_cut_over_needs_no_cut_over() -> None:
    started = carried_out(TWO.ready().rolling_out(NEW_MODEL).heard())
    back = dataclasses.replace(started, coming=TWO.serving.stored()).asks(endpoint_config_name="one").heard()
    decided = plan(back)
    assert decided.serving == TWO.serving.stored()
    assert decided.coming is None
    assert written(back) == {"A": (1.0, {"A-1": 1.0}), "B": (3.0, {"B-1": 1.0})}


def test_going_back_after_the_cut_over_finds_the_old_pods_still_there() -> None:
    moved = carried_out(TWO.ready().rolling_out(NEW_MODEL).with_coming_pods().heard()).heard()
    back = dataclasses.replace(moved, coming=TWO.serving.stored())
    assert plan(back).phase is Phase.CUTTING_OVER
    assert written(back) == {
        "A": (1.0, {"A-1": 1.0}),
        "B": (3.0, {"B-1": 1.0, "B-2": 0.0}),
        "C": (0.0, {"C-1": 0.0}),
    }


def test_a_third_config_makes_the_second_one_leave() -> None:
    started = carried_out(TWO.ready().rolling_out(NEW_MODEL).heard()).with_coming_pods().heard()
    third = a_roll_out("three", number=3).with_variant("B", model="3")
    mind = started.rolling_out(third)
    assert written(mind) == {"A": (1.0, {"A-1": 1.0}), "B": (3.0, {"B-1": 1.0, "B-3": 0.0})}
    assert plan(mind).leftover == ("B-2", "C-1")
    assert plan(carried_out(mind).heard().after(6)).delete == ("B-2", "C-1")

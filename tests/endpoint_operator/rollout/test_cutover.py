"""The rules of the cut-over, one by one."""

import dataclasses

import pytest

from endpoint_contract import route_table
from endpoint_operator.rollout import cutover, observed, reasons
from endpoint_operator.rollout import plan as plans
from endpoint_operator.rollout.plan import Phase
from tests.builders import snapshots
from tests.builders.snapshots import a_roll_out, an_endpoint


def plan(endpoint: snapshots.Endpoint) -> plans.Plan:
    return cutover.plan(endpoint.observed(), endpoint.coming)


def written(endpoint: snapshots.Endpoint) -> dict[str, tuple[float, dict[str, float]]]:
    """Weight and backends of each variant in the table that the plan writes."""
    write = plan(endpoint).table_write
    assert write is not None
    return table_of(write.table)


def table_of(table: route_table.RouteTable) -> dict[str, tuple[float, dict[str, float]]]:
    return {
        item.name: (item.weight, {str(backend.service): backend.weight for backend in item.backends})
        for item in table.variants
    }


def carried_out(endpoint: snapshots.Endpoint) -> snapshots.Endpoint:
    """The endpoint after the plan's table was written; routers don't have it yet."""
    write = plan(endpoint).table_write
    assert write is not None
    return endpoint.seeing(
        table=write.table, serving_name=write.serving_name, backends_since=write.backends_since
    )


TWO = an_endpoint("one").with_variant("A", weight=1.0).with_variant("B", weight=3.0)
NEW_MODEL = (
    a_roll_out("two").with_variant("A", weight=1.0).with_variant("B", weight=1.0, model="2").with_variant("C")
)


def test_a_first_roll_out_serves_at_once() -> None:
    decided = plan(TWO.first())
    assert decided.phase is Phase.CUTTING_OVER
    assert decided.serving == TWO.serving.stored()
    assert written(TWO.first()) == {"A": (1.0, {"A-1": 1.0}), "B": (3.0, {"B-1": 1.0})}
    assert {name: want.replicas for name, want in decided.wanted.items()} == {"A-1": 1, "B-1": 1}


def test_an_endpoint_at_rest_needs_nothing() -> None:
    decided = plan(TWO.ready())
    assert decided.phase is Phase.STEADY
    assert (decided.table_write, decided.scale, decided.delete, decided.requeue_after) == (None, {}, (), None)
    assert not decided.asks_routers


def test_an_endpoint_that_is_being_deleted_is_left_alone() -> None:
    endpoint = TWO.ready()
    going = dataclasses.replace(endpoint.seen.endpoint, is_being_deleted=True)
    assert plan(endpoint.seeing(endpoint=going)) == plans.Plan(phase=Phase.DELETING)


def test_without_any_usable_config_nothing_is_done() -> None:
    decided = cutover.plan(an_endpoint().observed(), None)
    assert (decided.phase, decided.wanted, decided.table_write) == (Phase.NOTHING_TO_SERVE, {}, None)


def test_a_weight_patch_is_written_at_once_and_changes_nothing_else() -> None:
    patched = TWO.ready().asks(weights={"A": 0.25})
    assert written(patched) == {"A": (0.25, {"A-1": 1.0}), "B": (3.0, {"B-1": 1.0})}
    before, after = plan(TWO.ready()), plan(patched)
    assert (after.wanted, after.scale, after.delete) == (before.wanted, before.scale, before.delete)


def test_a_weight_patch_does_not_wait_for_a_silent_router() -> None:
    silent = observed.Unreachable(snapshots.NOW - 5)
    assert plan(TWO.ready().with_report("A-1-0", silent).asks(weights={"A": 9})).table_write is not None


def test_a_weight_patch_keeps_the_time_since_which_backends_are_the_same() -> None:
    write = plan(TWO.ready().asks(weights={"A": 9})).table_write
    assert write is not None
    assert write.backends_since == snapshots.NOW - 3600


def test_a_weight_that_only_lost_its_last_digits_is_no_change() -> None:
    assert plan(TWO.ready().asks(weights={"B": 3.0000000001})).table_write is None


def test_a_weight_of_zero_is_never_rounded_away() -> None:
    assert written(TWO.ready().asks(weights={"A": 1e-12}))["A"][0] == 1e-12


def test_all_weights_zero_keep_the_last_split() -> None:
    endpoint = TWO.ready().asks(weights={"A": 0, "B": 0})
    decided = plan(endpoint)
    assert decided.table_write is None
    assert decided.all_zero


def test_all_weights_zero_from_the_start_split_nothing() -> None:
    split = {
        name: weight for name, (weight, _) in written(TWO.first().asks(weights={"A": 0, "B": 0})).items()
    }
    assert split == {"A": 0.0, "B": 0.0}


def test_a_lost_table_is_written_again_with_the_split_that_routers_still_run() -> None:
    endpoint = TWO.ready().asks(weights={"A": 0, "B": 0}).seeing(table=None, backends_since=None)
    write = plan(endpoint).table_write
    assert write is not None
    assert write.table.revision == 8, "newer than what routers have"
    assert table_of(write.table) == {"A": (1.0, {"A-1": 1.0}), "B": (3.0, {"B-1": 1.0})}


def test_a_table_edited_by_hand_is_put_back() -> None:
    endpoint = TWO.ready()
    edited = route_table.RouteTable(
        "churn", 3, (route_table.Variant("A", 9.0, (route_table.Backend("A-1"),)),)
    )
    assert written(endpoint.written(edited)) == {"A": (1.0, {"A-1": 1.0}), "B": (3.0, {"B-1": 1.0})}


def test_instance_counts_scale_what_serves() -> None:
    assert plan(TWO.ready().asks(instance_counts={"A": 3, "B": 0})).scale == {"A-1": 3, "B-1": 0}


def test_overrides_that_no_variant_has_are_named() -> None:
    decided = plan(TWO.ready().asks(weights={"X": 1, "A": 2}, instance_counts={"Y": 1}))
    assert decided.unknown_weights == ("X",)
    assert decided.unknown_counts == ("Y",)


def test_an_override_for_a_coming_variant_is_known() -> None:
    decided = plan(TWO.ready().rolling_out(NEW_MODEL).asks(weights={"C": 2, "A": 5}))
    assert decided.unknown_weights == ()
    assert decided.carried_over == {"A": 5, "C": 2}


def test_a_coming_roll_out_starts_beside_what_serves_and_gets_no_request() -> None:
    endpoint = TWO.ready().rolling_out(NEW_MODEL)
    assert plan(endpoint).phase is Phase.WAITING_FOR_PODS
    assert written(endpoint) == {
        "A": (1.0, {"A-1": 1.0}),
        "B": (3.0, {"B-1": 1.0, "B-2": 0.0}),
        "C": (0.0, {"C-1": 0.0}),
    }
    assert set(plan(endpoint).wanted) == {"A-1", "B-1", "B-2", "C-1"}


def test_a_coming_variant_starts_with_the_replicas_that_it_replaces() -> None:
    serving = an_endpoint("one").with_variant("A", count=3).with_variant("B", count=2).ready()
    coming = a_roll_out("two").with_variant("A", model="2").with_variant("B", count=4)
    wanted = plan(serving.rolling_out(coming)).wanted
    assert {name: want.replicas for name, want in wanted.items()} == {"A-1": 3, "A-2": 3, "B-1": 4}


def test_a_coming_variant_that_asks_for_no_pods_gets_none() -> None:
    serving = an_endpoint("one").with_variant("A", count=3).with_variant("B").ready()
    coming = a_roll_out("two").with_variant("A", model="2", count=0).with_variant("B")
    decided = plan(serving.rolling_out(coming))
    assert decided.phase is Phase.CUTTING_OVER
    assert decided.wanted["A-2"].replicas == 0


def test_ready_pods_that_a_router_does_not_know_wait_for_it() -> None:
    endpoint = TWO.ready().rolling_out(NEW_MODEL).with_coming_pods().heard(blind=frozenset({"C-1"}))
    decided = plan(endpoint)
    assert decided.phase is Phase.WAITING_FOR_ROUTERS
    assert decided.asks_routers
    assert "A-1-0" in decided.waiting


def test_a_router_that_was_not_asked_yet_is_waited_for() -> None:
    endpoint = TWO.ready().rolling_out(NEW_MODEL)
    ready = endpoint.with_coming_pods()
    assert plan(ready).phase is Phase.WAITING_FOR_ROUTERS, "the new pods' own routers have not answered"


@pytest.mark.parametrize(
    ("silent_for", "phase"),
    [
        pytest.param(1.0, Phase.WAITING_FOR_ROUTERS, id="a blip"),
        pytest.param(10.0, Phase.CUTTING_OVER, id="longer than our patience"),
    ],
)
def test_a_silent_router_holds_up_the_cut_over_only_for_a_moment(silent_for: float, phase: Phase) -> None:
    endpoint = TWO.ready().rolling_out(NEW_MODEL).with_coming_pods().heard()
    silent = endpoint.with_report("A-1-0", observed.Unreachable(snapshots.NOW - silent_for))
    decided = plan(silent)
    assert decided.phase is phase
    if phase is Phase.WAITING_FOR_ROUTERS:
        assert decided.requeue_after == pytest.approx(2.0)


def test_one_write_moves_all_variants_and_keeps_the_old_ones_in_sight() -> None:
    endpoint = TWO.ready().rolling_out(NEW_MODEL).with_coming_pods().heard()
    write = plan(endpoint).table_write
    assert write is not None
    assert write.serving_name == NEW_MODEL.stored().name
    assert write.backends_since == snapshots.NOW
    assert table_of(write.table) == {
        "A": (1.0, {"A-1": 1.0}),
        "B": (1.0, {"B-2": 1.0, "B-1": 0.0}),
        "C": (1.0, {"C-1": 1.0}),
    }


def test_a_variant_that_the_new_config_dropped_is_announced_no_more() -> None:
    coming = a_roll_out("two").with_variant("A")
    after = carried_out(TWO.ready().rolling_out(coming))
    assert after.seen.table is not None
    assert after.seen.table.shares() == {"A": 1.0}
    assert table_of(after.seen.table)["B"] == (0.0, {"B-1": 0.0})


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


def test_after_the_cut_over_the_new_variants_get_their_own_counts() -> None:
    serving = an_endpoint("one").with_variant("A", count=3).ready()
    coming = a_roll_out("two").with_variant("A", model="2")
    moved = carried_out(serving.rolling_out(coming).with_coming_pods(3).heard())
    assert plan(moved).scale == {"A-2": 1}


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


def test_a_coming_roll_out_without_weight_does_not_take_over() -> None:
    endpoint = TWO.ready().rolling_out(NEW_MODEL).with_coming_pods().heard()
    held = plan(endpoint.asks(weights={"A": 0, "B": 0, "C": 0}))
    assert held.phase is Phase.HELD_BY_ZERO_WEIGHTS
    assert held.serving == TWO.serving.stored()


def test_config_and_weights_in_one_patch_apply_to_both_roll_outs() -> None:
    endpoint = TWO.ready().rolling_out(NEW_MODEL).asks(weights={"A": 7})
    assert written(endpoint)["A"][0] == 7.0
    assert written(endpoint.with_coming_pods().heard())["A"][0] == 7.0


def test_a_coming_roll_out_that_fails_leaves_the_old_one_serving() -> None:
    failure = observed.Failure("ModelDownloadFailed", "ModelDownloadFailed: s3://x: no such key")
    decided = plan(carried_out(TWO.ready().rolling_out(NEW_MODEL)).heard().failing("B-2", failure))
    assert decided.phase is Phase.WAITING_FOR_PODS
    assert decided.table_write is None
    assert decided.stalled == observed.Failure(failure.reason, f"B: {failure.message}")


def test_a_pod_that_finds_no_node_is_given_time_before_it_counts_as_failed() -> None:
    failure = observed.Failure(reasons.UNSCHEDULABLE, "no node", since=snapshots.NOW)
    endpoint = TWO.ready().failing("B-1", failure)
    assert plan(endpoint).stalled is None
    assert plan(endpoint).requeue_after == pytest.approx(30.0)
    assert plan(endpoint.after(31)).stalled == observed.Failure(
        failure.reason, "B: no node", since=snapshots.NOW
    )


def test_a_missing_config_lets_what_serves_serve_and_scale() -> None:
    endpoint = TWO.ready().asks(instance_counts={"A": 2})
    decided = cutover.plan(endpoint.observed(), None)
    assert decided.serving == TWO.serving.stored()
    assert decided.scale == {"A-1": 2}


def test_a_lost_record_of_what_serves_is_replaced_only_when_its_successor_is_ready() -> None:
    lost = TWO.ready().seeing(roll_outs=())
    coming = a_roll_out("two").with_variant("A", model="2")
    endpoint = lost.rolling_out(coming)
    assert plan(endpoint).phase is Phase.WAITING_FOR_PODS
    assert written(endpoint) == {"A": (1.0, {"A-1": 1.0, "A-2": 0.0}), "B": (3.0, {"B-1": 1.0})}
    assert written(endpoint.with_coming_pods().heard())["A"] == (1.0, {"A-2": 1.0, "A-1": 0.0})


def test_names_that_differ_in_case_only_are_one_variant_to_the_table() -> None:
    coming = a_roll_out("two").with_variant("a", model="2").with_variant("B", weight=3.0)
    endpoint = TWO.ready().rolling_out(coming)
    assert written(endpoint)["A"] == (1.0, {"A-1": 1.0, "a-2": 0.0})
    assert written(endpoint.with_coming_pods().heard())["a"] == (1.0, {"a-2": 1.0, "A-1": 0.0})


def test_a_silent_router_is_looked_at_again_when_it_is_to_be_named() -> None:
    endpoint = (
        TWO.ready().asks(weights={"A": 9}).with_report("A-1-0", observed.Unreachable(snapshots.NOW - 10))
    )
    assert plan(endpoint).requeue_after == pytest.approx(50.0)


def test_the_ten_newest_roll_outs_are_remembered_and_those_in_use() -> None:
    older = tuple(
        a_roll_out(f"old-{number}", number=number).with_variant("A").stored() for number in range(2, 14)
    )
    serving = TWO.ready()
    decided = plan(serving.seeing(roll_outs=(*serving.seen.roll_outs, *older)))
    assert decided.forget == ("churn-old-2", "churn-old-3")


def test_a_lost_record_is_made_again_when_the_spec_still_asks_for_the_same() -> None:
    decided = plan(TWO.ready().seeing(roll_outs=()))
    assert decided.phase is Phase.STEADY
    assert decided.serving == TWO.serving.stored()
    assert decided.table_write is None


def test_while_the_record_of_what_serves_is_lost_its_name_is_kept() -> None:
    endpoint = TWO.ready().seeing(roll_outs=()).rolling_out(a_roll_out("two").with_variant("A", model="2"))
    write = plan(endpoint).table_write
    assert write is not None
    assert write.serving_name == TWO.serving.stored().name
    assert plan(endpoint).delete == ()

"""The rules of the cut-over, one by one, up to the write that moves the requests."""

import dataclasses

import pytest

from endpoint_operator.rollout import cutover, observed, reasons
from endpoint_operator.rollout.plan import Phase
from tests.builders import snapshots
from tests.builders.planning import carried_out, plan, table_of, table_write, written
from tests.builders.snapshots import NEW_MODEL, TWO, a_roll_out, an_endpoint


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
    decided = plan(endpoint.seeing(endpoint=going))
    assert (decided.phase, decided.wanted, decided.table_write) == (Phase.DELETING, {}, None)
    assert (decided.serving, decided.table) == (endpoint.serving.stored(), endpoint.seen.table)


def test_without_any_usable_config_nothing_is_done() -> None:
    decided = cutover.plan(an_endpoint().observed(), None)
    assert (decided.phase, decided.wanted, decided.table_write) == (Phase.NOTHING_TO_SERVE, {}, None)


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
    write = table_write(endpoint)
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


def test_after_the_cut_over_the_new_variants_get_their_own_counts() -> None:
    serving = an_endpoint("one").with_variant("A", count=3).ready()
    coming = a_roll_out("two").with_variant("A", model="2")
    moved = carried_out(serving.rolling_out(coming).with_coming_pods(3).heard())
    assert plan(moved).scale == {"A-2": 1}


def test_a_coming_roll_out_without_weight_does_not_take_over() -> None:
    endpoint = TWO.ready().rolling_out(NEW_MODEL).with_coming_pods().heard()
    held = plan(endpoint.asks(weights={"A": 0, "B": 0, "C": 0}))
    assert held.phase is Phase.HELD_BY_ZERO_WEIGHTS
    assert held.serving == TWO.serving.stored()


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


def test_names_that_differ_in_case_only_are_one_variant_to_the_table() -> None:
    coming = a_roll_out("two").with_variant("a", model="2").with_variant("B", weight=3.0)
    endpoint = TWO.ready().rolling_out(coming)
    assert written(endpoint)["A"] == (1.0, {"A-1": 1.0, "a-2": 0.0})
    assert written(endpoint.with_coming_pods().heard())["a"] == (1.0, {"a-2": 1.0, "A-1": 0.0})

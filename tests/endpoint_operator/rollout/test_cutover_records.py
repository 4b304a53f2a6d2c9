"""Tables, configs and stored roll-outs that go missing or were edited, and those that may be forgotten."""

from endpoint_contract import route_table
from endpoint_operator.rollout import cutover
from endpoint_operator.rollout.plan import Phase
from tests.builders.planning import plan, table_of, table_write, written
from tests.builders.snapshots import TWO, a_roll_out


def test_a_lost_table_is_written_again_with_the_split_that_routers_still_run() -> None:
    endpoint = TWO.ready().asks(weights={"A": 0, "B": 0}).seeing(table=None, backends_since=None)
    write = table_write(endpoint)
    assert write.table.revision == 8, "newer than what routers have"
    assert table_of(write.table) == {"A": (1.0, {"A-1": 1.0}), "B": (3.0, {"B-1": 1.0})}


def test_a_table_edited_by_hand_is_put_back() -> None:
    endpoint = TWO.ready()
    edited = route_table.RouteTable(
        "churn", 3, (route_table.Variant("A", 9.0, (route_table.Backend("A-1"),)),)
    )
    assert written(endpoint.written(edited)) == {"A": (1.0, {"A-1": 1.0}), "B": (3.0, {"B-1": 1.0})}


def test_a_missing_config_lets_what_serves_serve_and_scale() -> None:
    endpoint = TWO.ready().asks(instance_counts={"A": 2})
    decided = cutover.plan(endpoint.observed(), None)
    assert decided.serving == TWO.serving.stored()
    assert decided.scale == {"A-1": 2}


def test_a_lost_record_is_made_again_when_the_spec_still_asks_for_the_same() -> None:
    decided = plan(TWO.ready().seeing(roll_outs=()))
    assert decided.phase is Phase.STEADY
    assert decided.serving == TWO.serving.stored()
    assert decided.table_write is None


def test_a_lost_record_of_what_serves_is_replaced_only_when_its_successor_is_ready() -> None:
    lost = TWO.ready().seeing(roll_outs=())
    coming = a_roll_out("two").with_variant("A", model="2")
    endpoint = lost.rolling_out(coming)
    assert plan(endpoint).phase is Phase.WAITING_FOR_PODS
    assert written(endpoint) == {"A": (1.0, {"A-1": 1.0, "A-2": 0.0}), "B": (3.0, {"B-1": 1.0})}
    assert written(endpoint.with_coming_pods().heard())["A"] == (1.0, {"A-2": 1.0, "A-1": 0.0})


def test_while_the_record_of_what_serves_is_lost_its_name_is_kept() -> None:
    endpoint = TWO.ready().seeing(roll_outs=()).rolling_out(a_roll_out("two").with_variant("A", model="2"))
    write = table_write(endpoint)
    assert write.serving_name == TWO.serving.stored().name
    assert plan(endpoint).delete == ()


def test_the_ten_newest_roll_outs_are_remembered_and_those_in_use() -> None:
    older = tuple(
        a_roll_out(f"old-{number}", number=number).with_variant("A").stored() for number in range(2, 14)
    )
    serving = TWO.ready()
    decided = plan(serving.seeing(roll_outs=(*serving.seen.roll_outs, *older)))
    assert decided.forget == ("churn-old-2", "churn-old-3")

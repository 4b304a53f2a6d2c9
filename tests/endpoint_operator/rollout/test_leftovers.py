"""When old revisions leave the table and the cluster."""

from endpoint_operator.rollout import leftovers, routing
from endpoint_operator.rollout.routing import Place
from tests.builders.snapshots import a_roll_out, an_endpoint

OLD = a_roll_out("zero").with_variant("A", model="0").stored().variants[0]
SERVING = an_endpoint("one").with_variant("A").ready()
BESIDE = SERVING.with_pods(OLD, 1).heard()


def test_what_exists_and_is_not_wanted_is_left_over() -> None:
    table = SERVING.seen.table
    assert table is not None
    assert leftovers.revisions(BESIDE.observed(), {"A-1"}, table) == ("A-0",)


def test_old_places_stay_while_a_router_may_use_them() -> None:
    places = routing.places(SERVING.serving.stored())
    assert leftovers.places(SERVING.seeing(reports={}).observed(), ()) == places
    assert leftovers.places(SERVING.observed(), ()) == ()


def test_places_in_use_are_not_old() -> None:
    unheard = SERVING.seeing(reports={}).observed()
    assert leftovers.places(unheard, [Place("A", "A-1")]) == ()


def test_what_no_router_names_goes_after_the_drain_interval() -> None:
    done = leftovers.deletion(BESIDE.observed(), ("A-0",), table_is_written=True)
    assert done == leftovers.Deletion(("A-0",))
    since = BESIDE.seen.now - 1
    early = leftovers.deletion(
        BESIDE.seeing(backends_since=since).observed(), ("A-0",), table_is_written=True
    )
    assert early == leftovers.Deletion(after=4.0)


def test_the_drain_interval_begins_when_the_last_router_has_let_go() -> None:
    late = BESIDE.seeing(named_until={"A-0": BESIDE.seen.now - 2}).observed()
    assert leftovers.deletion(late, ("A-0",), table_is_written=True) == leftovers.Deletion(after=3.0)
    asked_anew = BESIDE.seeing(asked_since=BESIDE.seen.now - 1).observed()
    assert leftovers.deletion(asked_anew, ("A-0",), table_is_written=True) == leftovers.Deletion(after=4.0)


def test_what_has_drained_waits_for_nothing_else() -> None:
    seen = BESIDE.seeing(named_until={"A-9": BESIDE.seen.now - 1}).observed()
    both = leftovers.deletion(seen, ("A-0", "A-9"), table_is_written=True)
    assert both == leftovers.Deletion(("A-0",), after=4.0)


def test_nothing_goes_before_its_table_is_written_and_acknowledged() -> None:
    nothing = leftovers.Deletion()
    assert leftovers.deletion(BESIDE.observed(), ("A-0",), table_is_written=False) == nothing
    unheard = BESIDE.seeing(reports={}).observed()
    assert leftovers.deletion(unheard, ("A-0",), table_is_written=True) == nothing


def test_what_the_table_names_never_goes() -> None:
    assert leftovers.deletion(BESIDE.observed(), ("A-1",), table_is_written=True) == leftovers.Deletion()


def test_roll_outs_in_use_are_never_forgotten() -> None:
    stored = [a_roll_out(f"c{number}", number=number).with_variant("A").stored() for number in range(1, 14)]
    seen = SERVING.seeing(roll_outs=tuple(reversed(stored))).observed()
    assert leftovers.forgettable(seen, (stored[0], None)) == ("churn-c2", "churn-c3")

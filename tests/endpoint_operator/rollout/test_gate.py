"""What keeps a coming roll-out waiting, in the words for it."""

from endpoint_operator.rollout import gate, routing
from endpoint_operator.rollout.plan import Phase
from tests.builders import snapshots
from tests.builders.snapshots import a_roll_out, an_endpoint

SERVING = an_endpoint("one").with_variant("A").ready()
COMING = a_roll_out("two").with_variant("A", model="2")


def verdict(endpoint: snapshots.Endpoint) -> gate.Verdict:
    assert endpoint.coming is not None
    stored = endpoint.serving.stored()
    return gate.verdict(endpoint.observed(), stored, endpoint.coming, routing.places(stored))


def test_the_gate_opens_when_pods_are_ready_and_known() -> None:
    assert verdict(SERVING.rolling_out(COMING).with_coming_pods().heard()).is_open


def test_pods_that_are_missing_are_counted() -> None:
    assert verdict(SERVING.rolling_out(COMING)) == gate.Verdict(
        Phase.WAITING_FOR_PODS, "A has 0 of 1 pods ready"
    )


def test_routers_that_do_not_know_the_pods_are_named() -> None:
    blind = SERVING.rolling_out(COMING).with_coming_pods().heard(blind=frozenset({"A-2"}))
    assert verdict(blind).phase is Phase.WAITING_FOR_ROUTERS
    assert "A-1-0, A-2-0" in verdict(blind).waiting


def test_of_many_routers_a_few_are_named() -> None:
    many = an_endpoint("one").with_variant("A", count=9).ready().rolling_out(COMING).with_coming_pods(9)
    assert "and 13 more" in verdict(many.heard(blind=frozenset({"A-2"}))).waiting


def test_nothing_to_take_over_from_is_no_reason_to_wait() -> None:
    assert gate.verdict(SERVING.observed(), None, COMING.stored(), ()).is_open

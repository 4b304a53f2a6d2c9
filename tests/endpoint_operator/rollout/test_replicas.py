"""How many pods each revision gets, and how many the gate asks for."""

from endpoint_operator.rollout import replicas
from tests.builders.snapshots import a_roll_out, an_endpoint

SERVING = an_endpoint("one").with_variant("A", count=3).with_variant("B", count=2).ready()
COMING = a_roll_out("two").with_variant("A", model="2").with_variant("B", count=0).stored()


def test_a_coming_variant_needs_what_it_replaces_and_one_of_zero_needs_none() -> None:
    needed = replicas.needed(SERVING.observed(), SERVING.serving.stored(), COMING)
    assert needed == {"A-2": 3, "B-1": 0}


def test_a_variant_that_both_have_keeps_the_greater_number_until_the_cut_over() -> None:
    wanted = replicas.wanted(SERVING.observed(), SERVING.serving.stored(), COMING)
    assert {name: want.replicas for name, want in wanted.items()} == {"A-1": 3, "A-2": 3, "B-1": 2}


def test_names_that_differ_in_case_only_replace_each_other() -> None:
    coming = a_roll_out("two").with_variant("a", model="2").stored()
    assert replicas.needed(SERVING.observed(), SERVING.serving.stored(), coming) == {"a-2": 3}


def test_without_a_record_of_what_serves_its_deployments_tell_what_is_replaced() -> None:
    assert replicas.needed(SERVING.observed(), None, COMING)["A-2"] == 3


def test_counts_are_read_against_both_roll_outs() -> None:
    endpoint = SERVING.asks(instance_counts={"A": 5})
    wanted = replicas.wanted(endpoint.observed(), endpoint.serving.stored(), COMING)
    assert {name: want.replicas for name, want in wanted.items()} == {"A-1": 5, "A-2": 5, "B-1": 2}


def test_only_deployments_that_exist_and_differ_are_scaled() -> None:
    endpoint = SERVING.asks(instance_counts={"A": 1})
    wanted = replicas.wanted(endpoint.observed(), endpoint.serving.stored(), COMING)
    assert replicas.scale(endpoint.observed(), wanted) == {"A-1": 1}

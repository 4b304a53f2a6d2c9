"""Weights and instance counts of the spec: they are held up by nothing, a cut-over least of all."""

import pytest

from endpoint_operator.rollout import observed
from tests.builders import snapshots
from tests.builders.planning import plan, table_write, written
from tests.builders.snapshots import NEW_MODEL, TWO


def test_a_weight_patch_is_written_at_once_and_changes_nothing_else() -> None:
    patched = TWO.ready().asks(weights={"A": 0.25})
    assert written(patched) == {"A": (0.25, {"A-1": 1.0}), "B": (3.0, {"B-1": 1.0})}
    before, after = plan(TWO.ready()), plan(patched)
    assert (after.wanted, after.scale, after.delete) == (before.wanted, before.scale, before.delete)


def test_a_weight_patch_does_not_wait_for_a_silent_router() -> None:
    silent = observed.Unreachable(snapshots.NOW - 5)
    assert plan(TWO.ready().with_report("A-1-0", silent).asks(weights={"A": 9})).table_write is not None


def test_a_silent_router_is_looked_at_again_when_it_is_to_be_named() -> None:
    endpoint = (
        TWO.ready().asks(weights={"A": 9}).with_report("A-1-0", observed.Unreachable(snapshots.NOW - 10))
    )
    assert plan(endpoint).requeue_after == pytest.approx(50.0)


def test_a_weight_patch_keeps_the_time_since_which_backends_are_the_same() -> None:
    write = table_write(TWO.ready().asks(weights={"A": 9}))
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


def test_config_and_weights_in_one_patch_apply_to_both_roll_outs() -> None:
    endpoint = TWO.ready().rolling_out(NEW_MODEL).asks(weights={"A": 7})
    assert written(endpoint)["A"][0] == 7.0
    assert written(endpoint.with_coming_pods().heard())["A"][0] == 7.0

"""Overrides, initial values and the tolerance."""

import pytest

from endpoint_operator.rollout import weights
from tests.builders.snapshots import a_roll_out

TWO = a_roll_out("one").with_variant("A", weight=0.5, count=2).with_variant("B").stored()


def test_an_override_beats_the_initial_weight_and_the_rest_keep_theirs() -> None:
    assert weights.weights(TWO, {"A": 3, "X": 9}) == {"A": 3.0, "B": 1.0}


def test_an_override_beats_the_initial_count_also_with_zero() -> None:
    assert weights.counts(TWO, {"A": 0}) == {"A": 0, "B": 1}


def test_names_of_variants_are_matched_as_they_are_written() -> None:
    assert weights.unknown(["a", "A"], TWO, None) == ("a",)
    assert weights.known(["a", "B"], TWO) == ("B",)
    assert weights.known(["A"], None) == ()


def test_a_split_of_zeros_only_is_all_zero() -> None:
    assert weights.all_zero({"A": 0.0, "B": 0.0})
    assert not weights.all_zero({"A": 0.0, "B": 1e-12})


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(0.8, 0.800000011920929, True, id="a 32-bit float"),
        pytest.param(0.8, 0.81, False, id="another weight"),
        pytest.param(0.0, 1e-12, False, id="zero is zero"),
        pytest.param(0.0, 0.0, True, id="zero"),
    ],
)
def test_weights_are_compared_with_tolerance(one: float, other: float, same: bool) -> None:
    assert weights.same(one, other) is same

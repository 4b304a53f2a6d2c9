import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint_contract import route_table
from endpoint_router import routing, selection

WEIGHTS = st.lists(
    st.one_of(
        st.just(0.0), st.floats(min_value=0, max_value=1e9), st.floats(min_value=0, allow_infinity=False)
    ),
    min_size=1,
    max_size=20,
)
NUMBERS = st.floats(min_value=0, max_value=1, exclude_max=True)


def shares(weights: list[float]) -> tuple[routing.Share, ...]:
    table = route_table.RouteTable(
        endpoint="churn",
        revision=1,
        variants=tuple(
            route_table.Variant(f"v{i}", weight, (route_table.Backend(addresses=(f"h:{i + 1}",)),))
            for i, weight in enumerate(weights)
        ),
    )
    return routing.compile_routing(routing.Snapshot(table)).untargeted


@given(weights=WEIGHTS, number=NUMBERS)
def test_weight_0_is_never_drawn_and_every_number_draws(weights: list[float], number: float) -> None:
    found = shares(weights)
    assert bool(found) == any(weights)
    if found:
        index, rest = selection.draw(found, number)
        assert weights[int(found[index].variant[1:])] > 0
        assert 0 <= rest < 1


@given(weights=WEIGHTS)
def test_shares_end_at_1_and_grow(weights: list[float]) -> None:
    uppers = [0.0, *(share.upper for share in shares(weights))]
    assert uppers == sorted(uppers)
    assert uppers[-1] in (0.0, 1.0)


@given(weights=st.lists(st.floats(min_value=0, max_value=1e9), min_size=1, max_size=10))
def test_a_share_is_as_wide_as_its_weight(weights: list[float]) -> None:
    total, lower = math.fsum(weights), 0.0
    for share in shares(weights):
        assert share.upper - lower == pytest.approx(weights[int(share.variant[1:])] / total, abs=1e-12)
        lower = share.upper


@pytest.mark.parametrize("number", [0.0, 5e-324, 0.25, math.nextafter(0.25, 0), math.nextafter(1, 0)])
def test_the_edges_belong_to_one_share_each(number: float) -> None:
    found = shares([0, 1, 0, 3, 0])
    assert found[selection.draw(found, number)[0]].variant == ("v1" if number < 0.25 else "v3")


def test_a_number_out_of_range_is_an_error() -> None:
    with pytest.raises(ValueError, match="outside"):
        selection.draw(shares([1]), 1.0)
    with pytest.raises(ValueError, match="no share"):
        selection.draw((), 0.5)


@pytest.mark.parametrize("weights", [[1, 1], [25, 75], [0.1, 0.2, 0.7], [1e-3, 1], [1, 0, 2, 3]])
def test_independent_draws_split_by_weight_within_5_sigma(weights: list[float]) -> None:
    chance, count = random.Random(20261122), 100_000
    found = shares(weights)
    drawn = Counter(found[selection.draw(found, chance.random())[0]].variant for _ in range(count))
    for i, weight in enumerate(weights):
        share = weight / sum(weights)
        sigma = math.sqrt(count * share * (1 - share))
        assert abs(drawn[f"v{i}"] - count * share) <= 5 * sigma


def test_what_is_left_of_the_number_is_uniform_again() -> None:
    chance, count = random.Random(7), 50_000
    found = shares([1, 3])
    left = [selection.draw(found, chance.random())[1] for _ in range(count)]
    buckets = Counter(int(rest * 10) for rest in left)
    sigma = math.sqrt(count * 0.1 * 0.9)
    assert all(abs(buckets[i] - count / 10) <= 5 * sigma for i in range(10))


@given(weights=WEIGHTS, number=NUMBERS, given_up=st.sets(st.integers(0, 19).map("v{}".format)))
def test_another_variant_is_drawn_as_long_as_one_is_left(
    weights: list[float], number: float, given_up: set[str]
) -> None:
    found = shares(weights)
    drawn = selection.draw_other(found, given_up, number)
    assert (drawn is not None) == any(share.variant not in given_up for share in found)
    assert drawn is None or drawn.variant not in given_up


def test_the_other_variants_share_a_lost_ones_draws_by_their_weights() -> None:
    found = shares([5, 1, 3])
    random_numbers = random.Random(7)
    drawn = [selection.draw_other(found, ("v0",), random_numbers.random()) for _ in range(10_000)]
    counts = Counter(share.variant for share in drawn if share is not None)
    assert abs(counts["v1"] - 2_500) <= 5 * math.sqrt(10_000 * 0.25 * 0.75)
    assert counts.total() == 10_000
